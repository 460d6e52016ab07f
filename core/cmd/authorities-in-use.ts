import { join } from 'node:path';
import { certificatesOf } from '../machinery/pki/certificate-bundle.ts';
import type { LiveAuthority } from '../machinery/pki/live-authority.ts';
import type { AuthorityName } from './authorities.ts';
import { readIfThere, writeAtomically } from './pem-files.ts';

/** Fingerprints of those that are believed, the one that signs first. */
export type AuthoritiesInUse = Readonly<Partial<Record<AuthorityName, readonly string[]>>>;

const file = 'in-use.json';

/** For whoever replaces authorities: which ones a running core believes by now. Writes only what is new. */
export function writeAuthoritiesInUse(
  directory: string,
  authorities: Readonly<Partial<Record<AuthorityName, Pick<LiveAuthority, 'bundle'>>>>,
): void {
  const inUse = Object.entries(authorities).map(([name, { bundle }]) => [name, fingerprints(bundle)]);
  const text = JSON.stringify(Object.fromEntries(inUse));
  const path = join(directory, file);
  if (readIfThere(path)?.toString() !== text) writeAtomically(path, text, 0o600);
}

/** Undefined until a core has run. */
export function readAuthoritiesInUse(directory: string): AuthoritiesInUse | undefined {
  const text = readIfThere(join(directory, file));
  return text === undefined ? undefined : (JSON.parse(text.toString()) as AuthoritiesInUse);
}

export function fingerprints(bundle: Buffer): readonly string[] {
  return certificatesOf(bundle).map(({ fingerprint256 }) => fingerprint256);
}
