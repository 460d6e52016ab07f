import type { Lookup } from '../../admission/lookup.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../api/errors.ts';
import type {
  FlowSchema,
  FlowSchemaCondition,
  PriorityLevelConfiguration,
} from '../../api/generated/flowcontrol-v1.ts';
import { flowschemas, prioritylevelconfigurations } from '../../api/generated/resources.ts';
import type { Resource } from '../../api/resource.ts';
import type { Scheme } from '../../api/scheme.ts';
import type { Mutable } from '../../api/object.ts';
import type { Verbs } from '../../api/verbs.ts';
import { sleep } from '../../machinery/clock.ts';
import type { Clock } from '../../machinery/clock.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { Random } from '../../machinery/random.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import { follow } from '../../admission/follow.ts';
import {
  autoUpdate,
  catchAllLevel,
  catchAllSchema,
  exemptLevel,
  exemptSchema,
  suggestedLevels,
  suggestedSchemas,
} from './built-in.ts';
import type { Fairness } from './fairness.ts';

export interface FairnessObjectsOptions {
  readonly fairness: Fairness;
  readonly verbs: Verbs;
  readonly client: Lookup;
  readonly scheme: Scheme;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: unknown) => void;
}

const rebalanceEveryMs = 10_000;
const retryMs = 5_000;
const call = { userAgent: 'api-priority-and-fairness-config-consumer-v1' };

/**
 * Keeps the objects of API Priority and Fairness: makes the built-in ones, puts back what may not be changed or taken
 * away, tells `Fairness` what they say, and tells schemas whether their level is there.
 */
export class FairnessObjects {
  readonly #options: FairnessObjectsOptions;
  #levels: ReadonlyMap<string, PriorityLevelConfiguration> | undefined;
  #schemas: ReadonlyMap<string, FlowSchema> | undefined;
  #keeping = false;
  #again = false;

  constructor(options: FairnessObjectsOptions) {
    this.#options = options;
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      follow(this.#options, prioritylevelconfigurations, signal, (levels) => {
        this.#levels = levels;
        this.#changed(signal);
      }),
      follow(this.#options, flowschemas, signal, (schemas) => {
        this.#schemas = schemas;
        this.#changed(signal);
      }),
      this.#rebalance(signal),
    ]);
  }

  async #rebalance(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.clock, rebalanceEveryMs, signal).catch(() => undefined);
      this.#options.fairness.rebalance();
    }
  }

  #changed(signal: AbortSignal): void {
    if (this.#levels === undefined || this.#schemas === undefined || signal.aborted) return;
    this.#options.fairness.configure([...this.#levels.values()], [...this.#schemas.values()]);
    this.#again = true;
    if (!this.#keeping) void this.#keep(signal);
  }

  /** Once at a time; what changes meanwhile is looked at again. */
  async #keep(signal: AbortSignal): Promise<void> {
    this.#keeping = true;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      try {
        await this.#keepObjects();
        await this.#tellSchemas();
      } catch (error) {
        if (!signal.aborted) this.#options.onError(error);
        await sleep(this.#options.clock, retryMs, signal).catch(() => undefined);
        this.#again = true;
      }
    }
    this.#keeping = false;
  }

  async #keepObjects(): Promise<void> {
    const [levels, schemas] = [this.#levels, this.#schemas];
    if (levels === undefined || schemas === undefined) return;
    const work: Promise<void>[] = [];
    for (const [wanted, always] of [
      ...[exemptLevel, catchAllLevel].map((level) => [level, true] as const),
      ...suggestedLevels.map((level) => [level, false] as const),
    ])
      work.push(
        this.#keepOne(prioritylevelconfigurations, levels.get(wanted.metadata.name ?? ''), wanted, always),
      );
    for (const [wanted, always] of [
      ...[exemptSchema, catchAllSchema].map((schema) => [schema, true] as const),
      ...suggestedSchemas.map((schema) => [schema, false] as const),
    ])
      work.push(this.#keepOne(flowschemas, schemas.get(wanted.metadata.name ?? ''), wanted, always));
    await Promise.all(work);
  }

  /** `always`: whatever somebody made of it. The shares of the exempt level are for users to set, as upstream. */
  async #keepOne<T extends PriorityLevelConfiguration | FlowSchema>(
    { group, version, plural }: Resource<T>,
    present: T | undefined,
    wanted: T,
    always: boolean,
  ): Promise<void> {
    const { verbs } = this.#options;
    const collection = { group, version, resource: plural };
    try {
      if (present === undefined) {
        await verbs.create(call, collection, { kind: 'object', object: wanted });
        return;
      }
      const mode = present.metadata.annotations?.[autoUpdate];
      const kept = always || mode === 'true' || (mode === undefined && present.metadata.generation === 1);
      const spec = this.#completed(wanted, present);
      if (deepEqual(present.spec, spec) || !kept) return;
      const object = { ...present, spec };
      await verbs.update(
        call,
        { ...collection, name: wanted.metadata.name ?? '' },
        { kind: 'object', object },
      );
    } catch (error) {
      // Another core was faster, or somebody is at it: the change comes in and is looked at.
      if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
    }
  }

  #completed<T extends PriorityLevelConfiguration | FlowSchema>(wanted: T, present: T): T['spec'] {
    const completed = structuredClone(wanted) as Mutable<T>;
    const kind = this.#options.scheme.byKind('flowcontrol.apiserver.k8s.io', 'v1', wanted.kind ?? '');
    kind?.applyDefaults?.(completed);
    const { spec } = completed as T;
    return 'exempt' in spec && 'exempt' in present.spec ? { ...spec, exempt: present.spec.exempt } : spec;
  }

  async #tellSchemas(): Promise<void> {
    const [levels, schemas] = [this.#levels, this.#schemas];
    if (levels === undefined || schemas === undefined) return;
    for (const schema of schemas.values()) {
      const condition = dangling(schema, levels, timestamp(this.#options.clock.now()));
      const before = schema.status.conditions?.find(({ type }) => type === 'Dangling');
      if (before?.status === condition.status && before?.message === condition.message) continue;
      const others = (schema.status.conditions ?? []).filter(({ type }) => type !== 'Dangling');
      const { group, version, plural } = flowschemas;
      const { name = '' } = schema.metadata;
      const target = { group, version, resource: plural, name, subresource: 'status' };
      const object = { ...schema, status: { conditions: [...others, condition] } };
      try {
        await this.#options.verbs.update(call, target, { kind: 'object', object });
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
      }
    }
  }
}

/** Upstream's words (apf_controller.go: digestFlowSchemasLocked). */
function dangling(
  { spec, status }: FlowSchema,
  levels: ReadonlyMap<string, PriorityLevelConfiguration>,
  now: string,
): FlowSchemaCondition {
  const { name } = spec.priorityLevelConfiguration;
  const found = levels.has(name) || name === 'exempt' || name === 'catch-all';
  const value = found ? 'False' : 'True';
  const before = status.conditions?.find(({ type }) => type === 'Dangling');
  return {
    type: 'Dangling',
    status: value,
    lastTransitionTime: before?.status === value ? before.lastTransitionTime : now,
    reason: found ? 'Found' : 'NotFound',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)} ${found ? 'and it exists' : 'but there is no such object'}`,
  };
}
