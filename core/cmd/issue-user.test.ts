import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../machinery/clock.ts';
import { issueUser } from './issue-user.ts';
import { ensurePki } from './pki.ts';
import type { Pki } from './pki.ts';

const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-user-'));
let pki: Pki;

beforeAll(async () => {
  pki = await ensurePki(join(directory, 'pki'), systemClock);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const issue = (...args: readonly string[]) => issueUser([`--data-dir=${directory}`, ...args]);

describe('a certificate for a user', () => {
  test('names them and their groups, and is signed by the authority of clients', async () => {
    const printed = await issue('--user=ann@example.com', '--group=developers', '--group=team:a');
    const { cert, key } = JSON.parse(printed) as { readonly cert: string; readonly key: string };
    const certificate = new X509Certificate(cert);
    expect(certificate.subject.split('\n')).toEqual(['O=developers', 'O=team:a', 'CN=ann@example.com']);
    expect(certificate.verify(new X509Certificate(pki.clientCa.cert).publicKey)).toBe(true);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(key).toContain('-----BEGIN PRIVATE KEY-----');
  });

  test.each(['--user=', '--user=../ann', '--user=ann, O=system:masters', '--user=ann+O=system:masters'])(
    'is not made where a name would be read as something else: %s',
    async (flag) => {
      await expect(issue(flag)).rejects.toThrow(/^Cannot make a certificate for ".*": /);
      await expect(issue('--user=ann', flag.replace('user', 'group'))).rejects.toThrow(/^Cannot make/);
    },
  );

  test('needs to be told where the cluster is', async () => {
    await expect(issueUser(['--user=ann'])).rejects.toThrow('--data-dir is required');
  });
});
