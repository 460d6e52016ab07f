import type { KubernetesObject, Mutable } from '../api/object.ts';
import type { DeleteOptions } from '../api/verbs.ts';
import { parseTimestamp, timestamp } from '../machinery/timestamp.ts';
import type { Strategy, StrategyContext } from './strategy.ts';

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

export type DeletionStep =
  /** Remove it now. */
  | { readonly kind: 'remove' }
  /** It is on its way already and this request changes nothing. */
  | { readonly kind: 'wait' }
  /** Keep it, marked: grace, finalizers or dependents come first. */
  | { readonly kind: 'mark'; readonly object: Mutable<KubernetesObject> };

/**
 * What a delete does to an object as it stands now (apiserver/pkg/registry/rest/delete.go and
 * generic/registry/store.go). Pure: whoever loses the race asks again with the newer object.
 */
export function deletionStep(
  old: KubernetesObject,
  options: DeleteOptions,
  strategy: Strategy,
  context: StrategyContext,
): DeletionStep {
  const finalizers = finalizersFor(old, options, strategy);
  const held = finalizers.length > 0 || strategy.holdsDeletion?.(old) === true;
  const grace = nextGrace(old, options, strategy, context);
  if (!held && (grace.kind === 'none' || (grace.kind === 'set' && grace.seconds === 0)))
    return { kind: 'remove' };
  const sameFinalizers =
    finalizers === old.metadata.finalizers || sameMembers(finalizers, old.metadata.finalizers ?? []);
  const { deletionTimestamp } = old.metadata;
  if (grace.kind === 'pending' && sameFinalizers) return { kind: 'wait' };
  if (
    grace.kind === 'none' &&
    deletionTimestamp !== undefined &&
    sameFinalizers &&
    !isInFuture(deletionTimestamp, context)
  )
    return { kind: 'wait' };
  return { kind: 'mark', object: marked(old, finalizers, grace, strategy, context) };
}

/** An object that finishes its deletion with this update: its last finalizer went. */
export function isDeletedBy(updated: KubernetesObject, old: KubernetesObject, strategy: Strategy): boolean {
  if (old.metadata.deletionTimestamp === undefined) return false;
  if ((updated.metadata.finalizers?.length ?? 0) > 0 || strategy.holdsDeletion?.(updated) === true)
    return false;
  return (old.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

type Grace =
  /** The kind has none. */
  | { readonly kind: 'none' }
  /** It runs already and is not shortened. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'set'; readonly seconds: number; readonly timestamp: string };

function nextGrace(
  old: KubernetesObject,
  options: DeleteOptions,
  strategy: Strategy,
  { clock }: StrategyContext,
): Grace {
  if (strategy.deletionGraceSeconds === undefined) return { kind: 'none' };
  const asked = options.gracePeriodSeconds;
  const { deletionTimestamp, deletionGracePeriodSeconds: running } = old.metadata;
  if (deletionTimestamp !== undefined) {
    // A deletion that began may be hurried, never slowed down.
    if (running === undefined || asked === undefined) return { kind: 'pending' };
    const seconds = asked < 0 ? 1 : asked;
    if (seconds >= running) return { kind: 'pending' };
    const beganMs = (parseTimestamp(deletionTimestamp) ?? clock.now()) - running * 1000;
    return { kind: 'set', seconds, timestamp: timestamp(beganMs + seconds * 1000) };
  }
  const seconds = strategy.deletionGraceSeconds(old, options);
  if (seconds === undefined) return { kind: 'none' };
  return { kind: 'set', seconds, timestamp: timestamp(clock.now() + seconds * 1000) };
}

function marked(
  old: KubernetesObject,
  finalizers: readonly string[],
  grace: Grace,
  strategy: Strategy,
  context: StrategyContext,
): Mutable<KubernetesObject> {
  const object = { ...old, metadata: { ...old.metadata } } as Mutable<KubernetesObject>;
  const { metadata } = object;
  const begins = metadata.deletionTimestamp === undefined;
  if (finalizers.length === 0) delete metadata.finalizers;
  else metadata.finalizers = [...finalizers];
  // Going away changes what is wanted, so whoever observes generations must look again.
  if (begins && metadata.generation !== undefined) metadata.generation += 1;
  if (grace.kind === 'set') {
    metadata.deletionTimestamp = grace.timestamp;
    metadata.deletionGracePeriodSeconds = grace.seconds;
  } else if (grace.kind === 'none') {
    if (begins || isInFuture(metadata.deletionTimestamp ?? '', context))
      metadata.deletionTimestamp = timestamp(context.clock.now());
    metadata.deletionGracePeriodSeconds = 0;
  }
  if (begins) strategy.beginDeletion?.(object, context);
  return object;
}

/** The finalizers as the propagation policy wants them: the garbage collector acts on these two. */
function finalizersFor(old: KubernetesObject, options: DeleteOptions, strategy: Strategy): readonly string[] {
  const finalizers = old.metadata.finalizers ?? [];
  if (strategy.withoutGarbageCollection === true || options.propagationPolicy === undefined)
    return finalizers;
  const wanted = { Foreground: foregroundFinalizer, Orphan: orphanFinalizer, Background: undefined }[
    options.propagationPolicy
  ];
  const others = finalizers.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  return wanted === undefined ? others : [...others, wanted];
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

function isInFuture(time: string, { clock }: StrategyContext): boolean {
  return (parseTimestamp(time) ?? 0) > clock.now();
}
