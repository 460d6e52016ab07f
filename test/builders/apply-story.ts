/** For the tests of apply: a kind of its own, and an object that managers write one after the other. */
import { deepFreeze, type JsonObject } from '../../core/machinery/json.ts';
import { any, field, list, map, object, scalar } from '../../core/machinery/schema-builder.ts';
import { apply, trackUpdate, type ApplyRequest, type ApplyResult } from '../../core/machinery/apply/apply.ts';
import { readManagedFields, type ManagedFieldsEntry } from '../../core/machinery/apply/managed-fields.ts';
import { formatElements } from '../../core/machinery/apply/path-element.ts';

const text = scalar('string');
const container = object(
  {
    name: text,
    image: text,
    args: list(text),
    lifecycle: object({ grace: scalar('int64') }, { name: 'Lifecycle' }),
    env: list(object({ name: text, value: text }, { name: 'EnvVar' }), ['name']),
    ports: list(
      object(
        { port: scalar('int32'), protocol: field(text, { default: 'TCP' }), name: text },
        { name: 'Port' },
      ),
      ['port', 'protocol'],
    ),
  },
  { name: 'Container' },
);
const schema = object(
  {
    apiVersion: text,
    kind: text,
    metadata: object(
      {
        name: text,
        uid: text,
        resourceVersion: text,
        labels: map(text),
        annotations: map(text),
        finalizers: list(text, 'set'),
        managedFields: any,
      },
      { name: 'ObjectMeta' },
    ),
    spec: object(
      {
        replicas: field(scalar('int32'), { pointer: true }),
        paused: scalar('bool'),
        containers: field(list(container, ['name']), { keepEmpty: true }),
        selector: field(object({ matchLabels: map(text) }, { name: 'Selector', atomic: true }), {
          pointer: true,
        }),
        security: field(object({ user: scalar('int64'), group: scalar('int64') }, { name: 'Security' }), {
          pointer: true,
        }),
      },
      { name: 'Spec' },
    ),
    status: object({ ready: scalar('int32') }, { name: 'Status' }),
  },
  { name: 'Thing' },
);

/** A cluster of one object: every step is a write by some manager, a minute after the one before. */
export class Story {
  live: JsonObject | undefined;
  managedFields: readonly ManagedFieldsEntry[] = [];
  #minute = 0;

  apply(manager: string, applied: object, more: Partial<ApplyRequest> = {}): ApplyResult {
    const result = apply({
      schema,
      live: this.live === undefined ? undefined : deepFreeze(this.live),
      applied: deepFreeze({
        apiVersion: 'v1',
        kind: 'Thing',
        metadata: { name: 'x' },
        ...applied,
      }) as JsonObject,
      managedFields: deepFreeze(this.managedFields),
      manager,
      apiVersion: 'v1',
      time: this.#now(),
      ...more,
    });
    if (result.kind === 'applied') {
      this.live = result.object;
      this.managedFields = result.managedFields;
    }
    return result;
  }

  update(manager: string, after: object, more: { subresource?: string; ignore?: string[][] } = {}): void {
    const full = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x' }, ...after };
    this.managedFields = trackUpdate({
      schema,
      before: this.live,
      after: deepFreeze(full),
      managedFields: this.managedFields,
      manager,
      apiVersion: 'v1',
      time: this.#now(),
      ...more,
    });
    this.live = full;
  }

  #now(): string {
    return `2030-01-01T00:${String(this.#minute++).padStart(2, '0')}:00Z`;
  }

  /** The fields of a manager, written as paths. */
  fields(manager: string): string[] {
    return [...readManagedFields(this.managedFields).values()]
      .filter((owner) => owner.manager === manager)
      .flatMap(({ set }) => [...set.paths()].map(formatElements))
      .sort();
  }

  get managers(): string[] {
    return this.managedFields.map(({ manager, operation }) => `${manager} ${operation}`);
  }

  get spec(): unknown {
    return this.live?.['spec'];
  }
}

/** A configuration of containers only. */
export const containers = (...items: object[]) => ({ spec: { containers: items } });
