import { createPrivateKey } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../machinery/clock.ts';
import { certificatesOf } from '../machinery/pki/certificate-bundle.ts';
import { LiveAuthority } from '../machinery/pki/live-authority.ts';
import type { AuthorityKeys } from '../machinery/pki/live-authority.ts';
import { readIfThere, writeAtomically } from './pem-files.ts';

/** Those of a cluster, by the names of their files. Each vouches for one thing only. */
export const authorityNames = [
  'server-ca',
  'client-ca',
  'node-serving-ca',
  'front-proxy-ca',
  'etcd-ca',
] as const;
export type AuthorityName = (typeof authorityNames)[number];

const maxReads = 5;

/**
 * An authority in `directory`: `NAME.crt` holds all that are believed, the one that signs first, so that whoever reads
 * the file believes the same; `NAME.key` is the key of the first, and `NAME.previous.key` that of the other, until it
 * is forgotten. Undefined where there is none. Throws where its key is not there.
 */
export function readAuthority(directory: string, name: AuthorityName): AuthorityKeys | undefined {
  const file = (end: string) => join(directory, `${name}.${end}`);
  for (let attempt = 1; ; attempt++) {
    const bundle = readIfThere(file('crt'));
    if (bundle === undefined) return undefined;
    const keys = ['key', 'next.key', 'previous.key'].flatMap((end) => readIfThere(file(end)) ?? []);
    const pairs = certificatesOf(bundle).map((certificate) => {
      const key = keys.find((one) => isKeyOf(one, certificate));
      return key && { cert: Buffer.from(certificate.toString()), key };
    });
    const [current, previous] = pairs;
    if (current !== undefined && !pairs.includes(undefined)) return { current, previous };
    // It is being replaced just now, or its key is lost.
    if (attempt === maxReads)
      throw new Error(`Cannot use the authority "${file('crt')}": its key is not in "${file('key')}"`);
  }
}

/** As `readAuthority`; makes the first one where there is none. */
export async function ensureAuthority(
  directory: string,
  name: AuthorityName,
  clock: Clock,
): Promise<LiveAuthority> {
  const found = readAuthority(directory, name);
  if (found !== undefined) return new LiveAuthority(found);
  const made = await makeAuthority(name, `CN=wheelhouse-${name}`, clock);
  // The key first: a certificate without its key would be taken for whole.
  writeAtomically(join(directory, `${name}.key`), made.key, 0o600);
  writeAtomically(join(directory, `${name}.crt`), made.cert, 0o644);
  return new LiveAuthority({ current: made, previous: undefined });
}

/** Puts a new authority in its place and believes both. Throws where an older one is still believed. */
export async function rotateAuthority(directory: string, name: AuthorityName, clock: Clock): Promise<void> {
  const { current, previous } = readAuthority(directory, name) ?? {};
  if (current === undefined) throw new Error(`Cannot replace the authority "${name}": there is none yet`);
  if (previous !== undefined)
    throw new Error(`Cannot replace the authority "${name}": the one before it is not forgotten yet`);
  const file = (end: string) => join(directory, `${name}.${end}`);
  // OpenSSL finds who signed a certificate by name, and takes the first of that name.
  const made = await makeAuthority(name, `CN=wheelhouse-${name}-${clock.now()}`, clock);
  // Whoever reads between any two of these finds certificates and their keys.
  writeAtomically(file('next.key'), made.key, 0o600);
  writeAtomically(file('previous.key'), current.key, 0o600);
  writeAtomically(file('crt'), Buffer.concat([made.cert, current.cert]), 0o644);
  renameSync(file('next.key'), file('key'));
}

/** Believes only the newest. Returns whether there was an older one. */
export function forgetPrevious(directory: string, name: AuthorityName): boolean {
  const { current, previous } = readAuthority(directory, name) ?? {};
  if (current === undefined || previous === undefined) return false;
  const file = (end: string) => join(directory, `${name}.${end}`);
  // Should the last step of a rotation not have come to pass.
  writeAtomically(file('key'), current.key, 0o600);
  writeAtomically(file('crt'), current.cert, 0o644);
  rmSync(file('previous.key'), { force: true });
  rmSync(file('next.key'), { force: true });
  return true;
}

async function makeAuthority(name: string, subject: string, clock: Clock) {
  // Making certificates needs much code that reading them does not.
  const { makePair } = await import('../machinery/pki/make-certificate.ts');
  return makePair({ name, subject, use: 'ca' }, clock);
}

function isKeyOf(pem: Buffer, certificate: X509Certificate): boolean {
  return certificate.checkPrivateKey(createPrivateKey(pem));
}
