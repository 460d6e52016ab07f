/** What a container of the tests' own image does. */
interface Work {
  readonly command: readonly string[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Labelled extends Work {
  /** Of its Pods, beside `app`, which is its name. */
  readonly labels?: Readonly<Record<string, string>>;
}

interface Replicated extends Labelled {
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The manifest of a Deployment with one container, whose Pods end at once. */
export function deployment(
  name: string,
  { replicas = 1, annotations = {}, labels = {}, ...work }: Replicated,
): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, annotations },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name, ...labels } }, spec: podSpec('web', work) },
    },
  });
}

/** The manifest of a Pod with one container; `spec` says more of it. */
export function pod(
  name: string,
  container: string,
  { labels = {}, ...work }: Labelled,
  spec: object = {},
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name, ...labels } },
    spec: { ...podSpec(container, work), ...spec },
  });
}

function podSpec(name: string, work: Work): object {
  const container = { name, image: 'busybox', imagePullPolicy: 'IfNotPresent', ...work };
  return { terminationGracePeriodSeconds: 0, containers: [container] };
}
