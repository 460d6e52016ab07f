import { readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { TlsOptions } from '../../core/client/grpc/connection.ts';
import type { AgentFlags } from './flags.ts';

type Files = NonNullable<AgentFlags['certificates']>;

/** What core is shown, read anew for every connection: the files may be replaced while the agent runs. */
export function certificatesOf({ ca, cert, key }: Files): TlsOptions {
  return {
    get ca() {
      return readFileSync(ca);
    },
    get cert() {
      return readFileSync(cert);
    },
    get key() {
      return readFileSync(key);
    },
  };
}

/** Tells of another certificate in the file, until the signal aborts. */
export function onCertificateReplaced({ cert }: Files, signal: AbortSignal, replaced: () => void): void {
  let known = readFileSync(cert);
  const watcher = watch(dirname(cert), { signal, persistent: false }, (_event, name) => {
    if (name !== basename(cert)) return;
    try {
      const found = readFileSync(cert);
      if (found.equals(known)) return;
      known = found;
      replaced();
    } catch {
      // It is being replaced: there is another event when it is there.
    }
  });
  // Where it cannot be watched, the agent shows the new one when it connects next.
  watcher.on('error', () => watcher.close());
}
