import { describe, expect, test } from 'vitest';
import { readResourceList, withRemoteGroups, withRemoteResources } from './remote-discovery.ts';
import type { RemoteVersion } from './remote-discovery.ts';

const remote = (group: string, version: string, versionPriority = 10): RemoteVersion => ({
  group,
  version,
  groupPriority: 1000,
  versionPriority,
  resources: [{ name: 'things', singularName: 'thing', namespaced: true, kind: 'Thing', verbs: ['get'] }],
  available: version !== 'v2',
  openApi: undefined,
});

describe('discovery with the servers of users', () => {
  test('has their groups beside the own ones, the preferred version by its priority', () => {
    const local = {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [{ name: 'apps', versions: [{ groupVersion: 'apps/v1', version: 'v1' }] }],
    };
    const { groups } = withRemoteGroups(local, [
      remote('a.example.com', 'v1', 5),
      remote('a.example.com', 'v2', 10),
    ]);
    expect(groups.map(({ name }) => name)).toEqual(['apps', 'a.example.com']);
    expect(groups[1]?.versions.map(({ version }) => version)).toEqual(['v2', 'v1']);
    expect(groups[1]?.preferredVersion?.version).toBe('v2');
  });

  test('has versions of one group from here and from there, and says what does not answer', () => {
    const local = {
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: [{ metadata: { name: 'a.example.com' }, versions: [{ version: 'v1beta1', resources: [] }] }],
    };
    const { items } = withRemoteResources(local, [remote('a.example.com', 'v2')]);
    expect(items).toHaveLength(1);
    expect(items[0]?.versions?.map(({ version, freshness }) => `${version} ${freshness}`)).toEqual([
      'v2 Stale',
      'v1beta1 undefined',
    ]);
  });

  test.each([
    ['no JSON', 'nonsense'],
    ['another kind', '{"kind":"Status"}'],
    ['another group', '{"kind":"APIResourceList","groupVersion":"b/v1","resources":[]}'],
  ])('does not believe %s', (_what, body) => {
    expect(() => readResourceList(Buffer.from(body), 'a', 'v1')).toThrow();
  });

  test('leaves out what is no resource', () => {
    const resources = [
      { name: 'a' },
      null,
      { name: 'b', kind: 'B', verbs: ['get'], singularName: '', namespaced: true },
    ];
    const list = { kind: 'APIResourceList', groupVersion: 'a/v1', resources };
    expect(readResourceList(Buffer.from(JSON.stringify(list)), 'a', 'v1').map(({ name }) => name)).toEqual([
      'b',
    ]);
  });
});
