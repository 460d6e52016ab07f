import { hostChecks } from './baseline-host.ts';
import { profileChecks } from './baseline-profiles.ts';
import type { Check, CheckPod, PodParts, Violation } from './check.ts';
import type { LevelVersion } from './policy.ts';
import { restrictedChecks } from './restricted.ts';

const byId = (checks: readonly Check[]) => checks.toSorted((a, b) => (a.id < b.id ? -1 : 1));
const baseline = byId([...hostChecks, ...profileChecks]);
const restricted = byId(restrictedChecks);

/** All that a Pod violates of a level, in upstream's order: baseline first, each level by the checks' names. */
export function violationsOf(levelVersion: LevelVersion, pod: PodParts): readonly Violation[] {
  return checksOf(levelVersion).flatMap((check) => check(pod) ?? []);
}

/** `host namespaces (hostPID=true), privileged (container "a" must not …)` */
export function describe(violations: readonly Violation[]): string {
  return violations
    .map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`))
    .join(', ');
}

export function reasons(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ');
}

function checksOf({ level, minor }: LevelVersion): readonly CheckPod[] {
  if (level === 'privileged') return [];
  const asOf = ({ versions }: Check) => versions.findLast(([since]) => since <= minor)?.[1];
  if (level === 'baseline') return baseline.flatMap((check) => asOf(check) ?? []);
  const strict = restricted.filter((check) => asOf(check) !== undefined);
  const overridden = new Set(strict.flatMap(({ overrides = [] }) => overrides));
  return [...baseline.filter(({ id }) => !overridden.has(id)), ...strict].flatMap(
    (check) => asOf(check) ?? [],
  );
}
