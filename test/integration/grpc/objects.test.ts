import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { conflict, invalid, StatusError } from '../../../core/api/errors.ts';
import type { KubernetesObject } from '../../../core/api/object.ts';
import type { Resource } from '../../../core/api/resource.ts';
import { createGrpcServer, type GrpcServer } from '../../../core/apiserver/grpc/server.ts';
import type { WatchEvent } from '../../../core/api/verbs.ts';
import { connect, type Connection } from '../../../core/client/grpc/connection.ts';
import { createClient } from '../../../core/client/typed-client.ts';
import { deferred } from '../../../core/machinery/deferred.ts';
import { encoded, sized, StubVerbs } from './stub-verbs.ts';
import { identifyAdministrator } from '../../environment/local-administrator.ts';

const deployments: Resource<KubernetesObject> = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};

const web = { metadata: { namespace: 'default', name: 'web', resourceVersion: '7' } };
const pods = { group: '', version: 'v1', resource: 'pods' };

describe('objects over gRPC', () => {
  let verbs: StubVerbs;
  let server: GrpcServer;
  let connection: Connection;
  let faults: unknown[];

  beforeEach(async () => {
    verbs = new StubVerbs();
    faults = [];
    server = createGrpcServer({
      verbs,
      discovery: {
        version: async () => ({ gitVersion: 'v1.36.2', wheelhouseVersion: '0.1.0', store: 'memory' }),
        resources: async () => Buffer.from('{"kind":"APIGroupDiscoveryList"}'),
        openApi: async (_call, path) => Buffer.from(JSON.stringify({ path })),
      },
      listen: '127.0.0.1:0',
      identify: identifyAdministrator,
      onError: (error) => faults.push(error),
    });
    connection = connect({ endpoint: await server.start(), userAgent: 'wh/0.1.0' });
  });

  afterEach(async () => {
    connection.close();
    await server.stop(0);
  });

  test('carry every option of every verb to the handlers and nothing that was not given', async () => {
    const client = createClient(connection.verbs);
    verbs.objects.set('web', encoded(web));
    await client.get(deployments, { namespace: 'default', name: 'web' });
    await client.list(deployments, { labelSelector: 'app=web', limit: 5, resourceVersionMatch: 'Exact' });
    await client.create(deployments, web, { dryRun: true, fieldValidation: 'Strict', fieldManager: 'me' });
    await client.updateStatus(deployments, web);
    await client.patch(deployments, web.metadata, 'merge', web, { force: true });
    const preconditions = { uid: 'u', resourceVersion: '7' };
    await client.delete(deployments, web.metadata, { gracePeriodSeconds: 0, preconditions });
    const where = { group: 'apps', version: 'v1', resource: 'deployments' };
    const named = { ...where, namespace: 'default', name: 'web' };
    expect(verbs.calls.map(({ verb, target, options }) => ({ verb, target, options }))).toEqual([
      { verb: 'get', target: named, options: {} },
      {
        verb: 'list',
        target: where,
        options: { labelSelector: 'app=web', limit: 5, resourceVersionMatch: 'Exact' },
      },
      {
        verb: 'create',
        target: { ...where, namespace: 'default' },
        options: { dryRun: true, fieldValidation: 'Strict', fieldManager: 'me' },
      },
      { verb: 'update', target: { ...named, subresource: 'status' }, options: {} },
      { verb: 'patch', target: named, options: { type: 'merge', force: true } },
      { verb: 'delete', target: named, options: { gracePeriodSeconds: 0, preconditions } },
    ]);
    expect(verbs.calls[2]?.body).toBe(JSON.stringify(web));
  });

  test('say who calls', async () => {
    await connection.verbs.list({}, pods);
    const { user, userAgent } = verbs.calls[0]?.call ?? {};
    expect(user).toEqual({ name: 'system:admin', groups: ['system:masters', 'system:authenticated'] });
    expect(userAgent).toMatch(/^wh\/0\.1\.0 /);
  });

  test('bring a Status back whole, however long', async () => {
    const errors = Array.from({ length: 2_000 }, (_, i) => ({
      field: `spec.containers[${i}].name`,
      reason: 'FieldValueRequired' as const,
      message: 'Required value: ünd so weiter',
    }));
    const thrown = [
      conflict({ group: 'apps', plural: 'deployments' }, 'web', 'someone was faster'),
      invalid({ group: 'apps', kind: 'Deployment' }, 'web', errors.slice(0, 2)),
      invalid({ group: 'apps', kind: 'Deployment' }, 'web', errors),
    ];
    for (const error of thrown) {
      verbs.before = () => {
        throw error;
      };
      const caught = await connection.verbs.list({}, pods).catch((e: unknown) => e);
      expect(caught).toBeInstanceOf(StatusError);
      const { status } = caught as StatusError;
      if (error === thrown[2]) {
        expect(error.message.startsWith(status.message ?? 'x')).toBe(true);
        expect(status).toMatchObject({ code: 422, reason: 'Invalid', details: { name: 'web' } });
        expect(status.details?.causes?.length).toBeGreaterThan(10);
      } else expect(status).toEqual(error.status);
    }
    expect(faults).toEqual([]);
  });

  test('hide what went wrong inside, and report it', async () => {
    verbs.before = () => {
      throw new Error('password=hunter2');
    };
    const caught = await connection.verbs.get({}, { ...pods, name: 'a' }).catch((e: unknown) => e);
    expect(caught).toMatchObject({ reason: 'InternalError' });
    expect((caught as Error).message).not.toContain('hunter2');
    expect(faults).toEqual([new Error('password=hunter2')]);
  });

  test('bring warnings back, with an answer and with an error', async () => {
    verbs.before = ({ warn }) => warn?.('spec.nope: unknown field "nöpe"');
    const warnings: string[] = [];
    const call = { warn: (text: string) => warnings.push(text) };
    await connection.verbs.create(call, pods, { kind: 'object', object: web });
    await expect(connection.verbs.get(call, { ...pods, name: 'a' })).rejects.toThrow('pods "a" not found');
    expect(warnings).toEqual(['spec.nope: unknown field "nöpe"', 'spec.nope: unknown field "nöpe"']);
  });

  test('stream a long list in chunks, whole and in order', async () => {
    const items = Array.from({ length: 3_000 }, (_, i) => sized(`pod-${i}`, 3_000));
    items.splice(5, 0, sized('large', 1_500_000));
    verbs.listed = { items, resourceVersion: '99', continue: 'next', remainingItemCount: 0 };
    const list = await connection.verbs.list({}, pods);
    expect(list).toMatchObject({ resourceVersion: '99', continue: 'next', remainingItemCount: 0 });
    expect(list.items.length).toBe(items.length);
    expect(list.items.every((item, i) => items[i]?.bytes.equals(item.bytes))).toBe(true);
  });

  test('bring an empty list', async () => {
    verbs.listed = { items: [], resourceVersion: '4' };
    expect(await connection.verbs.list({}, pods)).toEqual({ items: [], resourceVersion: '4' });
  });

  test('watch: events, bookmarks, and a normal end when the signal aborts', async () => {
    const stop = new AbortController();
    const ended = deferred();
    verbs.events = async function* (signal) {
      const object = encoded(web);
      yield [
        { type: 'ADDED', object },
        { type: 'MODIFIED', object },
        { type: 'DELETED', object },
      ];
      yield [{ type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: true }];
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended.resolve();
    };
    const seen: unknown[] = [];
    const options = { resourceVersion: '3', allowBookmarks: true, sendInitialEvents: true };
    for await (const batch of connection.verbs.watch({ signal: stop.signal }, pods, options)) {
      seen.push(...batch.map((e) => (e.type === 'BOOKMARK' ? e : [e.type, e.object.object])));
      if (seen.length === 4) stop.abort();
    }
    expect(seen).toEqual([
      ['ADDED', web],
      ['MODIFIED', web],
      ['DELETED', web],
      { type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: true },
    ]);
    await ended.promise;
    expect(verbs.calls[0]?.options).toEqual(options);
  });

  test('watch: leaving the loop tells the server', async () => {
    const ended = deferred();
    verbs.events = async function* (signal) {
      signal.addEventListener('abort', () => ended.resolve());
      yield [{ type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false }];
      await ended.promise;
    };
    for await (const batch of connection.verbs.watch({}, pods, {})) {
      expect(batch).toHaveLength(1);
      break;
    }
    await ended.promise;
  });

  test('watch: many at once look like no leak', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => warnings.push(message);
    process.on('warning', onWarning);
    verbs.events = async function* () {
      yield [{ type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false }];
      await new Promise(() => {});
    };
    const watches = Array.from({ length: 12 }, () => connection.verbs.watch({}, pods, {}));
    const iterators = watches.map((watch) => watch[Symbol.asyncIterator]());
    try {
      await Promise.all(iterators.map((each) => each.next()));
    } finally {
      await Promise.all(iterators.map(async (each) => each.return?.()));
      process.off('warning', onWarning);
    }
    expect(warnings).toEqual([]);
  });

  test('watch: throws Expired where the server does', async () => {
    verbs.events = async function* (): AsyncIterable<readonly WatchEvent[]> {
      yield [{ type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false }];
      throw new StatusError('Expired', 'too old resource version: 3 (9)');
    };
    const all = async () => {
      for await (const batch of connection.verbs.watch({}, pods, {})) expect(batch).toHaveLength(1);
    };
    await expect(all()).rejects.toMatchObject({ code: 410, reason: 'Expired' });
  });

  test('refuse what is malformed, and stay healthy', async () => {
    const { verbs: remote } = connection;
    await expect(remote.list({}, { ...pods, resource: '' })).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(remote.get({}, { ...pods, name: '' })).rejects.toMatchObject({ reason: 'BadRequest' });
    const patch = { type: 'odd' as 'json', bytes: Buffer.from('[]') };
    await expect(remote.patch({}, { ...pods, name: 'a' }, patch)).rejects.toThrow('Cannot patch: "odd"');
    const big = { kind: 'bytes', contentType: 'application/json', bytes: Buffer.alloc(9_000_000) } as const;
    await expect(remote.create({}, pods, big)).rejects.toMatchObject({ code: 413 });
    expect(await connection.discovery.version({})).toMatchObject({ gitVersion: 'v1.36.2', store: 'memory' });
  });

  test('a call ends with its signal, and tells the server', async () => {
    const stop = new AbortController();
    const arrived = deferred();
    const told = deferred();
    verbs.before = ({ signal }) => {
      signal?.addEventListener('abort', () => told.resolve());
      arrived.resolve();
      return told.promise;
    };
    const waiting = connection.verbs.list({ signal: stop.signal }, pods);
    await arrived.promise;
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ reason: 'Timeout' });
    await told.promise;
  });

  test('serves discovery', async () => {
    expect(String(await connection.discovery.resources({}))).toContain('APIGroupDiscoveryList');
    expect(String(await connection.discovery.openApi({}, 'apis/apps/v1'))).toContain('apis/apps/v1');
  });

  test('stop() ends watches normally and lets calls finish', async () => {
    const arrived = deferred();
    const go = deferred();
    verbs.events = async function* (signal) {
      yield [{ type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false }];
      arrived.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const watching = (async () => {
      for await (const batch of connection.verbs.watch({}, pods, {})) expect(batch).toHaveLength(1);
    })();
    await arrived.promise;
    verbs.before = () => go.promise;
    const slow = connection.verbs.list({}, pods);
    await expect.poll(() => verbs.calls.length).toBe(2);
    const stopping = server.stop(5_000);
    await watching;
    go.resolve();
    expect(await slow).toMatchObject({ resourceVersion: '1' });
    await stopping;
    await expect(connection.verbs.list({}, pods)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });
});
