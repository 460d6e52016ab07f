import { describe, expect, test } from 'vitest';
import { deployment } from '../checks/check-story.ts';
import { FileObjects, fileObjects } from '../references/object-index.ts';
import { builtInModel } from '../schema/built-in.ts';
import { ManifestFile } from '../syntax/manifest-file.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { definitionAt } from './definition.ts';

const model = builtInModel();
const namespace = 'default';
const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n';

const files = new FileObjects();
const others = `${config}---\n${deployment}`;
files.update(
  'other.yaml',
  fileObjects('other.yaml', new ManifestFile().update(others), { model, namespace }),
);
const live = {
  namesOf: ({ kind }: { kind: string }) => new Set(kind === 'Secret' ? ['token'] : []),
  keysOf: () => undefined,
};

function follow(text: string, word: string) {
  const found = definitionAt({ document: parseDocument(text), model, namespace }, text.lastIndexOf(word), {
    files,
    live,
  });
  return found?.targets.map((target) => {
    switch (target.kind) {
      case 'file':
        return `${target.object.file}: ${others.slice(target.object.nameRange.start, target.object.nameRange.end)}`;
      case 'live':
        return `cluster: ${target.id.kind} ${target.id.namespace} ${target.id.name}`;
      case 'here':
        return text.slice(target.range.start, target.range.end);
    }
  });
}

const pod = `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  volumes:
    - {name: data, configMap: {name: settings}}
    - {name: other, secret: {secretName: token}}
    - {name: none, secret: {secretName: nowhere}}
  containers:
    - name: a
      volumeMounts:
        - {name: data, mountPath: /a}
`;

describe('a name leads', () => {
  test('to the file that has the object', () =>
    expect(follow(pod, 'settings')).toEqual(['other.yaml: settings']));
  test('to the cluster that has it', () =>
    expect(follow(pod, 'token')).toEqual(['cluster: Secret default token']));
  test('nowhere when nobody has it', () => expect(follow(pod, 'nowhere')).toBeUndefined());
  test('from a mount to the volume', () =>
    expect(follow(pod, 'data')).toEqual(['{name: data, configMap: {name: settings}}']));
  test('from a selector to what it selects', () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  selector:\n    app: web\n';
    expect(follow(service, 'web')).toEqual(['other.yaml: web']);
    expect(follow(service, 'selector')).toEqual(['other.yaml: web']);
    expect(follow(service.replace('web', 'wbe'), 'wbe')).toBeUndefined();
  });
});
