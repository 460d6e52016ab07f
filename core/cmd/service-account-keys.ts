import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SigningKeys } from '../apiserver/authn/jwt.ts';
import type { Clock } from '../machinery/clock.ts';
import { readIfThere, writeAtomically } from './pem-files.ts';

/**
 * The keys of ServiceAccount tokens in `directory`: `sa.key` signs and is made where it is missing; every other
 * `sa-NAME.key` or `sa-NAME.pub` still verifies.
 */
export function ensureServiceAccountKeys(directory: string): SigningKeys {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'sa.key');
  const signing = createPrivateKey(readIfThere(path) ?? makeKey(path));
  const others = readdirSync(directory).filter((file) => /^sa-.+\.(?:key|pub)$/.test(file));
  const verifying = others.sort().map((file) => createPublicKey(readFileSync(join(directory, file))));
  return { signing, verifying: [createPublicKey(signing), ...verifying] };
}

/** Whether both are the same keys: they sign and verify the same. */
export function sameKeys(one: SigningKeys, other: SigningKeys): boolean {
  const all = ({ signing, verifying }: SigningKeys) => [createPublicKey(signing), ...verifying];
  const [mine, theirs] = [all(one), all(other)];
  return mine.length === theirs.length && mine.every((key, i) => key.equals(theirs[i]!));
}

/** No token lives longer. */
const longestTokenMs = 24 * 3_600_000;

/**
 * `core rotate-service-account-key --data-dir=PATH`: a new key signs from when core next looks, ten minutes later at
 * most. The old one verifies what it has signed for another day and more: its public half is kept as `sa-TIME.pub`,
 * and removed by the first rotation after that.
 */
export function rotateServiceAccountKey(args: readonly string[], clock: Clock): string {
  const { values } = parseArgs({ args: [...args], options: { 'data-dir': { type: 'string' } } });
  if (values['data-dir'] === undefined) throw new Error('--data-dir is required');
  addServiceAccountKey(join(values['data-dir'], 'pki'), clock);
  return 'A new key signs the tokens of ServiceAccounts within ten minutes\n';
}

/** Signs with a new key from now on. */
export function addServiceAccountKey(directory: string, clock: Clock): void {
  const { signing } = ensureServiceAccountKeys(directory);
  const nowMs = clock.now();
  for (const file of readdirSync(directory)) {
    const retiredAtMs = Number(/^sa-(\d+)\.pub$/.exec(file)?.[1] ?? NaN);
    if (retiredAtMs + 2 * longestTokenMs < nowMs) rmSync(join(directory, file));
  }
  const retired = createPublicKey(signing).export({ type: 'spki', format: 'pem' });
  // First: there is no moment at which tokens of the old key are nobody's.
  writeAtomically(join(directory, `sa-${nowMs}.pub`), retired, 0o600);
  makeKey(join(directory, 'sa.key'));
}

function makeKey(path: string): Buffer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeAtomically(path, pem, 0o600);
  return pem;
}
