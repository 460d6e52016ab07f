import { describe, expect, test } from 'vitest';
import { objectsOf } from '../checks/manifest-objects.ts';
import { builtInModel } from '../schema/built-in.ts';
import { ManifestFile } from '../syntax/manifest-file.ts';
import { duplicateProblems, referenceProblems, type LiveObjects } from './check-references.ts';
import { FileObjects, fileObjects } from './object-index.ts';
import { referencesOf } from './references.ts';

const model = builtInModel();
const namespace = 'default';

const pod = `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  serviceAccountName: builder
  imagePullSecrets: [{name: registry}]
  volumes:
    - name: data
      persistentVolumeClaim: {claimName: data}
    - name: all
      projected:
        sources: [{secret: {name: token}}, {configMap: {name: settings}}]
  containers:
    - name: a
      image: busybox
      envFrom:
        - configMapRef: {name: settings}
        - secretRef: {name: missing, optional: true}
      env:
        - name: A
          valueFrom: {configMapKeyRef: {name: settings, key: color}}
`;
const settings = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: blue}\n';

function look(text: string, { others = '', live }: { others?: string; live?: LiveObjects } = {}) {
  const files = new FileObjects();
  const documents = new ManifestFile().update(text);
  files.update('a.yaml', fileObjects('a.yaml', documents, { model, namespace }));
  files.update('b.yaml', fileObjects('b.yaml', new ManifestFile().update(others), { model, namespace }));
  const references = documents.flatMap(({ parsed: document }) =>
    objectsOf(document.root).flatMap((object) => referencesOf(object, { document, model, namespace })),
  );
  return { files, references, problems: referenceProblems(references, { files, live }) };
}

const cluster = (objects: Record<string, readonly string[]>, keys?: readonly string[]): LiveObjects => ({
  namesOf: ({ kind }) => new Set(objects[kind] ?? []),
  keysOf: () => keys,
});

describe('references', () => {
  test('are found wherever an object is named', () => {
    const targets = look(pod).references.map(
      ({ target }) => `${target.kind}/${target.namespace}/${target.name}`,
    );
    expect(targets).toEqual([
      'ServiceAccount/default/builder',
      'Secret/default/registry',
      'PersistentVolumeClaim/default/data',
      'Secret/default/token',
      'ConfigMap/default/settings',
      'ConfigMap/default/settings',
      'Secret/default/missing',
      'ConfigMap/default/settings',
    ]);
  });

  test.each<[string, string, string[]]>([
    [
      'roles and their subjects',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a, namespace: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: c}\nsubjects:\n- {kind: ServiceAccount, name: d, namespace: e}\n- {kind: User, name: f}\n',
      ['Namespace//b', 'ClusterRole//c', 'ServiceAccount/e/d'],
    ],
    [
      'what an autoscaler sizes',
      'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: b}\n',
      ['Deployment/default/b'],
    ],
    [
      'backends of an Ingress',
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  ingressClassName: c\n  defaultBackend: {service: {name: b, port: {number: 80}}}\n',
      ['IngressClass//c', 'Service/default/b'],
    ],
  ])('%s', (_, text, targets) => {
    expect(
      look(text).references.map(
        ({ target: { kind, namespace: place = '', name } }) => `${kind}/${place}/${name}`,
      ),
    ).toEqual(targets);
  });
});

describe('what is not there', () => {
  test('is told of when a cluster is there to know', () => {
    const live = cluster({
      ServiceAccount: ['default'],
      Secret: ['registry', 'token'],
      PersistentVolumeClaim: ['date'],
    });
    expect(
      look(pod, { live, others: settings.replace('colour', 'color') }).problems.map(({ message }) => message),
    ).toEqual([
      'There is no ServiceAccount "builder" in these files or the cluster',
      'There is no PersistentVolumeClaim "data" in these files or the cluster; did you mean "date"?',
    ]);
  });

  test('without one only when it looks like a slip', () => {
    expect(look(pod).problems).toEqual([]);
    const { problems } = look(pod, { others: settings.replace('settings', 'setings') });
    expect(problems).toHaveLength(3);
    expect(problems[0]?.message).toBe(
      'There is no ConfigMap "settings" in these files; did you mean "setings"?',
    );
    expect(problems[0]?.fixes?.[0]?.title).toBe('Replace with "setings"');
  });

  test('a key is looked for in the files first, then in the cluster', () => {
    expect(look(pod, { others: settings }).problems.map(({ message }) => message)).toEqual([
      'ConfigMap "settings" has no key "color"; did you mean "colour"?',
    ]);
    const names = {
      ServiceAccount: ['builder'],
      Secret: ['registry', 'token'],
      PersistentVolumeClaim: ['data'],
      ConfigMap: ['settings'],
    };
    expect(look(pod, { live: cluster(names, ['color']) }).problems).toEqual([]);
    expect(look(pod, { live: cluster(names, []) }).problems.map(({ code }) => code)).toEqual(['missing-key']);
    expect(look(pod, { live: cluster(names) }).problems).toEqual([]);
  });

  test('what every cluster has is never missed', () => {
    const text = pod.replace('builder', 'default').replace('{name: a}', '{name: a, namespace: kube-system}');
    const missing = look(text, { live: cluster({}) }).references;
    expect(missing.length).toBeGreaterThan(0);
    expect(
      look(text, { live: cluster({}) })
        .problems.map(({ message }) => message)
        .join(),
    ).not.toMatch(/"default"|Namespace "kube/);
  });

  test('names within actions of a template are nobody’s', () => {
    expect(look(pod.replace('builder', '"{{ .Values.account }}"')).references[0]?.target.kind).toBe('Secret');
  });
});

test('an object that is in a file twice is told of', () => {
  const { files } = look(
    `${settings}---\n${settings}---\n${settings.replace('name: settings', 'name: settings, namespace: b')}`,
  );
  expect(duplicateProblems(files.ofFile('a.yaml')).map(({ message }) => message)).toEqual([
    'ConfigMap "settings" is in this file already',
  ]);
});
