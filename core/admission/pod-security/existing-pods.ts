import { setImmediate as turn } from 'node:timers/promises';
import type { Pod } from '../../api/generated/core-v1.ts';
import { pods } from '../../api/generated/resources.ts';
import type { Clock } from '../../machinery/clock.ts';
import { linkSignals } from '../../machinery/signals.ts';
import type { Lookup } from '../lookup.ts';
import { reasons, violationsOf } from './evaluate.ts';
import { formatLevelVersion } from './policy.ts';
import type { LevelVersion } from './policy.ts';

/** A namespace may have many Pods, and its administrator waits (pod-security-admission/admission/admission.go). */
const mostPods = 3_000;
const mostMs = 1_000;
/** Between which others have their turn. */
const podsAtOnce = 250;

export interface ExistingPods {
  readonly lookup: Pick<Lookup, 'list'>;
  readonly clock: Clock;
  readonly namespace: string;
  /** What the namespace is about to enforce. */
  readonly enforce: LevelVersion;
  readonly isExempt: (pod: Pod) => boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * What to say of Pods that run already when their namespace begins to enforce a level: they stay. After a second, or
 * 3,000 of them, it is said how many were looked at.
 */
export async function warningsAboutExisting(of: ExistingPods): Promise<readonly string[]> {
  const { clock, namespace, enforce, signal } = of;
  const late = new AbortController();
  const cancel = clock.after(mostMs, () => late.abort(new Error('Cannot look at more Pods in a second')));
  using both = linkSignals(...(signal === undefined ? [] : [signal]), late.signal);
  try {
    const { found, total } = await listed(of, both.signal);
    const namesByWarning = new Map<string, string[]>();
    let checked = 0;
    for (const pod of distinctFirst(found).slice(0, mostPods)) {
      if (checked % podsAtOnce === 0) {
        await turn();
        if (checked > 0 && both.signal.aborted) break;
      }
      checked += 1;
      const violations = violationsOf(enforce, pod);
      if (violations.length === 0) continue;
      const warning = reasons(violations);
      const names = namesByWarning.get(warning) ?? [];
      names.push(pod.metadata.name ?? '');
      namesByWarning.set(warning, names);
    }
    return said(namespace, enforce, namesByWarning, { checked, total });
  } catch {
    // The change itself is right, whatever there is to say about it.
    signal?.throwIfAborted();
    return ['failed to list pods while checking new PodSecurity enforce level'];
  } finally {
    cancel();
  }
}

/** Page by page, until half of the time is over: what is found by then is looked at. */
async function listed(
  { lookup, clock, namespace, isExempt }: ExistingPods,
  signal: AbortSignal,
): Promise<{ readonly found: readonly Pod[]; readonly total: number }> {
  const until = clock.monotonicMs() + mostMs / 2;
  const found: Pod[] = [];
  let from: string | undefined;
  for (;;) {
    const more = from === undefined ? {} : { continue: from };
    const page = await lookup.list(pods, { namespace, limit: podsAtOnce, ...more, signal });
    found.push(...page.items.filter((pod) => !isExempt(pod)));
    from = page.continue;
    if (from === undefined) return { found, total: found.length };
    if (clock.monotonicMs() >= until) return { found, total: found.length + (page.remainingItemCount ?? 0) };
    await turn();
  }
}

function said(
  namespace: string,
  enforce: LevelVersion,
  namesByWarning: ReadonlyMap<string, readonly string[]>,
  { checked, total }: { readonly checked: number; readonly total: number },
): readonly string[] {
  const cut =
    checked < total
      ? [`new PodSecurity enforce level only checked against the first ${checked} of ${total} existing pods`]
      : [];
  if (namesByWarning.size === 0) return cut;
  const level = formatLevelVersion(enforce);
  return [
    ...cut,
    `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${level}"`,
    ...[...namesByWarning].map(([warning, names]) => `${podsNamed(names)}: ${warning}`).toSorted(),
  ];
}

/** The Pods of one controller are alike: one of each comes before the others. */
function distinctFirst(all: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>();
  const first: Pod[] = [];
  const others: Pod[] = [];
  for (const pod of all) {
    const uid = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (uid !== undefined && seen.has(uid)) others.push(pod);
    else first.push(pod);
    if (uid !== undefined) seen.add(uid);
  }
  return [...first, ...others];
}

function podsNamed(names: readonly string[]): string {
  const first = names.toSorted()[0] ?? '';
  if (names.length === 1) return first;
  return names.length === 2 ? `${first} (and 1 other pod)` : `${first} (and ${names.length - 1} other pods)`;
}
