import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { SigningKeys } from '../apiserver/authn/jwt.ts';
import { sleep } from '../machinery/clock.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import type { KeyPair } from '../machinery/pki/key-pair.ts';
import type { LivePair } from '../machinery/pki/live-pair.ts';
import { sameKeys } from './service-account-keys.ts';

/** The keys of ServiceAccount tokens, which somebody may rotate. */
export interface KeysInUse {
  readonly read: () => SigningKeys;
  readonly use: (keys: SigningKeys) => void;
}

export interface PkiRenewalOptions {
  /** Makes anew what is about to end, and reads the rest. */
  readonly ensure: () => Promise<Readonly<Record<string, KeyPair>>>;
  /** Those in use, under the same names. */
  readonly pairs: Readonly<Record<string, LivePair>>;
  readonly serviceAccountKeys?: KeysInUse | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

/** Far more often than certificates need it, so that a pair that somebody replaces by hand is soon taken up. */
const everyMs = 10 * 60 * 1000;

/** Renews pairs in time, and takes up those that were put in their place, until the signal aborts. */
export async function runPkiRenewal(
  { ensure, pairs, serviceAccountKeys, clock, log }: PkiRenewalOptions,
  signal: AbortSignal,
): Promise<void> {
  let keys = serviceAccountKeys?.read();
  for (;;) {
    await sleep(clock, everyMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const certified = await ensure();
      for (const [name, pair] of Object.entries(pairs)) {
        const next = certified[name];
        // One of its two files may have been replaced a moment before the other.
        if (next === undefined || !belongTogether(next)) continue;
        if (pair.replace(next)) log.info('Uses a new certificate from now on', { name });
      }
      const found = serviceAccountKeys?.read();
      if (found === undefined || keys === undefined || sameKeys(keys, found)) continue;
      keys = found;
      serviceAccountKeys?.use(found);
      log.info('Signs tokens with other keys from now on', { verifying: found.verifying.length });
    } catch (error) {
      log.error('Cannot renew certificates and keys', error);
    }
  }
}

function belongTogether({ cert, key }: KeyPair): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}
