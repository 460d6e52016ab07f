import { describe, expect, test } from 'vitest';
import type { RequestAttributes } from '../requests/attributes.ts';
import { defaultPolicy } from './default-policy.ts';
import { decide, readPolicy } from './policy.ts';

const policy = (...rules: readonly object[]) =>
  readPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules });

function asks(verb: string, resource: string, more: Partial<Record<string, string>> = {}): RequestAttributes {
  const [plural = '', subresource] = resource.split('/');
  const { group = '', namespace, name } = more;
  return {
    verb,
    path: '/',
    uri: '/',
    resource: { group, version: 'v1', resource: plural, subresource, namespace, name },
    longRunning: false,
  };
}

const reads = (path: string): RequestAttributes => ({
  verb: 'get',
  path,
  uri: path,
  resource: undefined,
  longRunning: false,
});
const ann = { name: 'ann', groups: ['developers'] };

describe('a policy', () => {
  test('decides by the first rule that matches, and notes nothing where none does', () => {
    const first = policy({ level: 'Metadata', users: ['ann'] }, { level: 'Request', verbs: ['get'] });
    expect(decide(first, ann, asks('get', 'pods')).level).toBe('Metadata');
    expect(decide(first, { name: 'bob', groups: [] }, asks('get', 'pods')).level).toBe('Request');
    expect(decide(first, { name: 'bob', groups: [] }, asks('list', 'pods')).level).toBe('None');
  });

  test.each<[string, object, RequestAttributes, boolean]>([
    ['a group of users', { userGroups: ['developers'] }, asks('get', 'pods'), true],
    ['another group of users', { userGroups: ['admins'] }, asks('get', 'pods'), false],
    ['a namespace', { namespaces: ['a'] }, asks('get', 'pods', { namespace: 'a' }), true],
    ['what is in no namespace', { namespaces: [''] }, asks('get', 'nodes'), true],
    ['a resource alone', { resources: [{ group: '', resources: ['pods'] }] }, asks('get', 'pods/log'), false],
    ['a subresource', { resources: [{ group: '', resources: ['pods/log'] }] }, asks('get', 'pods/log'), true],
    ['all of one', { resources: [{ group: '', resources: ['pods/*'] }] }, asks('get', 'pods/log'), true],
    ['one of all', { resources: [{ group: '', resources: ['*/log'] }] }, asks('get', 'pods/log'), true],
    ['everything', { resources: [{ group: '', resources: ['*'] }] }, asks('get', 'pods/log'), true],
    ['another group', { resources: [{ group: 'apps' }] }, asks('get', 'pods'), false],
    [
      'a name',
      { resources: [{ group: '', resources: ['pods'], resourceNames: ['b'] }] },
      asks('get', 'pods', { name: 'a' }),
      false,
    ],
    ['a path', { nonResourceURLs: ['/healthz*'] }, reads('/healthz/ping'), true],
    ['no resource by its path', { nonResourceURLs: ['*'] }, asks('get', 'pods'), false],
    ['no path by a resource', { resources: [{ group: '' }] }, reads('/healthz'), false],
  ])('matches %s', (_what, rule, request, matches) => {
    expect(decide(policy({ level: 'Metadata', ...rule }), ann, request).level).toBe(
      matches ? 'Metadata' : 'None',
    );
  });

  test('omits stages of its own and of the rule', () => {
    const read = readPolicy({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      omitManagedFields: true,
      rules: [
        { level: 'Metadata', omitStages: ['Panic'] },
        { level: 'None', omitManagedFields: false },
      ],
    });
    expect(read.rules[0]).toMatchObject({
      omitStages: ['RequestReceived', 'Panic'],
      omitManagedFields: true,
    });
    expect(read.rules[1]?.omitManagedFields).toBe(false);
  });

  test('is refused with everything that is wrong', () => {
    const wrong = () =>
      policy(
        { level: 'All', resource: [] },
        { level: 'None', nonResourceURLs: ['a*b'], namespaces: ['c'], omitStages: ['Never'] },
        { level: 'None', resources: [{ group: 'apps/v1' }, { resourceNames: ['x'] }] },
      );
    expect(wrong).toThrow(
      /rules\[0\]\.resource: unknown field; rules\[0\]\.level: Unsupported value: "All".*omitStages\[0\].*begin with a '\/'.*final character.*both regular resources.*resources\[0\]\.group.*resourceNames/,
    );
    expect(() => readPolicy({ kind: 'Policy' })).toThrow('audit.k8s.io/v1');
    expect(() => policy()).toThrow('at least one');
  });
});

describe('the policy of a cluster that has none', () => {
  test.each([
    ['create', 'secrets', ''],
    ['update', 'configmaps', ''],
    ['create', 'serviceaccounts/token', ''],
    ['create', 'tokenreviews', 'authentication.k8s.io'],
    ['create', 'widgets', 'example.com'],
    ['get', 'pods', ''],
  ])('notes no bodies of %s %s', (verb, resource, group) => {
    expect(decide(defaultPolicy, ann, asks(verb, resource, { group })).level).toBe('Metadata');
  });

  test('notes what changes are asked for, and not what agents do all the time', () => {
    expect(decide(defaultPolicy, ann, asks('create', 'pods')).level).toBe('Request');
    const agent = { name: 'system:node:a', groups: ['system:nodes'] };
    expect(decide(defaultPolicy, agent, asks('patch', 'nodes/status')).level).toBe('None');
    expect(decide(defaultPolicy, agent, asks('delete', 'pods')).level).toBe('Metadata');
    expect(decide(defaultPolicy, ann, reads('/readyz')).level).toBe('None');
    expect(decide(defaultPolicy, undefined, reads('/api/v1')).level).toBe('None');
  });
});
