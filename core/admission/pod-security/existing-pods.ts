import type { Pod } from '../../api/generated/core-v1.ts';
import { reasons, violationsOf } from './evaluate.ts';
import { formatLevelVersion } from './policy.ts';
import type { LevelVersion } from './policy.ts';

/** A namespace may have many Pods, and its administrator waits. */
const mostPods = 3_000;

/** What to say of Pods that run already when their namespace begins to enforce a level: they stay. */
export function warningsAbout(
  namespace: string,
  all: readonly Pod[],
  enforce: LevelVersion,
): readonly string[] {
  const pods = distinctFirst(all).slice(0, mostPods);
  const namesByWarning = new Map<string, string[]>();
  for (const pod of pods) {
    const violations = violationsOf(enforce, pod);
    if (violations.length === 0) continue;
    const warning = reasons(violations);
    const names = namesByWarning.get(warning) ?? [];
    names.push(pod.metadata.name ?? '');
    namesByWarning.set(warning, names);
  }
  const cut =
    pods.length < all.length
      ? [
          `new PodSecurity enforce level only checked against the first ${pods.length} of ${all.length} existing pods`,
        ]
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
function distinctFirst(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>();
  const first: Pod[] = [];
  const others: Pod[] = [];
  for (const pod of pods) {
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
