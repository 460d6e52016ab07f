import type { KubernetesObject, New, ObjectName } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import type {
  Call,
  CollectionTarget,
  DeleteOptions,
  Encoded,
  EncodedList,
  ListOptions,
  ObjectTarget,
  PatchOptions,
  PatchType,
  Verbs,
  WatchOptions,
  WriteOptions,
} from '../api/verbs.ts';
import type { CallOptions, Client, Handle, InNamespace, ObjectEvent, ObjectList } from './client.ts';
import { handleOf } from './encoded.ts';
import { nextTurn } from '../machinery/next-turn.ts';

/** Who calls, for every call of one client. */
export type ClientDefaults = Pick<Call, 'user' | 'userAgent' | 'warn'>;

/** Objects parsed between two turns of the event loop: about 5 ms of work. */
const parseSlice = 500;

/** Typed access over any implementation of the verbs; in process, objects are passed on without encoding. */
export function createClient(verbs: Verbs, defaults: ClientDefaults = {}): Client {
  return new TypedClient(verbs, defaults);
}

class TypedClient implements Client {
  readonly #verbs: Verbs;
  readonly #defaults: ClientDefaults;

  constructor(verbs: Verbs, defaults: ClientDefaults) {
    this.#verbs = verbs;
    this.#defaults = defaults;
  }

  async get<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    options: CallOptions = {},
  ): Promise<T> {
    const encoded = await this.#verbs.get(this.#call(options), objectTarget(resource, name));
    return encoded.object as T;
  }

  async list<T extends KubernetesObject>(
    resource: Resource<T>,
    options: ListOptions & InNamespace & CallOptions = {},
  ): Promise<ObjectList<T>> {
    return await objectList(await this.#list(resource, options), ({ object }) => object as T);
  }

  async listHandles<T extends KubernetesObject>(
    resource: Resource<T>,
    options: ListOptions & InNamespace & CallOptions = {},
  ): Promise<ObjectList<Handle<T>>> {
    return await objectList(await this.#list(resource, options), (item) => handleOf<T>(item));
  }

  async create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: New<T>,
    options: WriteOptions & CallOptions = {},
  ): Promise<T> {
    const { signal, ...write } = options;
    const { namespace } = (object as unknown as KubernetesObject).metadata;
    const body = { kind: 'object', object } as const;
    const created = await this.#verbs.create(
      this.#call({ signal }),
      target(resource, namespace),
      body,
      write,
    );
    return created.object as T;
  }

  update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions & CallOptions = {},
  ): Promise<T> {
    return this.#update(objectTarget(resource, nameOf(object)), object, options);
  }

  updateStatus<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions & CallOptions = {},
  ): Promise<T> {
    return this.#update(
      { ...objectTarget(resource, nameOf(object)), subresource: 'status' },
      object,
      options,
    );
  }

  updateSubresource<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    subresource: string,
    options: WriteOptions & CallOptions = {},
  ): Promise<T> {
    return this.#update({ ...objectTarget(resource, nameOf(object)), subresource }, object, options);
  }

  async patch<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    type: PatchType,
    patch: unknown,
    options: PatchOptions & CallOptions & { readonly subresource?: string } = {},
  ): Promise<T> {
    const { signal, subresource, ...write } = options;
    const where = objectTarget(resource, name);
    const patched = await this.#verbs.patch(
      this.#call({ signal }),
      subresource === undefined ? where : { ...where, subresource },
      { type, bytes: Buffer.isBuffer(patch) ? patch : Buffer.from(JSON.stringify(patch)) },
      write,
    );
    return patched.object as T;
  }

  async createSubresource<T extends KubernetesObject, R>(
    resource: Resource<T>,
    name: ObjectName,
    subresource: string,
    body: R,
    options: WriteOptions & CallOptions = {},
  ): Promise<R> {
    const { signal, ...write } = options;
    const created = await this.#verbs.create(
      this.#call({ signal }),
      { ...objectTarget(resource, name), subresource },
      { kind: 'object', object: body },
      write,
    );
    return created.object as R;
  }

  async delete<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    options: DeleteOptions & CallOptions = {},
  ): Promise<T | undefined> {
    const { signal, ...deletion } = options;
    const { object, gone } = await this.#verbs.delete(
      this.#call({ signal }),
      objectTarget(resource, name),
      deletion,
    );
    return gone ? undefined : (object.object as T);
  }

  async deleteCollection<T extends KubernetesObject>(
    resource: Resource<T>,
    { namespace, ...list }: ListOptions & InNamespace,
    options: DeleteOptions & CallOptions = {},
  ): Promise<ObjectList<T>> {
    const { signal, ...deletion } = options;
    const call = this.#call({ signal });
    const deleted = await this.#verbs.deleteCollection(call, target(resource, namespace), list, deletion);
    return await objectList(deleted, ({ object }) => object as T);
  }

  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions & InNamespace & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly ObjectEvent<T>[]> {
    return this.#watch(resource, options, ({ object }) => object as T);
  }

  watchHandles<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions & InNamespace & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly ObjectEvent<Handle<T>>[]> {
    return this.#watch(resource, options, (encoded) => handleOf<T>(encoded));
  }

  #list<T>(
    resource: Resource<T>,
    { namespace, signal, ...list }: ListOptions & InNamespace & CallOptions,
  ): Promise<EncodedList> {
    return this.#verbs.list(this.#call({ signal }), target(resource, namespace), list);
  }

  async *#watch<T, Form>(
    resource: Resource<T>,
    { namespace, signal, ...watch }: WatchOptions & InNamespace & { readonly signal: AbortSignal },
    formOf: (encoded: Encoded) => Form,
  ): AsyncIterable<readonly ObjectEvent<Form>[]> {
    const batches = this.#verbs.watch(this.#call({ signal }), target(resource, namespace), watch);
    for await (const batch of batches) {
      yield batch.map((event): ObjectEvent<Form> =>
        event.type === 'BOOKMARK' ? event : { type: event.type, object: formOf(event.object) },
      );
    }
  }

  async #update<T extends KubernetesObject>(
    where: ObjectTarget,
    object: T,
    options: WriteOptions & CallOptions,
  ): Promise<T> {
    const { signal, ...write } = options;
    const updated = await this.#verbs.update(
      this.#call({ signal }),
      where,
      { kind: 'object', object },
      write,
    );
    return updated.object as T;
  }

  #call({ signal }: CallOptions): Call {
    return signal === undefined ? this.#defaults : { ...this.#defaults, signal };
  }
}

function target<T>(resource: Resource<T>, namespace: string | undefined): CollectionTarget {
  const { group, version, plural } = resource;
  return namespace === undefined || namespace === ''
    ? { group, version, resource: plural }
    : { group, version, resource: plural, namespace };
}

function objectTarget<T>(resource: Resource<T>, { namespace, name }: ObjectName): ObjectTarget {
  return { ...target(resource, namespace), name };
}

function nameOf(object: KubernetesObject): ObjectName {
  return { namespace: object.metadata.namespace, name: object.metadata.name ?? '' };
}

/** Long lists are read in slices, so that 100,000 objects do not hold up everything else in the process. */
async function objectList<Form>(
  list: EncodedList,
  formOf: (encoded: Encoded) => Form,
): Promise<ObjectList<Form>> {
  const items: Form[] = [];
  for (const item of list.items) {
    items.push(formOf(item));
    if (items.length % parseSlice === 0) await nextTurn();
  }
  return {
    items,
    resourceVersion: list.resourceVersion,
    continue: list.continue,
    remainingItemCount: list.remainingItemCount,
  };
}
