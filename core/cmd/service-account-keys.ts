import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SigningKeys } from '../apiserver/authn/jwt.ts';

/**
 * The keys of ServiceAccount tokens in `directory`: `sa.key` signs and is made where it is missing; every other
 * `sa-NAME.key` or `sa-NAME.pub` still verifies. To replace the key, rename it to `sa-old.key` and start core again;
 * remove that one when the last token it signed has ended, a day later at most.
 */
export function ensureServiceAccountKeys(directory: string): SigningKeys {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'sa.key');
  const signing = createPrivateKey(readKey(path) ?? makeKey(path));
  const others = readdirSync(directory).filter((file) => /^sa-.+\.(?:key|pub)$/.test(file));
  const verifying = others.sort().map((file) => createPublicKey(readFileSync(join(directory, file))));
  return { signing, verifying: [createPublicKey(signing), ...verifying] };
}

function readKey(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function makeKey(path: string): Buffer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, pem, { mode: 0o600 });
  renameSync(temporary, path);
  return pem;
}
