import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { SigningKeys } from '../apiserver/authn/jwt.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import type { KeyPair } from '../machinery/pki/key-pair.ts';
import type { AuthorityKeys, LiveAuthority } from '../machinery/pki/live-authority.ts';
import type { LivePair } from '../machinery/pki/live-pair.ts';
import { untilChange } from './directory-changes.ts';
import type { DirectoryChanges } from './directory-changes.ts';
import { sameKeys } from './service-account-keys.ts';

/** The keys of ServiceAccount tokens, which somebody may rotate. */
export interface KeysInUse {
  readonly read: () => SigningKeys;
  readonly use: (keys: SigningKeys) => void;
}

/** Authorities, which somebody may replace. */
export interface AuthoritiesInUse {
  readonly live: Readonly<Record<string, LiveAuthority>>;
  /** What there is by that name now. */
  readonly read: (name: string) => AuthorityKeys | undefined;
}

export interface PkiRenewalOptions {
  /** Makes anew what is about to end, and reads the rest. */
  readonly ensure: () => Promise<Readonly<Record<string, KeyPair>>>;
  /** Those in use, under the same names. */
  readonly pairs: Readonly<Record<string, LivePair>>;
  readonly authorities?: AuthoritiesInUse | undefined;
  readonly serviceAccountKeys?: KeysInUse | undefined;
  /** Where somebody may replace them; looked at only from time to time without. */
  readonly changes?: DirectoryChanges | undefined;
  /** All that was found is in use. */
  readonly onTakenUp?: (() => void) | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

/** Far more often than certificates need it, so that a pair that somebody replaces by hand is soon taken up. */
const everyMs = 10 * 60 * 1000;

/** Renews pairs in time, and takes up those that were put in their place, until the signal aborts. */
export async function runPkiRenewal(options: PkiRenewalOptions, signal: AbortSignal): Promise<void> {
  const { ensure, pairs, authorities, serviceAccountKeys, log } = options;
  const next = untilChange({ ...options, everyMs }, signal);
  let keys = serviceAccountKeys?.read();
  for (;;) {
    await next();
    if (signal.aborted) return;
    try {
      // Before anybody shows what a new one signed: a connection is believed or not when it is made.
      for (const [name, authority] of Object.entries(authorities?.live ?? {})) {
        const found = authorities?.read(name);
        if (found !== undefined && authority.replace(found))
          log.info('Believes other authorities from now on', { name });
      }
      const certified = await ensure();
      for (const [name, pair] of Object.entries(pairs)) {
        const found = certified[name];
        // One of its two files may have been replaced a moment before the other.
        if (found === undefined || !belongTogether(found)) continue;
        if (pair.replace(found)) log.info('Uses a new certificate from now on', { name });
      }
      const found = serviceAccountKeys?.read();
      if (found !== undefined && keys !== undefined && !sameKeys(keys, found)) {
        keys = found;
        serviceAccountKeys?.use(found);
        log.info('Signs tokens with other keys from now on', { verifying: found.verifying.length });
      }
      options.onTakenUp?.();
    } catch (error) {
      log.error('Cannot renew certificates and keys', error);
    }
  }
}

function belongTogether({ cert, key }: KeyPair): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}
