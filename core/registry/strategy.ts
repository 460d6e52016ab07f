import type { KubernetesObject, Mutable } from '../api/object.ts';
import type { DeleteOptions } from '../api/verbs.ts';
import type { Clock } from '../machinery/clock.ts';

/** What a strategy may know of the request. */
export interface StrategyContext {
  readonly clock: Clock;
  /** "" for the object itself. */
  readonly subresource: string;
}

/**
 * What a kind does otherwise than the generic store (upstream: pkg/registry/<group>/<kind>/strategy.go). Everything
 * is optional; the object passed for preparation is private to the request, `old` is shared and read-only.
 */
export interface Strategy<T extends KubernetesObject = KubernetesObject> {
  /** A create may bring a status; otherwise it is emptied, where the kind has a status subresource. */
  readonly createsStatus?: boolean;
  /** Before validation: drop what a client may not set, fill in what only the server knows. */
  prepareForCreate?(object: Mutable<T>, context: StrategyContext): void;
  /** As above, for an update of the object itself. The generic part has put back the old status. */
  prepareForUpdate?(object: Mutable<T>, old: T, context: StrategyContext): void;
  /** For an update of the status. The generic part has put back all but the status. */
  prepareForStatusUpdate?(object: Mutable<T>, old: T, context: StrategyContext): void;
  /** Whether the change moves `generation`; a changed spec does unless this says otherwise. */
  changesGeneration?(object: T, old: T): boolean;
  /** Seconds the object stays after its deletion is asked for; undefined: it is removed at once. */
  deletionGraceSeconds?(object: T, options: DeleteOptions): number | undefined;
  /** Called on the object when its deletion begins, after metadata is set. */
  beginDeletion?(object: Mutable<T>, context: StrategyContext): void;
  /** Something beyond metadata.finalizers that keeps a deleted object (namespaces: spec.finalizers). */
  holdsDeletion?(object: T): boolean;
  /** The garbage collector leaves the kind alone: no finalizers for propagation policies (events). */
  readonly withoutGarbageCollection?: boolean;
  /**
   * Metadata that the status subresource may change besides the status: both unless given. Stricter than upstream,
   * where it may change finalizers and owners of most kinds, too.
   */
  readonly statusChanges?: readonly ('labels' | 'annotations')[];
  /** Which objects are found under which values without looking at all of them. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
}

/** A strategy stands under the kind it was written for, so it only ever sees objects of it. */
export function strategyFor<T extends KubernetesObject>(strategy: Strategy<T>): Strategy {
  return strategy as unknown as Strategy;
}
