import { existsSync, mkdirSync, readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TlsOptions } from '../../core/client/grpc/connection.ts';
import type { Profile } from './profile.ts';

/** Where core keeps a cluster's certificates. */
export function pkiFile(profile: Profile, file: string): string {
  return join(profile.coreDirectory, 'pki', file);
}

/** The administrator's, of a cluster on this machine; undefined until core has made them. */
export function administratorTls(profile: Profile): TlsOptions | undefined {
  try {
    const read = (file: string) => readFileSync(pkiFile(profile, file));
    return { ca: read('server-ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Resolves when the file is there; core writes each certificate after its key, whole. Rejects when aborted. */
export async function untilMade(path: string, signal: AbortSignal): Promise<void> {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await new Promise<void>((resolve, reject) => {
    signal.throwIfAborted();
    const watcher = watch(directory, () => look());
    const end = (settle: () => void) => {
      watcher.close();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => end(() => reject(signal.reason as Error));
    const look = () => {
      if (existsSync(path)) end(resolve);
    };
    watcher.on('error', (error) => end(() => reject(error)));
    signal.addEventListener('abort', onAbort, { once: true });
    look();
  });
}
