import type { Fields } from './fields.ts';
import { finalizer, sortedJson, valuesOfConditions, valuesOfFields, writerName } from './fields.ts';
import type { Operation, Patch, Revision, WriteStep } from './steps.ts';

type Mutable = Map<string, string>;

/** One Deployment as it must be. */
export interface Modelled {
  readonly values: ReadonlyMap<string, string>;
  /** By writer, such as "Apply kim" or "Update kim status": what applies and what updates are two (KEP-555). */
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>;
  readonly deleting: boolean;
}

/** How a step ends: the code of the answer and, of an object, what it is in the answer. */
export interface Outcome {
  readonly code: number;
  readonly answered?: Modelled | undefined;
}

/**
 * What Deployments come to under these steps, by the rules as they are written down (KEP-555, KEP-2876, RFC 6902 and
 * 7396, api-conventions.md): lines of text, of which each has a value and owners. It shares no code with the server.
 */
export class DeploymentModel {
  #objects = new Map<string, Modelled>();

  get(name: string): Modelled | undefined {
    return this.#objects.get(name);
  }

  take(step: WriteStep): Outcome {
    const before = this.#objects;
    this.#objects = new Map(before);
    const outcome = step.kind === 'delete many' ? this.#deleteMany(step.colour) : this.#takeOne(step);
    if (outcome.code >= 300 || step.dryRun) this.#objects = before;
    return outcome;
  }

  #takeOne(step: Exclude<WriteStep, { kind: 'delete many' }>): Outcome {
    const { kind, name, manager } = step;
    const live = this.#objects.get(name);
    const updater = writerName('Update', manager);
    if (kind === 'create') return this.#create(name, step.fields, updater, live);
    if (kind === 'apply')
      return this.#apply(name, valuesOfFields(step.fields), writerName('Apply', manager), step.force);
    if (live === undefined) return { code: 404 };
    switch (kind) {
      case 'apply status': {
        const writer = writerName('Apply', manager, 'status');
        return this.#apply(name, valuesOfConditions(step.conditions), writer, step.force);
      }
      case 'update':
        if (step.revision === 'stale') return { code: 409 };
        return this.#write(name, live, replaced(live.values, step.fields), updater);
      case 'merge':
        if (step.revision === 'stale') return { code: 409 };
        return this.#write(name, live, merged(live.values, step.patch), updater);
      case 'strategic':
        return this.#write(name, live, mergedByKeys(live.values, step.patch, step.without), updater);
      case 'json': {
        const after = operated(live.values, step.operation);
        return after === undefined ? { code: 422 } : this.#write(name, live, after, updater);
      }
      case 'hold':
        return this.#write(name, live, new Map(live.values).set(`finalizers/${finalizer}`, ''), updater);
      case 'release': {
        const outcome = this.#write(name, live, without(live.values, 'finalizers'), updater);
        if (live.deleting) this.#objects.delete(name);
        return outcome;
      }
      case 'update status':
      case 'merge status':
      case 'strategic status': {
        const present = kind === 'strategic status' ? live.values : without(live.values, 'conditions');
        const after = new Map([...present, ...valuesOfConditions(step.conditions)]);
        return this.#write(name, live, after, writerName('Update', manager, 'status'));
      }
      case 'scale': {
        const after = new Map(live.values).set('replicas', String(step.replicas));
        const { code } = this.#write(name, live, after, writerName('Update', manager, 'scale'));
        return { code };
      }
      case 'delete':
        if (isOld(step.revision) || isOld(step.uid)) return { code: 409 };
        this.#delete(name, live);
        return { code: 200 };
    }
  }

  #create(name: string, fields: Fields, writer: string, live: Modelled | undefined): Outcome {
    const values = completed(valuesOfFields(fields));
    if (!isValid(values)) return { code: 422 };
    if (live !== undefined) return { code: 409 };
    const answered = { values, owners: new Map([[writer, new Set(values.keys())]]), deleting: false };
    this.#objects.set(name, answered);
    return { code: 201, answered };
  }

  /** Whoever changes a line is its only owner; what is gone has none. */
  #write(name: string, live: Modelled, wanted: Mutable, writer: string): Outcome {
    const values = completed(wanted);
    if (!isValid(values)) return { code: 422 };
    const owners = copyOf(live.owners);
    for (const [line, value] of values) {
      if (live.values.get(line) === value) continue;
      for (const lines of owners.values()) lines.delete(line);
      linesFor(owners, writer).add(line);
    }
    return this.#settle(name, 200, values, owners, live.deleting);
  }

  #apply(name: string, wanted: Mutable, writer: string, force: boolean): Outcome {
    const live = this.#objects.get(name);
    const values = new Map(live?.values);
    const owners = copyOf(live?.owners ?? new Map<string, Set<string>>());
    const before = owners.get(writer) ?? new Set<string>();
    owners.delete(writer);
    const ownedByOthers = (line: string) => [...owners.values()].some((lines) => lines.has(line));
    const changed = [...wanted].filter(([line, value]) => values.has(line) && values.get(line) !== value);
    if (!force && changed.some(([line]) => ownedByOthers(line))) return { code: 409 };
    for (const [line] of changed) for (const lines of owners.values()) lines.delete(line);
    // What was applied before and no longer is goes, unless it is somebody else's too; an item with all that is in it.
    for (const line of before) {
      if (wanted.has(line) || ownedByOthers(line)) continue;
      for (const each of values.keys()) if (isWithin(each, line)) values.delete(each);
    }
    for (const [line, value] of wanted) values.set(line, value);
    owners.set(writer, new Set(wanted.keys()));
    const complete = completed(values);
    if (!isValid(complete)) return { code: 422 };
    return this.#settle(name, live === undefined ? 201 : 200, complete, owners, live?.deleting ?? false);
  }

  #settle(
    name: string,
    code: number,
    values: ReadonlyMap<string, string>,
    owners: Map<string, Set<string>>,
    deleting: boolean,
  ): Outcome {
    for (const [writer, lines] of owners) {
      for (const line of lines) if (!values.has(line)) lines.delete(line);
      if (lines.size === 0) owners.delete(writer);
    }
    const answered = { values, owners, deleting };
    this.#objects.set(name, answered);
    return { code, answered };
  }

  #delete(name: string, live: Modelled): void {
    if (live.values.has(`finalizers/${finalizer}`)) this.#objects.set(name, { ...live, deleting: true });
    else this.#objects.delete(name);
  }

  #deleteMany(colour: string): Outcome {
    for (const [name, live] of this.#objects)
      if (live.values.get('labels/colour') === colour) this.#delete(name, live);
    return { code: 200 };
  }
}

const isOld = (revision: Revision) => revision === 'stale';
const isWithin = (line: string, item: string) => line === item || line.startsWith(`${item}/`);

function copyOf(owners: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
  return new Map([...owners].map(([writer, lines]) => [writer, new Set(lines)]));
}

function linesFor(owners: Map<string, Set<string>>, writer: string): Set<string> {
  const lines = owners.get(writer) ?? new Set();
  owners.set(writer, lines);
  return lines;
}

function without(values: ReadonlyMap<string, string>, part: string): Mutable {
  return new Map([...values].filter(([line]) => !isWithin(line, part)));
}

/** One replica where nobody says, and no condition without a status, though nobody owns an empty one. */
function completed(given: ReadonlyMap<string, string>): Mutable {
  const values = new Map(given);
  if (!values.has('replicas')) values.set('replicas', '1');
  for (const line of given.keys())
    if (/^conditions\/[^/]+$/.test(line) && !values.has(`${line}/status`)) values.set(`${line}/status`, '');
  return values;
}

/** A Deployment has a container, and each has an image. */
function isValid(values: ReadonlyMap<string, string>): boolean {
  const containers = [...values.keys()].filter((line) => /^containers\/[^/]+$/.test(line));
  return containers.length > 0 && containers.every((line) => values.has(`${line}/image`));
}

/** Who replaces an object leaves its status, and here what holds it. */
function replaced(live: ReadonlyMap<string, string>, fields: Fields): Mutable {
  const kept = [...live].filter(([line]) => isWithin(line, 'conditions') || isWithin(line, 'finalizers'));
  return new Map([...kept, ...valuesOfFields(fields)]);
}

/** What patches have in common: maps are merged, even one that is atomic to who applies. */
function mergedMaps(live: ReadonlyMap<string, string>, patch: Patch): Mutable {
  const values = new Map(live);
  for (const [key, value] of Object.entries(patch.labels ?? {})) {
    if (value === null) values.delete(`labels/${key}`);
    else values.set(`labels/${key}`, value);
  }
  if (patch.replicas !== undefined) values.set('replicas', String(patch.replicas));
  if (patch.nodeSelector !== undefined) {
    const present = values.get('nodeSelector') ?? '[]';
    const map = new Map(JSON.parse(present) as [string, string][]);
    for (const [key, value] of Object.entries(patch.nodeSelector)) {
      if (value === null) map.delete(key);
      else map.set(key, value);
    }
    if (map.size > 0) values.set('nodeSelector', sortedJson(Object.fromEntries(map)));
    else values.delete('nodeSelector');
  }
  return values;
}

/** RFC 7396: lists are replaced. */
function merged(live: ReadonlyMap<string, string>, patch: Patch): Mutable {
  const values = mergedMaps(live, patch);
  if (patch.containers === undefined) return values;
  return new Map([...without(values, 'containers'), ...valuesOfFields({ containers: patch.containers })]);
}

/** Lists by keys are merged, atomic ones replaced; "without" names a container that is taken out. */
function mergedByKeys(live: ReadonlyMap<string, string>, patch: Patch, taken: string | undefined): Mutable {
  const values = mergedMaps(live, patch);
  const left = taken === undefined ? values : without(values, `containers/${taken}`);
  const containers = (patch.containers ?? []).filter(({ name }) => name !== taken);
  return new Map([...left, ...valuesOfFields({ containers })]);
}

/** RFC 6902; undefined where it cannot be done. */
function operated(live: ReadonlyMap<string, string>, operation: Operation): Mutable | undefined {
  const values = new Map(live);
  switch (operation.op) {
    case 'paint':
      if (live.get('labels/colour') !== operation.was) return undefined;
      return values.set('labels/colour', operation.colour);
    case 'unlabel':
      return values.delete(`labels/${operation.label}`) ? values : undefined;
    case 'append':
      if (live.has(`containers/${operation.container.name}`)) return undefined;
      return new Map([...values, ...valuesOfFields({ containers: [operation.container] })]);
    case 'replicas':
      return values.set('replicas', String(operation.replicas));
  }
}
