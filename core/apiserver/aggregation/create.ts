import type { Clock } from '../../machinery/clock.ts';
import type { KeyPair } from '../../machinery/pki/key-pair.ts';
import type { Random } from '../../machinery/random.ts';
import type { Api } from '../api.ts';
import { RegistryClient } from '../handlers/registry-client.ts';
import { Aggregator } from './aggregator.ts';

export interface AggregationOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What this server shows users' servers. */
  readonly frontProxy: KeyPair;
  readonly onError: (error: unknown) => void;
}

export function createAggregation(
  { scheme, registry, verbs, dialService }: Pick<Api, 'scheme' | 'registry' | 'verbs' | 'dialService'>,
  options: AggregationOptions,
): Aggregator {
  const client = new RegistryClient(scheme, registry, options.clock);
  return new Aggregator({ ...options, scheme, verbs, client, dial: dialService });
}
