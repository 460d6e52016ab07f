import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { systemClock } from '../../core/machinery/clock.ts';
import { EmbeddedStore } from '../../core/storage/embedded/store.ts';
import { encryptedStore } from '../../core/storage/encryption/encrypted-store.ts';
import { envelopeBytes } from '../../core/storage/encryption/envelope.ts';
import { KeyRing, newKey } from '../../core/storage/encryption/key-ring.ts';
import { EtcdStore } from '../../core/storage/etcd/store.ts';
import { MemoryStore } from '../../core/storage/memory/store.ts';
import { maxValueBytes } from '../../core/storage/storage.ts';
import type { TestEtcd } from '../environment/etcd.ts';
import { hasEtcd, startEtcd } from '../environment/etcd.ts';
import { storageCases } from './storage-cases.ts';

storageCases('memory', async () => new MemoryStore());

const ring = new KeyRing([newKey()]);
storageCases(
  'encrypted',
  async () => encryptedStore({ store: new MemoryStore(), ring: () => ring, prefixes: [''] }),
  maxValueBytes - envelopeBytes,
);

describe('in a folder of its own', () => {
  let folder: string;
  let opened = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wheelhouse-embedded-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  storageCases('embedded', async () => EmbeddedStore.open({ path: join(folder, `${++opened}`) }));
});

if (hasEtcd) {
  describe('with a private etcd', () => {
    let etcd: TestEtcd;
    beforeAll(async () => {
      etcd = await startEtcd();
    });
    afterAll(async () => {
      await etcd.dispose();
    });
    storageCases('etcd', async () => new EtcdStore({ endpoints: [etcd.endpoint], clock: systemClock }));
  });
} else {
  test.skip('the etcd store: there is no "etcd" program on the PATH', () => {});
}
