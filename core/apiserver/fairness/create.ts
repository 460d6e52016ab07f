import type { Clock } from '../../machinery/clock.ts';
import type { Random } from '../../machinery/random.ts';
import type { Api } from '../api.ts';
import { RegistryClient } from '../handlers/registry-client.ts';
import { FairnessObjects } from './fairness-objects.ts';
import { Fairness } from './fairness.ts';

export interface RunningFairness {
  /** For the pipeline of the front ends. */
  readonly fairness: Fairness;
  /** Keeps the cluster's flow schemas and priority levels, and honours them, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Upstream's defaults together: --max-requests-inflight and --max-mutating-requests-inflight. */
const defaultServerSeats = 600;

export function createFairness(
  { scheme, registry, verbs }: Pick<Api, 'scheme' | 'registry' | 'verbs'>,
  options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly serverSeats?: number | undefined;
    readonly onError: (error: unknown) => void;
  },
): RunningFairness {
  const { clock, serverSeats = defaultServerSeats } = options;
  const fairness = new Fairness({
    clock,
    serverSeats,
    count(group, version, resource) {
      const kind = scheme.byResource(group, version, resource);
      return kind === undefined ? undefined : registry.storeOf(kind)?.cache.size;
    },
  });
  const client = new RegistryClient(scheme, registry, clock);
  const objects = new FairnessObjects({ ...options, fairness, verbs, client, scheme });
  return { fairness, run: (signal) => objects.run(signal) };
}
