import { describe, expect, test } from 'vitest';
import { entryOf, textOf } from './nodes.ts';
import { maxDocumentLength, parseDocument } from './parse-document.ts';
import { locate, nodeAt, parseFieldPath } from './paths.ts';

const parse = (text: string) => parseDocument(text);
const shown = (text: string, { start, end }: { start: number; end: number }) => text.slice(start, end);
const problems = (text: string) =>
  parse(text).problems.map(({ range, message }) => `${shown(text, range)}: ${message}`);

describe('every node knows where it stands', () => {
  const text =
    'spec:\n  containers:\n    - name: a # first\n      args: [x, "y z"]\n    - {name: b}\n  paused: yes\n';
  const { root } = parse(text);

  test.each<[string, string]>([
    ['spec.paused', 'yes'],
    ['spec.containers[0].name', 'a'],
    ['spec.containers[0].args', '[x, "y z"]'],
    ['spec.containers[0].args[1]', '"y z"'],
    ['spec.containers[1]', '{name: b}'],
  ])('%s is %s', (path, written) => {
    const located = locate(root as never, parseFieldPath(path));
    expect(shown(text, located.node.range)).toBe(written);
  });

  test('keys have a place of their own', () => {
    expect(shown(text, entryOf(root, 'spec')?.keyRange as never)).toBe('spec');
  });

  test('the way to an offset is found back', () => {
    const at = nodeAt(root as never, text.indexOf('y z'));
    expect(at?.path).toEqual(['spec', 'containers', 0, 'args', 1]);
    expect(nodeAt(root as never, text.indexOf('paused') + 2)).toMatchObject({
      path: ['spec', 'paused'],
      onKey: true,
    });
  });

  test('with Windows line ends too', () => {
    const windows = text.replaceAll('\n', '\r\n');
    const located = locate(parse(windows).root as never, parseFieldPath('spec.paused'));
    expect(shown(windows, located.node.range)).toBe('yes');
  });
});

describe('values are what kubectl reads', () => {
  test.each<[string, unknown]>([
    ['a: yes', { a: true }],
    ['a: 0400', { a: 256 }],
    ['a: 12:30', { a: '12:30' }],
    ['a: "5"', { a: '5' }],
    ['5: x', { 5: 'x' }],
    ['a:', { a: null }],
    ['b: &x {c: 1}\na: *x', { b: { c: 1 }, a: { c: 1 } }],
    ['b: &x {c: 1}\na:\n  <<: *x\n  d: 2', { b: { c: 1 }, a: { d: 2, c: 1 } }],
  ])('%j is %j', (text, value) => expect(parse(text).root?.value).toEqual(value));
});

describe('half-typed text', () => {
  test('keeps what can be made out', () => {
    const { root, problems: found } = parse('kind: Pod\nmetadata:\n  name: a\n  lab\nspec:\n  x: 1\n');
    expect(textOf(root, 'kind')).toBe('Pod');
    expect(entryOf(root, 'spec')?.value.value).toEqual({ x: 1 });
    expect(found).toHaveLength(1);
  });

  test.each([
    ['a:\n\tb: 1\n', 'Tabs are not allowed as indentation'],
    ['a: "b\n', 'Missing closing "quote'],
    ['a: [1, 2\n', 'Flow sequence in block collection must'],
    ['a: 1\nb: 2\na: 3\n', 'a: "a" is given twice'],
    ['a: *nowhere\n', 'there is no anchor "nowhere"'],
    ['a: &x [*x]\n', 'contains itself'],
    ['[a]: 1\n', 'a key cannot be a list or a map'],
    ['a: !!int x\n', 'cannot decode "x" as a !!int'],
  ])('%j: %s', (text, message) => expect(problems(text).join('; ')).toContain(message));

  test('any beginning of a manifest can be parsed', () => {
    const text = 'a: &x {b: [1, "2", \'3\']}\nc:\n  - *x\n  - d: |\n      e\n    f: !!str 5\n<<: *x\n';
    for (let end = 0; end <= text.length; end++) expect(() => parse(text.slice(0, end))).not.toThrow();
  });
});

describe('hostile text costs little', () => {
  test('aliases of aliases are not followed without end', () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 30; i++)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(',')}]`);
    expect(problems(lines.join('\n')).join()).toContain('too many aliases');
  });

  test('nesting without end is refused', () => {
    expect(problems('['.repeat(100_000)).join()).toContain('nested more than 200 levels deep');
  });

  test('a document that is too long says so and is left alone', () => {
    const parsed = parse(`a: |\n${'  line\n'.repeat(maxDocumentLength / 7)}`);
    expect(parsed.root).toBeUndefined();
    expect(parsed.problems.map(({ code }) => code)).toEqual(['too-long']);
  });
});

describe('templates', () => {
  const helm = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicaCount }}
  {{- end }}
  template:
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          resources: {{- toYaml .Values.resources | nindent 12 }}
`;

  test('are recognised, parsed around their actions, and have no problems', () => {
    const parsed = parse(helm);
    expect(parsed.template).toBe(true);
    expect(parsed.problems).toEqual([]);
    expect(textOf(parsed.root, 'kind')).toBe('Deployment');
    expect(Object.keys(entryOf(parsed.root, 'spec')?.value.value as object)).toEqual([
      'replicas',
      'template',
    ]);
  });

  test('every place is where it was', () => {
    const { root } = parse(helm);
    const { node } = locate(root as never, parseFieldPath('spec.template.spec.containers[0].image'));
    expect(shown(helm, node.range)).toBe('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"');
  });

  test('actions within quotes and blocks make no template', () => {
    const parsed = parse('a: "{{ $labels.instance }} is down"\nb: |\n  {{ range . }}\n# {{ c }}\n');
    expect(parsed.template).toBe(false);
    expect(parsed.actions).toHaveLength(2);
  });
});
