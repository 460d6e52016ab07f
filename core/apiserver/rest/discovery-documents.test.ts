import { expect, test } from 'vitest';
import { createScheme } from '../../api/kinds/scheme.ts';
import { apiResourceList } from '../handlers/discovery.ts';
import { DiscoveryDocuments } from './discovery-documents.ts';

function scene() {
  const scheme = createScheme();
  const documents = new DiscoveryDocuments(scheme);
  let made = 0;
  const apps = () =>
    documents.get('version apps/v1', (of) => {
      made++;
      return apiResourceList(of, 'apps', 'v1');
    });
  return { scheme, apps, made: () => made };
}

test('a document is made once until what is served changes', () => {
  const { scheme, apps, made } = scene();
  const before = apps();
  expect(apps()).toBe(before);
  expect(made()).toBe(1);
  expect(before?.bytes.toString()).toContain('"daemonsets"');
  scheme.withdraw('apps', 'v1', 'daemonsets');
  const after = apps();
  expect(after?.bytes.toString()).not.toContain('"daemonsets"');
  expect(after?.hash).not.toBe(before?.hash);
  expect(made()).toBe(2);
});

test('that there is none is not remembered, as anybody may ask for any name', () => {
  const { scheme, apps, made } = scene();
  const kinds = scheme.all().filter(({ group }) => group === 'apps');
  scheme.replace(kinds, []);
  expect([apps(), apps()]).toEqual([undefined, undefined]);
  expect(made()).toBe(2);
});
