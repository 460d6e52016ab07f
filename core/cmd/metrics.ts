import type { Api } from '../apiserver/api.ts';
import type { ServedMetrics } from '../apiserver/rest/metrics.ts';
import { RequestMetrics } from '../apiserver/rest/request-metrics.ts';
import { Controller } from '../controllers/runtime/controller.ts';
import type { Runnable } from '../controllers/runtime/manager.ts';
import type { MetricFamily } from '../machinery/metrics/metrics.ts';
import { Counter, Histogram, read } from '../machinery/metrics/metrics.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { OnStoreCall } from '../storage/measured-store.ts';
import { processMetrics } from './process-metrics.ts';

/** Upstream's (apiserver/pkg/storage/etcd3/metrics), in seconds. */
const storeBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

/** Calls to the store, under upstream's names, whichever store it is. */
export class StoreMetrics {
  readonly #total = new Counter('etcd_requests_total', 'Calls to the store.', [
    'operation',
    'group',
    'resource',
  ]);
  readonly #duration = new Histogram(
    'etcd_request_duration_seconds',
    'Time of a call to the store in seconds.',
    ['operation', 'group', 'resource'],
    storeBounds,
  );

  get families(): readonly MetricFamily[] {
    return [this.#total, this.#duration];
  }

  readonly onCall: OnStoreCall = (operation, key, durationMs) => {
    // "/registry/GROUP/RESOURCE/…": no other keys are written.
    const [, , group = '', resource = ''] = key.split('/', 4);
    const shown = group === 'core' ? '' : group;
    this.#total.of(operation, shown, resource).value++;
    this.#duration.of(operation, shown, resource).observe(durationMs / 1_000);
  };
}

/** What is running in the process: set as it begins, and gone when it ends. */
export interface Working {
  parts: readonly Runnable[];
  leads: boolean;
}

export interface MetricsParts {
  readonly api: Api;
  readonly store: StoreMetrics;
  readonly working: Working;
  readonly version: { readonly gitVersion: string };
  /** What other parts count. */
  readonly others: readonly MetricFamily[];
}

/** Everything that core tells about itself. */
export function coreMetrics({ api, store, working, version, others }: MetricsParts): ServedMetrics {
  const ofProcess = processMetrics();
  const own = [
    ...store.families,
    ...others,
    ...registryMetrics(api),
    ...queueMetrics(working),
    ...schedulerMetrics(working),
    read('gauge', 'leader_election_master_status', 'Whether this process leads: 1 for yes.', ['name'], () => [
      [working.leads ? 1 : 0, 'wheelhouse-controllers'],
    ]),
    read(
      'gauge',
      'kubernetes_build_info',
      'Always 1, with the version of the API as a label.',
      ['git_version'],
      () => [[1, version.gitVersion]],
    ),
  ];
  return {
    requests: new RequestMetrics(api.scheme),
    families: async () => [...own, ...(await ofProcess())],
  };
}

function registryMetrics({ scheme, registry }: Api): readonly MetricFamily[] {
  const kept = () =>
    scheme.all().flatMap((kind) => {
      const kindStore = kind.conversion === undefined ? registry.storeOf(kind) : undefined;
      return kindStore === undefined ? [] : [{ kind, cache: kindStore.cache }];
    });
  return [
    read('gauge', 'apiserver_storage_objects', 'Objects stored, by resource.', ['resource'], () =>
      kept().map(({ kind: { group, plural }, cache }) => [
        cache.size,
        group === '' ? plural : `${plural}.${group}`,
      ]),
    ),
    read('gauge', 'apiserver_resource_objects', 'Objects stored, by kind.', ['group', 'resource'], () =>
      kept().map(({ kind: { group, plural }, cache }) => [cache.size, group, plural]),
    ),
    read(
      'gauge',
      'apiserver_watch_cache_watchers',
      'Watches that are served from the cache of a kind.',
      ['group', 'resource'],
      () => kept().map(({ kind: { group, plural }, cache }) => [cache.watchers, group, plural]),
    ),
  ];
}

function queueMetrics(working: Working): readonly MetricFamily[] {
  const queues = () => working.parts.filter((part) => part instanceof Controller);
  return [
    read('gauge', 'workqueue_depth', 'Keys that wait for a worker.', ['name'], () =>
      queues().map(({ name, queue }) => [queue.length, name]),
    ),
    read('counter', 'workqueue_adds_total', 'Keys added.', ['name'], () =>
      queues().map(({ name, queue }) => [queue.adds, name]),
    ),
    read('counter', 'workqueue_retries_total', 'Keys added again after a failure.', ['name'], () =>
      queues().map(({ name, queue }) => [queue.retries, name]),
    ),
  ];
}

function schedulerMetrics(working: Working): readonly MetricFamily[] {
  const schedulers = () => working.parts.filter((part) => part instanceof Scheduler);
  const profile = 'default-scheduler';
  return [
    read('gauge', 'scheduler_pending_pods', 'Pods without a node, by why they wait.', ['queue'], () =>
      schedulers().flatMap(({ queueSizes: { active, backingOff, waiting } }) => [
        [active, 'active'],
        [backingOff, 'backoff'],
        [waiting, 'unschedulable'],
      ]),
    ),
    read(
      'counter',
      'scheduler_schedule_attempts_total',
      'Attempts to schedule Pods, by result.',
      ['profile', 'result'],
      () =>
        schedulers().flatMap(({ attempts: { scheduled, unschedulable, error } }) => [
          [scheduled, profile, 'scheduled'],
          [unschedulable, profile, 'unschedulable'],
          [error, profile, 'error'],
        ]),
    ),
  ];
}
