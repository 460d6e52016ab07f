import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectEventually } from '../../test/expectations/eventually.ts';
import { certificatesOf } from '../machinery/pki/certificate-bundle.ts';
import type { KeyPair } from '../machinery/pki/key-pair.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { ensureAuthority, forgetPrevious, readAuthority, rotateAuthority } from './authorities.ts';
import { readAuthoritiesInUse, writeAuthoritiesInUse } from './authorities-in-use.ts';
import { ensureEtcdPki } from './etcd-pki.ts';
import { runPkiRenewal } from './pki-renewal.ts';
import { ensurePki } from './pki.ts';
import { forgetAuthorities, rotateAuthorities } from './rotate-authorities.ts';

let directory: string;
let clock: SteppedClock;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wheelhouse-authorities-'));
  clock = new SteppedClock();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const issuerOf = ({ cert }: KeyPair) => new X509Certificate(cert).issuer;
const subjectsIn = (file: string) =>
  certificatesOf(readFileSync(join(directory, file))).map(({ subject }) => subject);

describe('an authority', () => {
  test('is made once, and read with its key ever after', async () => {
    const made = await ensureAuthority(directory, 'client-ca', clock);
    const again = await ensureAuthority(directory, 'client-ca', clock);
    expect(again.keys).toEqual({ current: { cert: made.cert, key: made.key }, previous: undefined });
    expect(subjectsIn('client-ca.crt')).toEqual(['CN=wheelhouse-client-ca']);
    expect(readAuthority(directory, 'etcd-ca')).toBeUndefined();
  });

  test('stands beside the one before it, first, until that is forgotten', async () => {
    const old = await ensureAuthority(directory, 'client-ca', clock);
    await rotateAuthority(directory, 'client-ca', clock);
    const both = readAuthority(directory, 'client-ca');
    expect(both?.previous).toEqual({ cert: old.cert, key: old.key });
    expect(subjectsIn('client-ca.crt')).toEqual([
      `CN=wheelhouse-client-ca-${clock.now()}`,
      'CN=wheelhouse-client-ca',
    ]);
    await expect(rotateAuthority(directory, 'client-ca', clock)).rejects.toThrow('is not forgotten yet');
    expect(forgetPrevious(directory, 'client-ca')).toBe(true);
    expect(readAuthority(directory, 'client-ca')).toEqual({ current: both?.current, previous: undefined });
    expect(existsSync(join(directory, 'client-ca.previous.key'))).toBe(false);
    expect(forgetPrevious(directory, 'client-ca')).toBe(false);
  });

  test('is whole after a rotation that was interrupted, and can be forgotten then', async () => {
    const old = await ensureAuthority(directory, 'client-ca', clock);
    await rotateAuthority(directory, 'client-ca', clock);
    const done = readAuthority(directory, 'client-ca');
    // As it is before the last step.
    renameSync(join(directory, 'client-ca.key'), join(directory, 'client-ca.next.key'));
    writeFileSync(join(directory, 'client-ca.key'), old.key);
    expect(readAuthority(directory, 'client-ca')).toEqual(done);
    expect(forgetPrevious(directory, 'client-ca')).toBe(true);
    expect(readAuthority(directory, 'client-ca')).toEqual({ current: done?.current, previous: undefined });
  });

  test('without its key is named, and not made anew', async () => {
    await ensureAuthority(directory, 'client-ca', clock);
    rmSync(join(directory, 'client-ca.key'));
    await expect(ensureAuthority(directory, 'client-ca', clock)).rejects.toThrow(
      'client-ca.crt": its key is not in',
    );
  });
});

describe('what a replaced authority signed', () => {
  test('is made anew where core is shown it, and kept where others may not know better', async () => {
    const before = await ensurePki(directory, clock, ['a']);
    for (const name of ['server-ca', 'client-ca', 'front-proxy-ca'] as const)
      await rotateAuthority(directory, name, clock);
    const during = await ensurePki(directory, clock, ['a']);
    for (const pair of [during.admin, during.nodes[0]!])
      expect(issuerOf(pair)).toBe(`CN=wheelhouse-client-ca-${clock.now()}`);
    expect(during.server.cert).toEqual(before.server.cert);
    expect(during.frontProxyClient.cert).toEqual(before.frontProxyClient.cert);
    for (const name of ['server-ca', 'client-ca', 'front-proxy-ca'] as const) forgetPrevious(directory, name);
    const after = await ensurePki(directory, clock, ['a']);
    expect(after.admin).toEqual(during.admin);
    expect(issuerOf(after.server)).toBe(`CN=wheelhouse-server-ca-${clock.now()}`);
    expect(issuerOf(after.frontProxyClient)).toBe(`CN=wheelhouse-front-proxy-ca-${clock.now()}`);
  });

  test('is not made anew before core believes the new one', async () => {
    const pki = await ensurePki(directory, clock, ['a']);
    await rotateAuthority(directory, 'client-ca', clock);
    const again = await ensurePki(directory, clock, ['a'], pki);
    expect(again.nodes).toEqual(pki.nodes);
  });

  test('is taken up by a core that runs, which believes before it shows', async () => {
    const pki = await ensurePki(directory, clock);
    const stop = new AbortController();
    const seen: string[] = [];
    pki.clientCa.onReplaced(() => seen.push('believes'));
    const running = runPkiRenewal(
      {
        async ensure() {
          const { admin, server } = await ensurePki(directory, clock, [], pki);
          if (issuerOf(admin) !== 'CN=wheelhouse-client-ca') seen.push('shows');
          return { server };
        },
        pairs: { server: pki.server },
        authorities: {
          live: { 'client-ca': pki.clientCa },
          read: () => readAuthority(directory, 'client-ca'),
        },
        onTakenUp: () => seen.push('done'),
        clock,
        log: { info: () => undefined, error: () => undefined },
      },
      stop.signal,
    );
    await rotateAuthority(directory, 'client-ca', clock);
    await expectEventually(
      clock,
      () => expect(seen.slice(-3)).toEqual(['believes', 'shows', 'done']),
      700_000,
    );
    expect(certificatesOf(pki.clientCa.bundle)).toHaveLength(2);
    stop.abort();
    await running;
  });
});

describe('the command', () => {
  const core = async () => {
    const pkiDirectory = join(directory, 'pki');
    const pki = await ensurePki(pkiDirectory, clock);
    await ensureEtcdPki(pkiDirectory, clock);
    return { pkiDirectory, pki };
  };
  const inUse = (pkiDirectory: string) =>
    writeAuthoritiesInUse(pkiDirectory, {
      'client-ca': { bundle: readFileSync(join(pkiDirectory, 'client-ca.crt')) },
    });

  test('replaces all authorities and the key of tokens, and then forgets the old ones', async () => {
    const { pkiDirectory } = await core();
    const args = [`--data-dir=${directory}`, '--timeout=0'];
    expect(await rotateAuthorities(args)).toBe(
      'New authorities beside the old ones: server-ca, client-ca, node-serving-ca, front-proxy-ca, etcd-ca; core believes them when it runs.\n',
    );
    expect(existsSync(join(pkiDirectory, 'sa.key'))).toBe(true);
    await expect(rotateAuthorities(args)).rejects.toThrow('those before them are not forgotten yet');
    inUse(pkiDirectory);
    expect(await forgetAuthorities(args)).toMatch(/^Old authorities forgotten: server-ca, .*; by core when/);
    inUse(pkiDirectory);
    expect(await forgetAuthorities(args)).toBe('There are no old authorities.\n');
  });

  test('waits for a core that runs', async () => {
    const { pkiDirectory } = await core();
    inUse(pkiDirectory);
    const rotating = rotateAuthorities([`--data-dir=${directory}`, '--timeout=30']);
    await expect
      .poll(() => readAuthority(pkiDirectory, 'etcd-ca')?.previous, { timeout: 20_000 })
      .toBeDefined();
    expect(readAuthoritiesInUse(pkiDirectory)?.['client-ca']).toHaveLength(1);
    inUse(pkiDirectory);
    expect(await rotating).toMatch(/etcd-ca\.\n$/);
  });

  test('goes on where it was interrupted', async () => {
    const { pkiDirectory } = await core();
    await rotateAuthority(pkiDirectory, 'server-ca', clock);
    expect(await rotateAuthorities([`--data-dir=${directory}`, '--timeout=0'])).toContain(
      'old ones: client-ca, node-serving-ca, front-proxy-ca, etcd-ca;',
    );
  });

  test('does nothing where there is no cluster', async () => {
    await expect(rotateAuthorities([`--data-dir=${directory}`])).rejects.toThrow('core makes the first');
    await expect(rotateAuthorities([])).rejects.toThrow('Usage: core rotate-authorities');
    await expect(forgetAuthorities(['--data-dir=a', '--timeout=soon'])).rejects.toThrow('Usage');
  });
});
