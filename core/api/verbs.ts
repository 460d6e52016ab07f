import type { KubernetesObject, ObjectName } from './object.ts';

/**
 * The verbs of the API, as both front ends call them and every client sees them. The API server implements this
 * once; the gRPC client implements it over the wire; controllers in the same process call it directly.
 *
 * Everything rejects with `StatusError`. Objects that come back are shared and must not be changed.
 */
export interface Verbs {
  get(call: Call, target: ObjectTarget, options?: GetOptions): Promise<Encoded>;
  list(call: Call, target: CollectionTarget, options?: ListOptions): Promise<EncodedList>;
  /**
   * Ends normally when the call's signal aborts or `timeoutSeconds` pass. Throws 410 "Expired" when the start is
   * no longer kept or the reader was too slow: list again.
   */
  watch(call: Call, target: CollectionTarget, options: WatchOptions): AsyncIterable<readonly WatchEvent[]>;
  /** `target.name` only for subresources that are created (binding, eviction, token). */
  create(
    call: Call,
    target: CollectionTarget & { readonly name?: string },
    body: Body,
    options?: WriteOptions,
  ): Promise<Encoded>;
  update(call: Call, target: ObjectTarget, body: Body, options?: WriteOptions): Promise<Encoded>;
  patch(call: Call, target: ObjectTarget, patch: Patch, options?: PatchOptions): Promise<Encoded>;
  delete(call: Call, target: ObjectTarget, options?: DeleteOptions): Promise<DeleteResult>;
  deleteCollection(
    call: Call,
    target: CollectionTarget,
    list?: ListOptions,
    options?: DeleteOptions,
  ): Promise<EncodedList>;
}

/** Who asks, and until when. */
export interface Call {
  /** Absent: the process itself, which may do everything. A front end always sets it. */
  readonly user?: UserInfo;
  readonly signal?: AbortSignal | undefined;
  /** First part of a default field manager. */
  readonly userAgent?: string;
  /** Receives the warnings that kubectl prints. */
  readonly warn?: (text: string) => void;
  /** Learns what becomes of the request. Front ends set it where somebody wants to know. */
  readonly tracker?: RequestTracker;
}

/** Follows one request while it is served: what is noted ends up in the audit log. Calls cost next to nothing. */
export interface RequestTracker {
  /** Keys such as "authorization.k8s.io/decision"; the first value of a key stands. */
  annotate(key: string, value: string): void;
  /** The head of the answer is sent, or a stream stands: what follows may take for ever. Counts once. */
  started(code: number): void;
  /** A watch has delivered what there was when it began, or there was nothing. */
  initialized(): void;
  /** False: `responseBody` would be for nothing. */
  readonly wantsResponse: boolean;
  /** What was sent and what is answered, as JSON values; read only where the policy wants them, and later. */
  requestBody(sizeBytes: number, read: () => unknown): void;
  responseBody(sizeBytes: number, read: () => unknown): void;
  /** The object that was written or asked for, where its name was not in the request. */
  named(object: ObjectName): void;
}

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface CollectionTarget {
  readonly group: string;
  readonly version: string;
  /** The plural. */
  readonly resource: string;
  readonly subresource?: string;
  /** Absent for cluster-scoped kinds and for all namespaces. */
  readonly namespace?: string;
}

export interface ObjectTarget extends CollectionTarget {
  readonly name: string;
}

/**
 * An object in both of its forms. Either is made from the other on first use and kept, so whoever passes objects
 * on never parses, and whoever reads them never encodes.
 */
export interface Encoded<T extends KubernetesObject = KubernetesObject> {
  readonly object: T;
  /** Final JSON with resourceVersion. */
  readonly bytes: Buffer;
  readonly resourceVersion: string;
  /** Where they are known without parsing; read-only, and equal ones are mostly one object. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface EncodedList {
  readonly items: readonly Encoded[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Encoded }
  /** Everything up to `resourceVersion` was delivered. `initialEventsEnd` closes the state a WatchList began with. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export type Body =
  | { readonly kind: 'object'; readonly object: unknown }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Buffer };

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface Patch {
  readonly type: PatchType;
  /** JSON; YAML too where the type is 'apply'. */
  readonly bytes: Buffer;
}

export interface GetOptions {
  readonly resourceVersion?: string;
}

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface WatchOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Absent or "0": begin with the current state as ADDED events. */
  readonly resourceVersion?: string;
  readonly allowBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: FieldValidation;
}

export interface PatchOptions extends WriteOptions {
  /** Server-side apply only: take over conflicting fields. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly dryRun?: boolean;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** Removes what cannot be read, finalizers and all; refused for what can be (KEP-3926). */
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

/** `gone` is false while grace, finalizers or foreground deletion keep the object. */
export interface DeleteResult {
  readonly object: Encoded;
  readonly gone: boolean;
}
