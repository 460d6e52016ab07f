import { afterAll, beforeAll, describe, test } from 'vitest';
import { systemClock } from '../../core/machinery/clock.ts';
import { EtcdStore } from '../../core/storage/etcd/store.ts';
import { MemoryStore } from '../../core/storage/memory/store.ts';
import type { TestEtcd } from '../environment/etcd.ts';
import { hasEtcd, startEtcd } from '../environment/etcd.ts';
import { storageCases } from './storage-cases.ts';

storageCases('memory', async () => new MemoryStore());

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
