import { describe, expect, test } from 'vitest';
import { createScheme } from '../../api/kinds/scheme.ts';
import { aggregatedDiscovery, apiGroupList, apiResourceList, compareVersions } from './discovery.ts';

describe('aggregated discovery', () => {
  test('tells the core group apart from the named ones', () => {
    const scheme = createScheme();
    expect(aggregatedDiscovery(scheme, 'core').items.map(({ metadata }) => metadata.name)).toEqual([
      undefined,
    ]);
    const named = aggregatedDiscovery(scheme, 'named').items.map(({ metadata }) => metadata.name);
    expect(named).not.toContain(undefined);
    expect(named.indexOf('apps')).toBeLessThan(named.indexOf('coordination.k8s.io'));
  });

  test('says what a resource is called, who may be asked for it and what it has below', () => {
    const [core] = aggregatedDiscovery(createScheme(), 'core').items;
    const pods = core?.versions?.[0]?.resources?.find(({ resource }) => resource === 'pods');
    expect(pods).toMatchObject({
      singularResource: 'pod',
      shortNames: ['po'],
      scope: 'Namespaced',
      responseKind: { group: '', version: 'v1', kind: 'Pod' },
    });
    expect(pods?.subresources).toContainEqual({
      subresource: 'eviction',
      responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      verbs: ['create'],
    });
  });
});

describe('plain discovery', () => {
  test('names the group and version of a subresource of another group, as drain needs it', () => {
    const eviction = apiResourceList(createScheme(), '', 'v1')?.resources.find(
      ({ name }) => name === 'pods/eviction',
    );
    expect(eviction).toMatchObject({ group: 'policy', version: 'v1', kind: 'Eviction' });
  });

  test('lists groups with their preferred version', () => {
    expect(apiGroupList(createScheme()).groups.find(({ name }) => name === 'apps')).toEqual({
      name: 'apps',
      versions: [{ groupVersion: 'apps/v1', version: 'v1' }],
      preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
    });
  });
});

test('versions are preferred stable first, then by number', () => {
  const versions = ['v1alpha1', 'v2', 'v1', 'v1beta2', 'v10', 'foo1', 'v1beta1'];
  expect(versions.toSorted((a, b) => compareVersions(b, a))).toEqual([
    'v10',
    'v2',
    'v1',
    'v1beta2',
    'v1beta1',
    'v1alpha1',
    'foo1',
  ]);
});
