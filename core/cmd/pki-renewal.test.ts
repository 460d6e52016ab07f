import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectEventually } from '../../test/expectations/eventually.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { ensureEtcdPki } from './etcd-pki.ts';
import { runPkiRenewal } from './pki-renewal.ts';
import { ensurePki } from './pki.ts';

const dayMs = 24 * 3_600_000;
let directory: string;
let clock: SteppedClock;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wheelhouse-pki-'));
  clock = new SteppedClock();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const endOf = ({ cert }: { readonly cert: Buffer }) => Date.parse(new X509Certificate(cert).validTo);
const isOf = ({ cert }: { readonly cert: Buffer }, ca: { readonly cert: Buffer }) =>
  new X509Certificate(cert).verify(new X509Certificate(ca.cert).publicKey);

describe('certificates', () => {
  test('are replaced while they are used, a month before they end', async () => {
    const pki = await ensurePki(directory, clock, ['a']);
    const first = { server: pki.server.cert, node: pki.nodes[0]?.cert };
    let renewals = 0;
    pki.server.onReplaced(() => renewals++);
    const stop = new AbortController();
    let looks = 0;
    const running = runPkiRenewal(
      {
        async ensure() {
          looks++;
          if (looks === 1) throw new Error('the disk is full');
          const { server, frontProxyClient } = await ensurePki(directory, clock, ['a']);
          return { server, frontProxyClient };
        },
        pairs: { server: pki.server, frontProxyClient: pki.frontProxyClient },
        clock,
        log: { info: () => undefined, error: () => undefined },
      },
      stop.signal,
    );
    await expectEventually(clock, () => expect(looks).toBe(2), 3_600_000);
    expect(pki.server.cert).toBe(first.server);
    clock.advance(336 * dayMs);
    await expect
      .poll(
        async () => {
          await clock.advanceAsync(600_000);
          return renewals;
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    expect(endOf(pki.server)).toBeGreaterThan(clock.now() + 364 * dayMs);
    expect(endOf(pki.frontProxyClient)).toBeGreaterThan(clock.now() + 364 * dayMs);
    expect(isOf(pki.server, pki.serverCa)).toBe(true);
    stop.abort();
    await running;
    const again = await ensurePki(directory, clock, ['a']);
    expect(again.serverCa.cert).toEqual(pki.serverCa.cert);
    expect(again.server.cert).toEqual(pki.server.cert);
    expect(again.nodes[0]?.cert).not.toEqual(first.node);
  });

  test('of etcd are of an authority that vouches for nothing else', async () => {
    const [pki, etcd] = await Promise.all([ensurePki(directory, clock), ensureEtcdPki(directory, clock)]);
    const authorities = [pki.serverCa, pki.clientCa, pki.nodeServingCa, pki.frontProxyCa, etcd.ca];
    const signs = (pair: { readonly cert: Buffer }) => authorities.map((ca) => isOf(pair, ca));
    expect(signs(pki.server)).toEqual([true, false, false, false, false]);
    expect(signs(pki.admin)).toEqual([false, true, false, false, false]);
    expect(signs(pki.frontProxyClient)).toEqual([false, false, false, true, false]);
    expect(signs(etcd.client)).toEqual([false, false, false, false, true]);
    clock.advance(340 * dayMs);
    const later = await ensureEtcdPki(directory, clock);
    expect(later.ca.cert).toEqual(etcd.ca.cert);
    expect(endOf(later.client)).toBeGreaterThan(endOf(etcd.client));
  });
});
