import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgetPrevious, rotateAuthority } from '../../core/cmd/authorities.ts';
import { openStore } from '../../core/cmd/open-store.ts';
import type { OpenStore } from '../../core/cmd/open-store.ts';
import { parseOptions } from '../../core/cmd/options.ts';
import { ensureEtcdPki } from '../../core/cmd/etcd-pki.ts';
import type { EtcdPki } from '../../core/cmd/etcd-pki.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { jsonLogger } from '../../core/machinery/logger.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { hasEtcd } from '../environment/etcd.ts';
import { freePorts } from '../environment/free-port.ts';

if (!hasEtcd) console.warn('skipped: the etcd that core starts: etcd is not installed');

describe.skipIf(!hasEtcd)('the etcd that core starts', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-own-etcd-'));
  let ports: readonly number[];
  let opened: OpenStore;
  let pki: EtcdPki;

  beforeAll(async () => {
    ports = await freePorts(2);
    const [port, peerPort] = ports;
    const options = parseOptions([
      `--data-dir=${directory}`,
      '--store=etcd',
      `--etcd-port=${port}`,
      `--etcd-peer-port=${peerPort}`,
    ]);
    if (options === 'help') throw new Error('The test asked for no help');
    opened = await openStore(
      options,
      systemClock,
      jsonLogger(() => undefined, systemClock),
    );
    pki = await ensureEtcdPki(join(directory, 'pki'), systemClock);
    await opened.store.health({ signal: AbortSignal.timeout(20_000) });
  });
  afterAll(async () => {
    await opened.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Whether a connection with TLS is let in to say something; TLS 1.3 tells refusals only then. */
  async function isLetIn(port: number, shown: ConnectionOptions): Promise<boolean> {
    const socket = connectTls({
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      ca: pki.ca.cert,
      ...shown,
    });
    socket.once('end', () => socket.destroy(new Error('It said nothing')));
    try {
      await once(socket, 'secureConnect');
      socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
      await once(socket, 'data');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  test('serves core, and nobody without a certificate of its own authority', async () => {
    const stranger = { name: 'a', subject: 'CN=core', use: 'client' } as const;
    const otherCa = await makePair({ name: 'ca', subject: 'CN=wheelhouse-etcd-ca', use: 'ca' }, systemClock);
    const other = await makePair({ ...stranger, signer: otherCa }, systemClock);
    for (const port of ports) {
      expect(await isLetIn(port, {}), `no certificate on ${port}`).toBe(false);
      expect(await isLetIn(port, { cert: other.cert, key: other.key }), `another on ${port}`).toBe(false);
    }
    const { cert, key } = pki.client;
    expect(await isLetIn(ports[0] ?? 0, { cert, key })).toBe(true);
  });

  test('does not speak without TLS', async () => {
    for (const port of ports) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      let said = '';
      socket.on('data', (data: Buffer) => (said += data.toString('latin1')));
      socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
      await new Promise((resolve) => {
        socket.once('close', resolve);
      });
      expect(said).not.toContain('health');
    }
  });

  test('follows when its authority is replaced, with all that it holds', async () => {
    const pkiDirectory = join(directory, 'pki');
    const { store } = opened;
    const value = Buffer.from('kept');
    const created = await store.transact(
      [{ key: '/registry/a', modRevision: 0 }],
      [{ kind: 'put', key: '/registry/a', value }],
      {},
    );
    expect(created.committed).toBe(true);
    const old = { cert: pki.client.cert, key: pki.client.key };
    const [port = 0] = ports;

    await rotateAuthority(pkiDirectory, 'etcd-ca', systemClock);
    await opened.renewCertificates?.();
    pki = await ensureEtcdPki(pkiDirectory, systemClock);
    const fresh = { cert: pki.client.cert, key: pki.client.key };
    expect(fresh.cert).not.toEqual(old.cert);
    const ca = pki.ca.bundle;
    expect([await isLetIn(port, { ...old, ca }), await isLetIn(port, { ...fresh, ca })]).toEqual([
      true,
      true,
    ]);
    expect((await store.get('/registry/a', {}))?.value).toEqual(value);

    forgetPrevious(pkiDirectory, 'etcd-ca');
    await opened.renewCertificates?.();
    const only = pki.ca.cert;
    expect(await isLetIn(port, { ...old, ca: only })).toBe(false);
    expect(await isLetIn(port, { ...fresh, ca: only })).toBe(true);
    expect((await store.get('/registry/a', {}))?.value).toEqual(value);
    // Nothing has changed since.
    await opened.renewCertificates?.();
  });
});
