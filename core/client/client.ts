import type { KubernetesObject, New, ObjectName } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import type {
  DeleteOptions,
  ListOptions,
  PatchOptions,
  PatchType,
  WatchOptions,
  WriteOptions,
} from '../api/verbs.ts';

/**
 * Typed access to the API. Over gRPC or in process makes no difference to the caller. Objects that come back are
 * shared: copy (`mutable`) before changing. Everything rejects with `StatusError`.
 */
export interface Client extends Reader, Writer, Watcher, Source {}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface InNamespace {
  readonly namespace?: string | undefined;
}

export interface Reader {
  get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName, options?: CallOptions): Promise<T>;
  list<T extends KubernetesObject>(
    resource: Resource<T>,
    options?: ListOptions & InNamespace & CallOptions,
  ): Promise<ObjectList<T>>;
}

export interface Writer {
  create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: New<T>,
    options?: WriteOptions & CallOptions,
  ): Promise<T>;
  /** Replaces the object; with `metadata.resourceVersion` set, only if nobody changed it since. */
  update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & CallOptions,
  ): Promise<T>;
  /** Replaces only the status. */
  updateStatus<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & CallOptions,
  ): Promise<T>;
  /** Replaces what the subresource stands for, such as "finalize". */
  updateSubresource<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    subresource: string,
    options?: WriteOptions & CallOptions,
  ): Promise<T>;
  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    type: PatchType,
    patch: unknown,
    options?: PatchOptions & CallOptions & { readonly subresource?: string },
  ): Promise<T>;
  /** Creates a subresource such as "binding", "eviction" or "token". */
  createSubresource<T extends KubernetesObject, R>(
    resource: Resource<T>,
    name: ObjectName,
    subresource: string,
    body: R,
    options?: WriteOptions & CallOptions,
  ): Promise<R>;
  /** Resolves to the object as it is kept while it terminates, or undefined when it is gone. */
  delete<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    options?: DeleteOptions & CallOptions,
  ): Promise<T | undefined>;
  /**
   * Deletes what a list with these options finds, at most `limit` of them. Resolves to the objects as they were
   * found; whether they are gone depends on grace and finalizers.
   */
  deleteCollection<T extends KubernetesObject>(
    resource: Resource<T>,
    list: ListOptions & InNamespace,
    options?: DeleteOptions & CallOptions,
  ): Promise<ObjectList<T>>;
}

export interface Watcher {
  /** Batches of events. Ends when the signal aborts; throws "Expired" when it must be started over from a list. */
  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions & InNamespace & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly ObjectEvent<T>[]>;
}

/** List and watch for who keeps what there is, as informers do: objects are handed on without being read. */
export interface Source {
  listHandles<T extends KubernetesObject>(
    resource: Resource<T>,
    options?: ListOptions & InNamespace & CallOptions,
  ): Promise<ObjectList<Handle<T>>>;
  /** As `watch`. */
  watchHandles<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions & InNamespace & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly ObjectEvent<Handle<T>>[]>;
}

/**
 * An object of one revision, to be kept. In process it is the one that the API itself holds, as bytes, so keeping it
 * takes no room; over the wire it is the parsed object.
 */
export interface Handle<T extends KubernetesObject> {
  /**
   * Parsed when it is read, unless it is among the last that were: two reads may give two equal objects.
   */
  readonly object: T;
  readonly resourceVersion: string;
  /** Where they are known without parsing; equal ones are mostly one object. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
  readonly remainingItemCount: number | undefined;
}

export type ObjectEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };
