import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Custom } from '../custom-resources/definitions.ts';
import {
  createDatabasesApi,
  database,
  databases,
  establish,
  plainDefinition,
  redefine,
  resourceOf,
} from '../custom-resources/definitions.ts';
import type { TestApi } from '../environment/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createDatabasesApi();
});
afterAll(() => api.close());

const at = (name: string) => ({ namespace: 'default', name });

describe('an object', () => {
  test('is completed by the schema, and keeps zeros, empties and allowed nulls as they were written', async () => {
    const created = await api.client.create(
      databases,
      database('complete', {
        replicas: 0,
        storage: { className: null, size: 5 },
        users: [],
        parameters: {},
        backups: [{ name: 'daily', schedule: '0 1 * * *' }],
        version: null,
      }),
    );
    expect(created.spec).toEqual({
      engine: 'postgres',
      version: '16',
      replicas: 0,
      storage: { className: null, size: 5, encrypted: false },
      users: [],
      parameters: {},
      backups: [{ name: 'daily', schedule: '0 1 * * *', keep: 7 }],
    });
    expect(await api.client.get(databases, at('complete'))).toEqual(created);
  });

  test('loses what the schema does not know, and keeps it where that says so', async () => {
    const created = await api.client.create(
      databases,
      database('pruned', {
        extra: 1,
        tuning: { any: { thing: [1] }, memory: { shared: '1Gi', other: 1 } },
        template: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { labels: { a: 'b' }, extra: 1 },
          spec: { x: 1 },
        },
      }),
    );
    expect(created.spec).toMatchObject({ tuning: { any: { thing: [1] }, memory: { shared: '1Gi' } } });
    expect(created.spec?.['extra']).toBeUndefined();
    expect(created.spec?.['template']).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { labels: { a: 'b' } },
      spec: { x: 1 },
    });
  });

  test('with unknown fields is refused, warned about or taken silently, as asked', async () => {
    const strange = database('strange', { colour: 'red', tuning: { memory: { extra: 1 } } });
    const told: string[] = [];
    const target = { group: databases.group, version: 'v1', resource: 'databases', namespace: 'default' };
    const call = { warn: (text: string) => told.push(text) };
    const body = {
      kind: 'object',
      object: { ...strange, metadata: { name: 'strange', colour: 1 } },
    } as const;
    await expect(api.verbs.create(call, target, body, { fieldValidation: 'Strict' })).rejects.toThrow(
      'Database in version "v1" cannot be handled as a Database: strict decoding error: unknown field "metadata.colour", unknown field "spec.colour", unknown field "spec.tuning.memory.extra"',
    );
    await api.verbs.create(call, target, body, { fieldValidation: 'Warn', dryRun: true });
    expect(told).toEqual([
      'unknown field "metadata.colour"',
      'unknown field "spec.colour"',
      'unknown field "spec.tuning.memory.extra"',
    ]);
    await api.verbs.create(call, target, body, { fieldValidation: 'Ignore', dryRun: true });
    expect(told).toHaveLength(3);
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      'a wrong type',
      { replicas: 'three' },
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
    ],
    ['a missing field', { engine: undefined }, 'spec.engine: Required value'],
    [
      'a value that is not in the set',
      { engine: 'oracle' },
      'spec.engine: Unsupported value: "oracle": supported values: "postgres", "mysql"',
    ],
    [
      'a number out of bounds',
      { replicas: 10 },
      'spec.replicas: Invalid value: 10: spec.replicas in body should be less than or equal to 9',
    ],
    [
      'a text that does not match',
      { version: 'new' },
      String.raw`spec.version: Invalid value: "new": spec.version in body should match '^\d+(\.\d+){0,2}$'`,
    ],
    [
      'a text that is too long',
      { parameters: { a: 'x'.repeat(65) } },
      'spec.parameters.a: Too long: may not be more than 64 bytes',
    ],
    [
      'a list with too many items',
      { backups: 'abcdef'.split('').map((name) => ({ name, schedule: '0 1 * * *' })) },
      'spec.backups: Too many: 6: must have at most 5 items',
    ],
    ['an item that is there twice', { users: ['a', 'b', 'a'] }, 'spec.users[2]: Duplicate value: "a"'],
    [
      'two items with the same keys',
      { backups: [1, 2].map(() => ({ name: 'a', schedule: '0 1 * * *' })) },
      'spec.backups[1]: Duplicate value: {"name":"a"}',
    ],
    [
      'a wrong format',
      { endpoint: { address: '1.2.3' } },
      'spec.endpoint.address: Invalid value: "1.2.3": spec.endpoint.address in body must be of type ipv4: "1.2.3"',
    ],
    [
      'two of what one may be',
      { endpoint: { address: '1.2.3.4', host: 'a' } },
      '<nil>: Invalid value: "": "spec.endpoint" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [
      'a null where none may be, without a default',
      { users: [null] },
      'spec.users[0]: Invalid value: "null": spec.users[0] in body must be of type string: "null"',
    ],
    [
      'a template that is no resource',
      { template: { kind: 'Pod' } },
      'spec.template.apiVersion: Required value: must not be empty',
    ],
  ])('is refused for %s', async (_why, spec, message) => {
    const sent = api.client.create(databases, database('wrong', spec));
    await expect(sent).rejects.toMatchObject({ reason: 'Invalid' });
    await expect(sent).rejects.toThrow(`Database.data.example.com "wrong" is invalid: ${message}`);
  });

  test('counts the changes of what is wanted, not those of its status or metadata', async () => {
    const created = await api.client.create(databases, { ...database('counted'), status: { replicas: 9 } });
    expect(created.metadata.generation).toBe(1);
    expect(created.status).toBeUndefined();
    const reported = await api.client.updateStatus(databases, {
      ...created,
      spec: { engine: 'mysql' },
      status: { replicas: 1 },
    });
    expect(reported).toMatchObject({
      metadata: { generation: 1 },
      spec: { engine: 'postgres' },
      status: { replicas: 1 },
    });
    const labelled = await api.client.patch(databases, at('counted'), 'merge', {
      metadata: { labels: { a: 'b' } },
    });
    expect(labelled.metadata.generation).toBe(1);
    const changed = await api.client.patch(databases, at('counted'), 'merge', {
      spec: { replicas: 2 },
      status: { replicas: 7 },
    });
    expect(changed).toMatchObject({ metadata: { generation: 2 }, status: { replicas: 1 } });
  });

  test('that was wrong before may change elsewhere', async () => {
    const definition = plainDefinition('loose', {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    });
    const loose = resourceOf(definition);
    await establish(api, definition);
    await api.client.create(loose, {
      metadata: { name: 'old', namespace: 'default' },
      a: 'long',
      b: '',
    } as never);
    const tight = {
      type: 'object',
      properties: { a: { type: 'string', maxLength: 2 }, b: { type: 'string' } },
    };
    await redefine(api, 'loose.example.com', (next) => {
      next.spec.versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: tight } }];
    });
    const patched = await api.client.patch(loose, at('old'), 'merge', { b: 'new' });
    expect(patched).toMatchObject({ a: 'long', b: 'new' });
    await expect(api.client.patch(loose, at('old'), 'merge', { a: 'longer' })).rejects.toMatchObject({
      code: 422,
    });
  });

  test('is shown as the schema is now: with new defaults and without what that no longer knows', async () => {
    const schema = (properties: object) => ({ type: 'object', properties });
    const definition = plainDefinition('views', schema({ a: { type: 'string' }, b: { type: 'string' } }));
    const views = resourceOf(definition);
    await establish(api, definition);
    await api.client.create(views, {
      metadata: { name: 'one', namespace: 'default' },
      a: '1',
      b: '2',
    } as never);
    await redefine(api, 'views.example.com', (next) => {
      const version = next.spec.versions[0];
      if (version?.schema !== undefined)
        version.schema.openAPIV3Schema = schema({
          a: { type: 'string' },
          c: { type: 'string', default: '3' },
        }) as never;
    });
    const one = (await api.client.get(views, at('one'))) as Custom & Record<string, unknown>;
    expect([one['a'], one['b'], one['c']]).toEqual(['1', undefined, '3']);
    const { items } = await api.client.list(views);
    expect(items[0]).toEqual(one);
  });

  test.each(['certificatesigningrequests', 'pods', 'priorityclasses'])(
    'of a kind that is called %s is not taken for one of the cluster',
    async (plural) => {
      const definition = plainDefinition(plural);
      const kind = resourceOf(definition);
      await establish(api, definition);
      const metadata = { name: 'one', namespace: 'default' };
      const made = await api.client.create(kind, { metadata, globalDefault: true } as never);
      expect(made).toMatchObject({ globalDefault: true });
      expect(made.spec).toBeUndefined();
      const second = { metadata: { ...metadata, name: 'two' }, globalDefault: true };
      await api.client.create(kind, second);
    },
  );

  test('is found by the fields that its definition names', async () => {
    await api.client.create(databases, database('mine', { engine: 'mysql' }));
    const found = await api.client.list(databases, { fieldSelector: 'spec.engine=mysql' });
    expect(found.items.map(({ metadata }) => metadata.name)).toEqual(['mine']);
    await expect(api.client.list(databases, { fieldSelector: 'spec.version=16' })).rejects.toThrow(
      'field label not supported: spec.version',
    );
  });

  test('is scaled through its scale, where its definition says what that is', async () => {
    await api.client.create(databases, database('scaled'));
    await api.client.patch(
      databases,
      at('scaled'),
      'merge',
      { status: { replicas: 1, selector: 'app=db' } },
      {
        subresource: 'status',
      },
    );
    const target = {
      group: databases.group,
      version: 'v1',
      resource: 'databases',
      namespace: 'default',
      name: 'scaled',
      subresource: 'scale',
    };
    const scale = await api.verbs.get({}, target);
    expect(scale.object).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 1 },
      status: { replicas: 1, selector: 'app=db' },
    });
    await api.verbs.patch({}, target, { type: 'merge', bytes: Buffer.from('{"spec":{"replicas":3}}') });
    const { metadata, spec } = await api.client.get(databases, at('scaled'));
    expect([metadata.generation, spec?.['replicas']]).toEqual([2, 3]);
  });

  test('is applied by several, item by item where its lists are maps', async () => {
    const apply = (manager: string, spec: object) =>
      api.client.patch(
        databases,
        at('applied'),
        'apply',
        { ...database('applied'), spec: { engine: 'postgres', ...spec } },
        { fieldManager: manager },
      );
    const daily = { name: 'daily', schedule: '0 1 * * *' };
    const weekly = { name: 'weekly', schedule: '0 1 * * 0' };
    await apply('one', { backups: [daily], users: ['a'] });
    const both = await apply('two', { backups: [weekly], users: ['b'] });
    expect(both.spec?.['backups']).toEqual([
      { ...daily, keep: 7 },
      { ...weekly, keep: 7 },
    ]);
    expect(both.spec?.['users']).toEqual(['a', 'b']);
    await expect(apply('two', { backups: [{ ...daily, schedule: '0 2 * * *' }] })).rejects.toThrow(
      'conflict with "one": .spec.backups[name="daily"].schedule',
    );
    const rest = await apply('one', { users: [] });
    expect(rest.spec?.['backups']).toEqual([{ ...weekly, keep: 7 }]);
    const owners = (rest.metadata.managedFields ?? []).map(
      ({ manager, apiVersion }) => `${manager} ${apiVersion}`,
    );
    expect(new Set(owners)).toEqual(new Set(['one data.example.com/v1', 'two data.example.com/v1']));
  });

  test('is watched in pages, by label and by version, as every object is', async () => {
    await api.client.create(databases, {
      ...database('watched'),
      metadata: { name: 'watched', namespace: 'default', labels: { tier: 'gold' } },
    });
    const first = await api.client.list(databases, { limit: 1, namespace: 'default' });
    expect(first.items).toHaveLength(1);
    expect(first.continue).not.toBe('');
    const older = { ...databases, version: 'v1beta1' };
    const stop = new AbortController();
    for await (const events of api.client.watch(older, { labelSelector: 'tier=gold', signal: stop.signal })) {
      const [event] = events;
      if (event?.type !== 'ADDED') continue;
      expect(event.object).toMatchObject({
        apiVersion: 'data.example.com/v1beta1',
        metadata: { name: 'watched' },
      });
      stop.abort();
      break;
    }
  });

  test('is written in one version and read in another, with a warning where that is deprecated', async () => {
    const older = { ...databases, version: 'v1beta1' };
    const created = await api.client.create(older, {
      ...database('older', { anything: { goes: true } }),
      apiVersion: 'data.example.com/v1beta1',
    });
    expect(created).toMatchObject({
      apiVersion: 'data.example.com/v1beta1',
      spec: { anything: { goes: true } },
    });
    const newer = await api.client.get(databases, at('older'));
    expect(newer.apiVersion).toBe('data.example.com/v1');
    expect(newer.spec?.['anything']).toBeUndefined();
    const told: string[] = [];
    await api.verbs.get(
      { warn: (text) => told.push(text) },
      { group: older.group, version: 'v1beta1', resource: 'databases', namespace: 'default', name: 'older' },
    );
    expect(told).toEqual(['data.example.com/v1beta1 Database is deprecated; use v1']);
  });
});
