import { describe, expect, test } from 'vitest';
import { deployment } from '../checks/check-story.ts';
import { FileObjects, fileObjects } from '../references/object-index.ts';
import { builtInModel } from '../schema/built-in.ts';
import { ManifestFile } from '../syntax/manifest-file.ts';
import { complete, type CompletionContext } from './complete.ts';
import type { Completion } from './completion.ts';
import { expanded } from './snippet-story.ts';

const model = builtInModel();
const others =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: x}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: builder}\n';
const files = new FileObjects();
files.update('a', fileObjects('a', new ManifestFile().update(others), { model, namespace: 'default' }));
const context: CompletionContext = {
  model,
  namespace: 'default',
  known: {
    files,
    live: { namesOf: ({ kind }) => new Set(kind === 'Secret' ? ['token'] : []), keysOf: () => undefined },
  },
};

/** Completions where `|` stands in the text. */
function at(text: string): Completion[] {
  const offset = text.indexOf('|');
  return complete(text.replace('|', ''), offset, context);
}
const labels = (text: string) =>
  at(text)
    .toSorted((a, b) => (a.sort < b.sort ? -1 : 1))
    .map(({ label }) => label);

/** The text after a completion was taken, every stop left as it is proposed. */
function taken(text: string, label: string): string {
  const plain = text.replace('|', '');
  const found = at(text).find((completion) => completion.label === label);
  if (found === undefined) throw new Error(`No completion "${label}"`);
  const put = expanded(found.snippet);
  return plain.slice(0, found.replace.start) + put + plain.slice(found.replace.end);
}

const pod = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n';

describe('fields', () => {
  test('of where the cursor is, required ones first, those that are there left out', () => {
    const found = labels(`${pod}  restartPolicy: Never\n  |\n`);
    expect(found[0]).toBe('containers');
    expect(found).toContain('volumes');
    expect(found).not.toContain('restartPolicy');
    expect(found).not.toContain('replicas');
  });

  test.each<[string, string, string]>([
    ['at the beginning of a word', `${pod}  con|`, 'containers'],
    ['in an item of a list', `${pod}  containers:\n    - name: a\n      |\n`, 'image'],
    ['right behind the dash', `${pod}  containers:\n    - |\n`, 'name'],
    ['between other lines', `${pod}  containers:\n    - name: a\n      |\n      image: b\n`, 'command'],
    ['in flow style', `${pod}  containers: [{name: a, |}]\n`, 'image'],
    ['at the root', pod.replace('spec:\n', '|'), 'spec'],
    ['of a template', deployment.replace('containers:', 'cont|\n      containers:'), 'initContainers'],
    ['with Windows line ends', `${pod}  |\n`.replaceAll('\n', '\r\n'), 'containers'],
    [
      'in an item of a List',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    |\n',
      'containers',
    ],
  ])('%s', (_, text, label) => expect(labels(text)).toContain(label));

  test('say their type, default and meaning', () => {
    const found = at(`${pod}  containers:\n  - ports:\n    - |`);
    expect(found.find(({ label }) => label === 'containerPort')).toMatchObject({
      detail: 'integer, required',
    });
    expect(found.find(({ label }) => label === 'protocol')).toMatchObject({
      detail: 'string, "TCP" unless set',
    });
    expect(at(`${pod}  |`).find(({ label }) => label === 'containers')?.documentation).toMatch(/containers/i);
  });

  test('are written with what they must have', () => {
    expect(taken(`${pod}  |\n`, 'containers')).toBe(
      `${pod}  containers:\n    - name: my-name\n      image: busybox\n`,
    );
    expect(taken(`${pod}  containers:\n    - name: a\n      |`, 'ports')).toBe(
      `${pod}  containers:\n    - name: a\n      ports:\n        - containerPort: 80`,
    );
    expect(taken(`${pod}  containers: [{name: a, |}]`, 'ports')).toBe(
      `${pod}  containers: [{name: a, ports: []}]`,
    );
  });

  test('keep the colon that is there', () => {
    expect(taken(`${pod}  conta|iners: []\n`, 'volumes')).toBe(`${pod}  volumes: []\n`);
  });

  test('an item is offered where a list is to be', () => {
    expect(taken(`${pod}  containers:\n    |`, '-')).toBe(
      `${pod}  containers:\n    - name: \n      image: busybox`,
    );
  });
});

describe('values', () => {
  test.each<[string, string, string[]]>([
    ['of a closed set', `${pod}  restartPolicy: |`, ['Always', 'OnFailure', 'Never']],
    ['of booleans', `${pod}  hostNetwork: |\n`, ['true', 'false']],
    ['names of objects in the files', `${pod}  serviceAccountName: |\n`, ['builder']],
    ['names of objects in the cluster', `${pod}  imagePullSecrets:\n    - name: |\n`, ['token']],
    [
      'keys of the ConfigMap beside',
      `${pod}  containers:\n  - env:\n    - valueFrom: {configMapKeyRef: {name: settings, key: |}}\n`,
      ['color'],
    ],
    [
      'volumes of the Pod',
      `${pod}  volumes: [{name: data}]\n  containers:\n  - volumeMounts:\n    - name: |`,
      ['data'],
    ],
    [
      'items of a list of a closed set',
      'apiVersion: v1\nkind: PersistentVolumeClaim\nspec:\n  accessModes:\n    - |\n',
      ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'],
    ],
    ['the kind that goes with a version', 'apiVersion: policy/v1\nkind: |\n', ['PodDisruptionBudget']],
    ['the version that goes with a kind', 'apiVersion: |\nkind: Deployment\n', ['apps/v1']],
    [
      'resources',
      `${pod}  containers:\n  - resources:\n      requests:\n        |`,
      ['cpu', 'memory', 'ephemeral-storage'],
    ],
    ['labels that the template has', deployment.replace('app: web\n  template', '|\n  template'), ['app']],
  ])('%s', (_, text, found) => expect(labels(text).toSorted()).toEqual(found.toSorted()));
});

describe('whole objects', () => {
  test('are offered in an empty document', () => {
    expect(labels('|')).toContain('Deployment');
    expect(labels('---\n|')).toContain('Deployment');
    expect(labels('# mine\n|')).toContain('Deployment');
    expect(labels('Dep|')).toContain('Deployment');
  });
});

describe('nothing is offered', () => {
  test.each([
    ['in comments', `${pod}  # con|\n`],
    [
      'in blocks of text',
      'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    te|xt\n'.replace('a: |', 'a: >'),
    ],
    ['in free text', `${pod}  containers:\n  - name: a\n    image: bu|\n`],
    ['in what is no manifest', 'version: 1\nservices:\n  web:\n    |\n'],
    ['below unknown fields', `${pod}  bogus:\n    |\n`],
  ])('%s', (_, text) => expect(labels(text)).toEqual([]));

  test('and nothing breaks, wherever the cursor is', () => {
    for (let offset = 0; offset <= deployment.length; offset += 2)
      expect(() => complete(deployment, offset, context)).not.toThrow();
  });
});
