import type { KubernetesObject, ObjectName } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { Scheme } from '../../api/scheme.ts';
import type { ListOptions, WatchOptions } from '../../api/verbs.ts';
import type { CallOptions, InNamespace, Lookup, ObjectEvent, ObjectList } from '../../admission/lookup.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { Registry } from '../../registry/registry.ts';
import { endpointOf } from './endpoint.ts';
import { watchStore } from '../../registry/watching.ts';

/**
 * What admission reads with: straight from the registry, below authorization. A write asks a dozen times for things
 * that are known or of which there are few; what it then costs is mostly waiting for what is there, so that is not
 * waited for.
 */
export class RegistryClient implements Lookup {
  readonly #scheme: Scheme;
  readonly #registry: Registry;
  readonly #clock: Clock;

  constructor(scheme: Scheme, registry: Registry, clock: Clock) {
    this.#scheme = scheme;
    this.#registry = registry;
    this.#clock = clock;
  }

  async get<T extends KubernetesObject>(
    resource: Resource<T>,
    { namespace, name }: ObjectName,
    { signal }: CallOptions = {},
  ): Promise<T> {
    const store = this.#storeOf(resource, 'get');
    const stored = store.getNow(namespace, name) ?? (await store.get(namespace, name, {}, signal));
    return stored.object as T;
  }

  async list<T extends KubernetesObject>(
    resource: Resource<T>,
    options: ListOptions & InNamespace & CallOptions = {},
  ): Promise<ObjectList<T>> {
    const { namespace, signal } = options;
    const store = this.#storeOf(resource, 'list');
    const found =
      (isOfAll(options) ? store.listNow(namespace) : undefined) ??
      (await store.list(namespace, options, signal));
    return { ...found, items: found.items.map(({ object }) => object as T) };
  }

  async *watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions & InNamespace & { readonly signal: AbortSignal },
  ): AsyncGenerator<readonly ObjectEvent<T>[], void, undefined> {
    const { namespace, signal, ...watch } = options;
    const target = { ...targetOf(resource), ...(namespace === undefined ? {} : { namespace }) };
    const store = this.#storeOf(resource, 'watch');
    for await (const batch of watchStore(store, { signal }, target, watch, this.#clock)) {
      yield batch.map((event) =>
        event.type === 'BOOKMARK' ? event : { type: event.type, object: event.object.object as T },
      );
    }
  }

  #storeOf<T>(resource: Resource<T>, verb: 'get' | 'list' | 'watch') {
    return endpointOf(this.#scheme, this.#registry, targetOf(resource), verb).store;
  }
}

function isOfAll({
  labelSelector,
  fieldSelector,
  limit,
  continue: from,
  resourceVersion,
}: ListOptions): boolean {
  return (labelSelector ?? fieldSelector ?? limit ?? from ?? resourceVersion) === undefined;
}

function targetOf<T>({ group, version, plural }: Resource<T>) {
  return { group, version, resource: plural };
}
