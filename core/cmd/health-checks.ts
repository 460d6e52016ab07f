import type { Api } from '../apiserver/api.ts';
import type { HealthCheck } from '../apiserver/rest/health.ts';
import type { KeyValueStore } from '../storage/storage.ts';

/** What tells whether core is well. */
export interface HealthSources {
  readonly store: Pick<KeyValueStore, 'name' | 'health'>;
  readonly registry: Pick<Api['registry'], 'ready'>;
  readonly postStartHooks: Api['postStartHooks'];
  /** Aborts when core begins to stop. */
  readonly stopping: AbortSignal;
}

/** Everything that /livez and /readyz look at, under upstream's names. */
export function healthChecks(sources: HealthSources): readonly HealthCheck[] {
  const { store, registry, postStartHooks, stopping } = sources;
  const storeAnswers = (signal: AbortSignal) => store.health({ signal });
  return [
    { name: 'ping', live: true, check: () => Promise.resolve() },
    { name: store.name, live: true, check: storeAnswers },
    { name: `${store.name}-readiness`, live: false, check: storeAnswers },
    { name: 'informer-sync', live: false, check: (signal) => registry.ready(signal) },
    ...[...postStartHooks].map(([hook, isFinished]) => ({
      name: `poststarthook/${hook}`,
      live: true,
      check: () => holdsIf(isFinished(), 'not finished'),
    })),
    { name: 'shutdown', live: false, check: () => holdsIf(!stopping.aborted, 'process is shutting down') },
  ];
}

function holdsIf(holds: boolean, otherwise: string): Promise<void> {
  return holds ? Promise.resolve() : Promise.reject(new Error(otherwise));
}
