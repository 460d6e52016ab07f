import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../machinery/clock.ts';
import type { LiveAuthority } from '../machinery/pki/live-authority.ts';
import { LivePair } from '../machinery/pki/live-pair.ts';
import { ensureAuthority } from './authorities.ts';
import { ensurePair } from './pki.ts';

/** What core and the etcd it started show each other, of an authority that vouches for nothing else. */
export interface EtcdPki {
  readonly ca: LiveAuthority;
  /** Core's own: whoever has it may do everything to the store. */
  readonly client: LivePair;
  /** PEM files, as etcd wants them. It reads all but `ca` anew for every connection. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Reads the certificates in `directory`, making those that are missing, about to end, or of another authority. */
export async function ensureEtcdPki(
  directory: string,
  clock: Clock,
  given?: LiveAuthority,
): Promise<EtcdPki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ca = given ?? (await ensureAuthority(directory, 'etcd-ca', clock));
  const [, client] = await Promise.all([
    ensurePair(
      directory,
      {
        name: 'etcd-server',
        subject: 'CN=etcd',
        use: 'peer',
        addresses: ['127.0.0.1', 'localhost'],
        signer: ca,
      },
      clock,
    ),
    ensurePair(directory, { name: 'etcd-client', subject: 'CN=core', use: 'client', signer: ca }, clock),
  ]);
  const file = (name: string) => join(directory, name);
  return {
    ca,
    client: new LivePair(client),
    files: { ca: file('etcd-ca.crt'), cert: file('etcd-server.crt'), key: file('etcd-server.key') },
  };
}
