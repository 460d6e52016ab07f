import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pods, secrets } from '../../core/api/generated/resources.ts';
import type { UserInfo } from '../../core/api/verbs.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { openEncryption, readProgress } from '../../core/cmd/encryption.ts';
import type { Encryption } from '../../core/cmd/encryption.ts';
import { rotateEncryptionKey } from '../../core/cmd/rotate-encryption-key.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { jsonLogger } from '../../core/machinery/logger.ts';
import { EtcdStore } from '../../core/storage/etcd/store.ts';
import type { KeyValueStore } from '../../core/storage/storage.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';
import type { TestEtcd } from '../environment/etcd.ts';
import { hasEtcd, startEtcd } from '../environment/etcd.ts';

const text = 'correct-horse-battery-staple';
const base64 = Buffer.from(text).toString('base64');
const at = (name: string) => ({ namespace: 'default', name });
const keyOf = (name: string) => `/registry/core/secrets/default/${name}`;
const admin: UserInfo = { name: 'admin', groups: ['system:masters'] };

if (!hasEtcd) console.warn('skipped: Secrets in etcd: there is no etcd on the PATH');

describe.skipIf(!hasEtcd)('Secrets in etcd', () => {
  let etcd: TestEtcd;
  let raw: KeyValueStore;
  let dataDirectory: string;
  let lines: string[];
  const log = jsonLogger((line) => lines.push(line), systemClock);

  beforeAll(async () => {
    etcd = await startEtcd();
    raw = new EtcdStore({ endpoints: [etcd.endpoint], clock: systemClock });
  });
  afterAll(async () => {
    await raw.close();
    await etcd.dispose();
  });
  beforeEach(async () => {
    lines = [];
    dataDirectory = mkdtempSync(join(tmpdir(), 'wheelhouse-secrets-'));
    for (const { key } of (await raw.list('/', {})).items)
      await raw.transact([], [{ kind: 'delete', key }], {});
  });
  afterEach(() => rmSync(dataDirectory, { recursive: true }));

  const open = (): Encryption =>
    openEncryption(
      new EtcdStore({ endpoints: [etcd.endpoint], clock: systemClock }),
      join(dataDirectory, 'encryption'),
      systemClock,
      log,
    );
  const start = (): Promise<TestApi> => createTestApi({ store: open().store });
  const create = ({ client }: TestApi, name: string) =>
    client.create(secrets, { metadata: at(name), stringData: { password: text } });
  const stored = async () => Buffer.concat((await raw.list('/', {})).items.map(({ value }) => value));

  test('are not to be read there, in either form, and read as ever through the API and after a restart', async () => {
    {
      await using api = await start();
      await create(api, 'web');
      await api.client.patch(secrets, at('web'), 'merge', { metadata: { labels: { a: 'b' } } });
    }
    const bytes = await stored();
    for (const plain of [text, base64, 'password', '"web"']) expect(bytes.includes(plain)).toBe(false);
    expect(bytes.includes('wh:enc:v1:')).toBe(true);
    // What is no Secret is as it was: other programs may look.
    expect(bytes.includes('kube-system')).toBe(true);

    await using api = await start();
    const secret = await api.client.get(secrets, at('web'));
    expect(secret).toMatchObject({ data: { password: base64 }, metadata: { labels: { a: 'b' } } });
    const { items } = await api.client.list(secrets, { labelSelector: 'a=b' });
    expect(items).toHaveLength(1);
  });

  test('a watch that begins in the past sees them', async () => {
    await using api = await start();
    const { metadata } = await create(api, 'first');
    await create(api, 'second');
    const stop = new AbortController();
    const events = api.client.watch(secrets, {
      resourceVersion: metadata.resourceVersion ?? '',
      signal: stop.signal,
    });
    for await (const [event] of events) {
      expect(event).toMatchObject({ type: 'ADDED', object: { data: { password: base64 } } });
      stop.abort();
    }
  });

  test('of before there was encryption can be read, and are encrypted as soon as core runs', async () => {
    {
      await using api = await createTestApi({
        store: new EtcdStore({ endpoints: [etcd.endpoint], clock: systemClock }),
      });
      await create(api, 'old');
    }
    expect((await stored()).includes(base64)).toBe(true);
    const encryption = open();
    await using api = await createTestApi({ store: encryption.store });
    expect((await api.client.get(secrets, at('old'))).data).toEqual({ password: base64 });
    await runUntilDone(encryption, async () => {});
    expect((await stored()).includes(base64)).toBe(false);
    expect((await api.client.get(secrets, at('old'))).data).toEqual({ password: base64 });
  });

  test('are under a new key when it is rotated, while everything runs', async () => {
    const encryption = open();
    await using api = await createTestApi({ store: encryption.store });
    for (const name of ['a', 'b', 'c']) await create(api, name);
    await runUntilDone(encryption, async () => {
      const before = await stored();
      const said = await rotateEncryptionKey([`--data-dir=${dataDirectory}`, '--forget-old']);
      expect(said).toMatch(
        /^New key [0-9a-f]{16}; 3 Secrets are encrypted under it\.\n1 older keys forgotten\.\n$/,
      );
      const id = /New key (\w+)/.exec(said)?.[1] ?? '';
      expect(before.includes(id)).toBe(false);
      for (const name of ['a', 'b', 'c'])
        expect((await raw.get(keyOf(name), {}))?.value.toString('latin1', 0, 40)).toContain(id);
      await api.client.patch(secrets, at('a'), 'merge', { stringData: { more: text } });
      expect((await api.client.get(secrets, at('a'))).data).toEqual({ password: base64, more: base64 });
    });
    await using again = await start();
    expect((await again.client.get(secrets, at('b'))).data).toEqual({ password: base64 });
  });

  test('that were changed in the store are named in one clear error, and nothing else suffers', async () => {
    {
      await using api = await start();
      for (const name of ['fine', 'moved', 'bad']) await create(api, name);
      await api.client.create(pods, {
        metadata: at('web'),
        spec: { containers: [{ name: 'web', image: 'web:1' }] },
      });
    }
    const { value } = (await raw.get(keyOf('bad'), {})) ?? { value: Buffer.alloc(0) };
    const tampered = Buffer.from(value);
    tampered[value.length - 1] = (tampered[value.length - 1] ?? 0) ^ 1;
    const other = (await raw.get(keyOf('fine'), {}))?.value ?? Buffer.alloc(0);
    await raw.transact(
      [],
      [
        { kind: 'put', key: keyOf('bad'), value: tampered },
        { kind: 'put', key: keyOf('moved'), value: other },
      ],
      {},
    );
    const errors: unknown[] = [];
    const api = await createTestApi({ store: open().store });
    try {
      const client = createClient(api.verbs, { user: admin });
      const refused = (name: string) => ({
        status: { code: 500, reason: 'StorageReadError', details: { name, kind: 'Secret' } },
        message: `Cannot read secrets "default/${name}": Cannot decrypt "${keyOf(name)}": its bytes were changed, cut short, or belong to another object`,
      });
      for (const name of ['bad', 'moved']) {
        await expect(client.get(secrets, at(name))).rejects.toMatchObject(refused(name));
        await expect(client.delete(secrets, at(name))).rejects.toMatchObject(refused(name));
        await expect(
          client.create(secrets, { metadata: at(name), stringData: { a: 'b' } }),
        ).rejects.toMatchObject(refused(name));
      }
      await expect(client.list(secrets, { namespace: 'default' })).rejects.toMatchObject({
        status: { reason: 'StorageReadError' },
      });
      await expect(client.list(secrets, { namespace: 'kube-system' })).resolves.toMatchObject({ items: [] });
      await expect(client.get(secrets, at('fine'))).resolves.toMatchObject({ data: { password: base64 } });
      await expect(client.list(pods)).resolves.toMatchObject({ items: [{}] });
      // Once it is gone, or as it was, so is the error.
      await client.delete(secrets, at('moved'), { ignoreStoreReadErrorWithClusterBreakingPotential: true });
      expect(await raw.get(keyOf('moved'), {})).toBeUndefined();
      await raw.transact([], [{ kind: 'put', key: keyOf('bad'), value }], {});
      await expect(client.get(secrets, at('moved'))).rejects.toMatchObject({ reason: 'NotFound' });
      await api.api.registry.storeFor(secrets).cache.waitForCurrent();
      await expect(client.list(secrets, { namespace: 'default' })).resolves.toMatchObject({
        items: [{}, {}],
      });
    } finally {
      // Each is told of in the log, without what is in it.
      await api.close().catch((error: unknown) => errors.push(error));
    }
    const told = JSON.stringify(errors, (_key, one: unknown) =>
      one instanceof AggregateError
        ? one.errors.map((each: Error) => `${each.message} ${String(each.cause)}`)
        : one,
    );
    expect(told).toContain(`Cannot decode \\"${keyOf('bad')}\\"`);
    expect(told).not.toContain(base64);
  });

  /** Runs the part that follows the keys, beside `during`, until it has nothing left to do. */
  async function runUntilDone(encryption: Encryption, during: () => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const running = encryption.run(stop.signal);
    try {
      await during();
      await expect
        .poll(() => readProgress(join(dataDirectory, 'encryption'))?.unreadable, { timeout: 20_000 })
        .toEqual([]);
    } finally {
      stop.abort();
      await running;
    }
  }
});
