import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalCluster } from '../environment/local-cluster.ts';

const cluster = new LocalCluster('refused');

function pod(name: string, container: string, more = ''): string {
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n${container}${more}`;
}

const fine = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fine\n';

describe('a manifest that is wrong', () => {
  beforeAll(() => cluster.up('--store', 'embedded', '--runtime', 'simulated'));
  afterAll(() => cluster.destroy());

  test.each([
    [
      'an unknown field',
      pod('a', '  - name: c\n    image: i\n    imagePulPolicy: Never\n'),
      ['9:5', 'unknown field "spec.containers[0].imagePulPolicy"'],
    ],
    [
      'a wrong type',
      pod('a', '  - name: c\n    image: i\n    stdin: maybe\n'),
      ['9:5', 'spec.containers[0].stdin', '"maybe"'],
    ],
    ['a missing field', pod('a', '  - name: c\n'), ['spec.containers[0].image: Required value']],
    [
      'a bad name',
      pod('Not_A_Name', '  - name: c\n    image: i\n'),
      ['4:3', 'metadata.name: Invalid value: "Not_A_Name"'],
    ],
    [
      'an unknown kind',
      'apiVersion: v1\nkind: Podd\nmetadata:\n  name: a\n',
      ['1:1', 'no matches for kind "Podd" in version "v1"'],
    ],
    ['no kind at all', 'metadata:\n  name: a\n', ['1:1', "Object 'Kind' is missing"]],
    [
      'a selector that does not match its template',
      deployment(),
      ['spec.template.metadata.labels', 'selector'],
    ],
  ])(
    'for %s is refused with one error that names file, document, place and value',
    async (_, text, words) => {
      const file = cluster.file('wrong.yaml', text);
      const { code, stdout, stderr } = await cluster.run(['apply', '-f', file]);
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr.match(/document 1/g)).toHaveLength(1);
      for (const word of [file, 'document 1', ...words]) expect(stderr).toContain(word);
    },
  );

  test('leaves what stands beside it applied, and says so', async () => {
    const file = cluster.file('two.yaml', `${fine}---\n${pod('Bad_Name', '  - name: c\n    image: i\n')}`);
    const { code, stdout, stderr } = await cluster.run(['apply', '-f', file]);
    expect([code, stdout]).toEqual([1, 'configmap/fine created\n']);
    expect(stderr).toContain(`${file}:`);
    expect(stderr).toContain('document 2 (pod/Bad_Name)');
    expect(stderr).toContain('1 of 2 objects were refused; the others were applied\n');
  });

  test('as YAML changes nothing at all, and is shown by line and column', async () => {
    const file = cluster.file('broken.yaml', `${fine.replace('fine', 'other')}---\nkind: [Pod\nmetadata:\n`);
    const { code, stdout, stderr } = await cluster.run(['apply', '-f', file]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/broken\.yaml: line \d+, column \d+: /);
    const { stderr: absent } = await cluster.run(['get', 'configmap', 'other']);
    expect(absent).toContain('configmaps "other" not found');
  });

  test('by five megabytes of nesting is refused within seconds', async () => {
    const depth = 2_500_000;
    const file = cluster.file(
      'deep.json',
      `{"kind":"Pod","metadata":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    );
    const { code, stderr } = await cluster.run(['apply', '-f', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/deep\.json: line 1, column \d+: it is nested more than \d+ levels deep/);
  });

  test('cannot hurt the terminal with what it names', async () => {
    const file = cluster.file(
      'hostile.yaml',
      `apiVersion: v1\nkind: "\\e]0;owned\\a\\e[31mPod"\nmetadata:\n  name: a\n`,
    );
    const { code, stdout, stderr } = await cluster.run(['apply', '-f', file]);
    expect(code).toBe(1);
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
  });
});

function deployment(): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: other }
    spec:
      containers:
        - name: c
          image: i
`;
}
