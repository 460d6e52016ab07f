import { conflict, gone, modifiedMeanwhile, StatusError } from '../../core/api/errors.ts';
import type { Client } from '../../core/client/client.ts';
import { randomFraction, type Random } from '../../core/machinery/random.ts';

/** How often each fault strikes, of 1. */
export interface Faults {
  /** A write that is refused as if another had come before it. */
  readonly conflict: number;
  /** A write that never arrives. */
  readonly lost: number;
  /** A write that is done and whose reply is lost. */
  readonly unanswered: number;
  /** A read that fails. */
  readonly unreadable: number;
  /** A watch that is cut after a batch; half of them cannot be resumed. */
  readonly cut: number;
}

export const noFaults: Faults = { conflict: 0, lost: 0, unanswered: 0, unreadable: 0, cut: 0 };

type Method = (...args: never[]) => Promise<unknown>;
type Watch = (...args: never[]) => AsyncIterable<unknown>;

const reads = ['get', 'list', 'listHandles'] as const;
const writes = [
  'create',
  'update',
  'updateStatus',
  'updateSubresource',
  'patch',
  'createSubresource',
  'delete',
  'deleteCollection',
] as const;

/** A client whose connection is bad; `faults` is asked at every call, so it may get better. */
export function faultyClient(client: Client, random: Random, faults: () => Faults): Client {
  const strikes = (chance: number) => chance > 0 && randomFraction(random) < chance;
  const unavailable = () => new StatusError('ServiceUnavailable', 'The connection was lost');
  const broken: Partial<Record<keyof Client, unknown>> = {};
  for (const name of reads) {
    const method = (client[name] as Method).bind(client);
    broken[name] = async (...args: never[]) => {
      if (strikes(faults().unreadable)) throw unavailable();
      return await method(...args);
    };
  }
  for (const name of writes) {
    const method = (client[name] as Method).bind(client);
    broken[name] = async (...args: never[]) => {
      if (strikes(faults().conflict))
        throw conflict({ group: '', plural: 'things' }, 'any', modifiedMeanwhile);
      if (strikes(faults().lost)) throw unavailable();
      const result = await method(...args);
      if (strikes(faults().unanswered)) throw new StatusError('Timeout', 'The reply was lost');
      return result;
    };
  }
  for (const name of ['watch', 'watchHandles'] as const) {
    const watch = (client[name] as Watch).bind(client);
    broken[name] = async function* (...args: never[]) {
      for await (const batch of watch(...args)) {
        yield batch;
        if (strikes(faults().cut)) throw strikes(0.5) ? gone('The revision was compacted') : unavailable();
      }
    } satisfies Watch;
  }
  return broken as unknown as Client;
}
