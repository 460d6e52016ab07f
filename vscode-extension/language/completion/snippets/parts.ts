/** A whole object, to begin with: what people change is where the cursor stops. */
export interface ObjectSnippet {
  readonly apiVersion: string;
  readonly kind: string;
  readonly lines: readonly string[];
}

export const named = ['metadata:', '  name: ${1:my-app}'];

export const container = [
  'containers:',
  '  - name: ${1:my-app}',
  '    image: ${2:busybox}',
  '    resources:',
  '      requests: { cpu: ${3:50m}, memory: ${4:64Mi} }',
  '      limits: { memory: ${5:128Mi} }',
];

export const selected = ['  selector:', '    matchLabels:', '      app: ${1:my-app}'];

/** The template of Pods with such a spec. */
export const template = (spec: readonly string[]) => [
  '  template:',
  ...indented(4, ['metadata:', '  labels:', '    app: ${1:my-app}', 'spec:', ...indented(2, spec)]),
];

export function indented(columns: number, lines: readonly string[]): readonly string[] {
  return lines.map((line) => ' '.repeat(columns) + line);
}
