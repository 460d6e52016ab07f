import { isAlreadyExists, isConflict, isNotFound } from '../../api/errors.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import { keyOf } from '../../api/object.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import { deepEqual } from '../../machinery/json.ts';
import { WorkQueue } from '../../machinery/work-queue.ts';
import { compareVersions } from '../handlers/discovery.ts';
import { collection, localAvailability, reportAvailability, userAgent } from './availability.ts';
import type { ReportOptions } from './availability.ts';

export interface LocalServicesOptions extends ReportOptions {
  readonly scheme: Scheme;
  readonly onError: (error: unknown) => void;
}

/** Says that the object is the server's own: "onstart" for what is always there, "true" for what comes and goes. */
const automanaged = 'kube-aggregator.kubernetes.io/automanaged';

/** Where groups stand in discovery, and versions in their group (upstream: pkg/controlplane/apiserver/aggregator.go). */
const priorities: Readonly<Record<string, readonly [group: number, version: number]>> = {
  '/v1': [18_000, 1],
  'apps/v1': [17_800, 15],
  'events.k8s.io/v1': [17_750, 15],
  'authentication.k8s.io/v1': [17_700, 15],
  'authorization.k8s.io/v1': [17_600, 15],
  'autoscaling/v1': [17_500, 15],
  'autoscaling/v2': [17_500, 30],
  'batch/v1': [17_400, 15],
  'certificates.k8s.io/v1': [17_300, 15],
  'networking.k8s.io/v1': [17_200, 15],
  'policy/v1': [17_100, 15],
  'rbac.authorization.k8s.io/v1': [17_000, 15],
  'storage.k8s.io/v1': [16_800, 15],
  'apiextensions.k8s.io/v1': [16_700, 15],
  'admissionregistration.k8s.io/v1': [16_700, 15],
  'scheduling.k8s.io/v1': [16_600, 15],
  'coordination.k8s.io/v1': [16_500, 15],
  'node.k8s.io/v1': [16_300, 15],
  'discovery.k8s.io/v1': [16_200, 15],
  'flowcontrol.apiserver.k8s.io/v1': [16_100, 21],
  'metrics.k8s.io/v1beta1': [100, 100],
};
/** Of custom resources. */
const customGroupPriority = 1_000;
const customVersionPriority = 100;

/**
 * Keeps the APIServices of what this server serves itself: makes them, mends them, and takes those away that nothing
 * is served for any more (kube-aggregator: pkg/controllers/autoregister).
 */
export class LocalServices {
  readonly #options: LocalServicesOptions;
  /** Of names; each is looked at by itself, since one kind more changes one of them. */
  readonly #queue: WorkQueue;
  #present: ReadonlyMap<string, APIService> = new Map();
  /** Names of those that were there once: who takes away what is always served means it. */
  readonly #registered = new Set<string>();

  constructor(options: LocalServicesOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ clock: options.clock, backoff: { initialMs: 1_000, maxMs: 30_000 } });
  }

  /** `present` are all that there are, by name; `changed` those that are new, others or gone: all when not given. */
  update(present: ReadonlyMap<string, APIService>, changed?: readonly APIService[]): void {
    this.#present = present;
    for (const name of changed === undefined ? present.keys() : changed.map(keyOf)) this.#queue.add(name);
    if (changed === undefined) this.#enqueue(this.#options.scheme.all());
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#queue.shutDown();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const ending = this.#options.scheme.onChange((touched) => this.#enqueue(touched));
    try {
      for (let name = await this.#queue.get(); name !== undefined; name = await this.#queue.get()) {
        try {
          await this.#keep(name, signal);
          this.#queue.forget(name);
        } catch (error) {
          if (!signal.aborted) this.#options.onError(error);
          this.#queue.addRateLimited(name);
        }
        this.#queue.done(name);
      }
    } finally {
      ending();
    }
  }

  /** All versions of the groups of these kinds: one more or less changes where the others stand. */
  #enqueue(kinds: readonly KindDeclaration[]): void {
    const groups = new Set(kinds.map(({ group }) => group));
    const concerned = this.#options.scheme.all().filter(({ group }) => groups.has(group));
    for (const { group, version } of [...kinds, ...concerned]) this.#queue.add(serviceName(group, version));
  }

  async #keep(name: string, signal: AbortSignal): Promise<void> {
    const { verbs, scheme } = this.#options;
    const call = { userAgent, signal };
    const wanted = localService(scheme, name);
    const present = this.#present.get(name);
    try {
      if (wanted === undefined) {
        if (present !== undefined && isAutomanaged(present))
          await verbs.delete(call, { ...collection, name });
        this.#registered.delete(name);
      } else if (present === undefined) {
        if (this.#registered.has(name) && wanted.metadata.labels?.[automanaged] === 'onstart') return;
        await verbs.create(call, collection, { kind: 'object', object: wanted });
        this.#registered.add(name);
      } else {
        this.#registered.add(name);
        if (!isAutomanaged(present)) return;
        if (!deepEqual(present.spec, wanted.spec)) {
          const object = { ...present, spec: wanted.spec };
          await verbs.update(call, { ...collection, name }, { kind: 'object', object });
        }
        await reportAvailability(this.#options, call, present, localAvailability);
      }
    } catch (error) {
      // Whoever was faster has put it in the queue again.
      if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
    }
  }
}

/** False where somebody has a server of their own for it. */
function isAutomanaged({ metadata, spec }: APIService): boolean {
  return metadata.labels?.[automanaged] !== undefined && spec.service === undefined;
}

/** What stands for a group version that this server serves; undefined where it does not. */
function localService(scheme: Scheme, name: string): APIService | undefined {
  const [, version = '', group = ''] = /^([^.]*)\.(.*)$/.exec(name) ?? [];
  // What registers APIServices has none, as upstream.
  if (group === 'apiregistration.k8s.io') return undefined;
  const versions = new Set(
    scheme
      .all()
      .filter((kind) => kind.group === group)
      .map((kind) => kind.version),
  );
  if (!versions.has(version)) return undefined;
  const rank = [...versions].toSorted((one, other) => compareVersions(other, one)).indexOf(version);
  const known = priorities[`${group}/${version}`];
  const [groupPriorityMinimum, versionPriority] = known ?? [
    customGroupPriority,
    Math.max(1, customVersionPriority - rank),
  ];
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name, labels: { [automanaged]: known === undefined ? 'true' : 'onstart' } },
    spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum, versionPriority },
    status: {},
  };
}

function serviceName(group: string, version: string): string {
  return `${version}.${group}`;
}
