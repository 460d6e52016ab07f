import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/machinery/clock.ts';
import { EtcdStore } from '../../core/storage/etcd/store.ts';
import type { TestEtcd } from '../environment/etcd.ts';
import { hasEtcd, startEtcd } from '../environment/etcd.ts';
import { put, text } from './storage-helpers.ts';

const possible = hasEtcd && spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!possible)(
  'the etcd store over TLS (skipped without "etcd" and "openssl" on the PATH)',
  () => {
    let folder: string;
    let etcd: TestEtcd;
    const file = (name: string) => join(folder, name);

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'wheelhouse-tls-'));
      makeCertificates(folder);
      etcd = await startEtcd({
        tls: { ca: file('ca.crt'), cert: file('server.crt'), key: file('server.key') },
      });
    });
    afterAll(async () => {
      await etcd.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    test('is let in with a certificate and trusts only its authority', async () => {
      const [ca, cert, key] = await Promise.all(
        ['ca.crt', 'client.crt', 'client.key'].map((name) => readFile(file(name))),
      );
      const store = new EtcdStore({ endpoints: [etcd.endpoint], ca, cert, key, clock: systemClock });
      await put(store, '/registry/a', 'secret');
      expect(text(await store.get('/registry/a', {}))).toBe('secret');
      await store.close();
      for (const credentials of [{ ca }, { ca: cert, cert, key }]) {
        const stranger = new EtcdStore({
          endpoints: [etcd.endpoint],
          clock: systemClock,
          timeoutMs: 700,
          ...credentials,
        });
        await expect(stranger.health({})).rejects.toMatchObject({ reason: 'unavailable' });
        await stranger.close();
      }
    });
  },
);

/** An authority, and a server's and a client's key signed by it. */
function makeCertificates(folder: string): void {
  const make = (name: string, options: string) =>
    execFileSync(
      'openssl',
      `req -x509 -days 2 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=${name} -keyout ${name}.key -out ${name}.crt ${options}`
        .trim()
        .split(' '),
      { cwd: folder, stdio: 'pipe' },
    );
  make('ca', '');
  for (const name of ['server', 'client']) {
    make(
      name,
      '-CA ca.crt -CAkey ca.key -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:false',
    );
  }
}
