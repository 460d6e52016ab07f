import { sleep } from '../machinery/clock.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import type { KeyPair } from '../machinery/pki/key-pair.ts';
import type { LivePair } from '../machinery/pki/live-pair.ts';

export interface PkiRenewalOptions {
  /** Makes anew what is about to end, and reads the rest. */
  readonly ensure: () => Promise<Readonly<Record<string, KeyPair>>>;
  /** Those in use, under the same names. */
  readonly pairs: Readonly<Record<string, LivePair>>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

/** Far more often than certificates need it, so that a pair that somebody replaces by hand is soon taken up. */
const everyMs = 10 * 60 * 1000;

/** Renews pairs in time, and takes up those that were put in their place, until the signal aborts. */
export async function runPkiRenewal(
  { ensure, pairs, clock, log }: PkiRenewalOptions,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await sleep(clock, everyMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const found = await ensure();
      for (const [name, pair] of Object.entries(pairs)) {
        const next = found[name];
        if (next !== undefined && pair.replace(next))
          log.info('Uses a new certificate from now on', { name });
      }
    } catch (error) {
      log.error('Cannot renew certificates', error);
    }
  }
}
