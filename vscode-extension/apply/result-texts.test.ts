import { expect, test } from 'vitest';
import { configmaps, namespaces } from '../../core/api/generated/resources.ts';
import { manifestsOf } from '../../core/client/manifests.ts';
import type { PlacedObject } from './apply-plan.ts';
import { countsText, objectText, placedText, resultText } from './result-texts.ts';

const served = { singular: '', shortNames: [], categories: [], verbs: [], subresources: [] };
const resources = {
  ConfigMap: { ...served, ...configmaps, singular: 'configmap' },
  Namespace: { ...served, ...namespaces, singular: 'namespace' },
  Boat: undefined,
};

function object(kind: keyof typeof resources, name: string, namespace?: string): PlacedObject {
  const [manifest] = manifestsOf(`apiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name} }\n`, 'a.yaml');
  if (manifest === undefined) throw new Error('There is no object');
  return { manifest, resource: resources[kind], name: { namespace, name } };
}

test('an object is named with its namespace, where it has one', () => {
  expect(placedText(object('ConfigMap', 'a', 'shop'))).toBe('configmap/a in namespace "shop"');
  expect(placedText(object('Namespace', 'shop'))).toBe('namespace/shop');
  expect(objectText(object('Boat', 'mary', 'shop'))).toBe('boat/mary');
});

test('of objects with one name it is told which is which', () => {
  const lines = ['default', 'shop'].map((namespace) =>
    resultText({ planned: object('ConfigMap', 'a', namespace), outcome: 'created' }),
  );
  expect(lines).toEqual([
    'configmap/a in namespace "default" created',
    'configmap/a in namespace "shop" created',
  ]);
});

test('outcomes are counted', () => {
  expect(countsText(['created', 'unchanged', 'created'])).toBe('2 created, 1 unchanged');
});
