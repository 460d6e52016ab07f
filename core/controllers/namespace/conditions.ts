import type { NamespaceCondition, NamespaceStatus } from '../../api/generated/core-v1.ts';
import { deepEqual } from '../../machinery/json.ts';
import { timestamp } from '../../machinery/timestamp.ts';

/** What one look at a terminating namespace found. */
export interface Remains {
  /** How many objects are left of each kind, named "plural.group" as upstream does: "pods." for the core group. */
  readonly counts: ReadonlyMap<string, number>;
  /** How many of them each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
  /** Group versions whose server is away: nobody can tell what is left of them. */
  readonly unknown: readonly string[];
}

type Condition = Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>;

/** The status of a terminating namespace (upstream: namespaced_resources_deleter.go and status_condition_utils.go). */
export function terminatingStatus(status: NamespaceStatus, remains: Remains, nowMs: number): NamespaceStatus {
  const conditions = conditionsOf(remains).map((condition): NamespaceCondition => {
    const before = status.conditions?.find(({ type }) => type === condition.type);
    const isSame = before?.status === condition.status && before.reason === condition.reason;
    return { ...condition, lastTransitionTime: isSame ? before.lastTransitionTime : timestamp(nowMs) };
  });
  const next: NamespaceStatus = { ...status, phase: 'Terminating', conditions };
  return deepEqual(next, status) ? status : next;
}

function conditionsOf({ counts, finalizers, failures, unknown }: Remains): readonly Condition[] {
  const resources = [...counts].map(([name, count]) => `${name} has ${count} resource instances`).sort();
  const holders = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  return [
    unknown.length === 0
      ? {
          type: 'NamespaceDeletionDiscoveryFailure',
          status: 'False',
          reason: 'ResourcesDiscovered',
          message: 'All resources successfully discovered',
        }
      : {
          type: 'NamespaceDeletionDiscoveryFailure',
          status: 'True',
          reason: 'DiscoveryFailed',
          message: `Discovery failed for some groups, ${unknown.length} failing: ${discoveryFailure(unknown)}`,
        },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    failures.length === 0
      ? {
          type: 'NamespaceDeletionContentFailure',
          status: 'False',
          reason: 'ContentDeleted',
          message: 'All content successfully deleted, may be waiting on finalization',
        }
      : {
          type: 'NamespaceDeletionContentFailure',
          status: 'True',
          reason: 'ContentDeletionFailed',
          message: `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
        },
    resources.length === 0
      ? {
          type: 'NamespaceContentRemaining',
          status: 'False',
          reason: 'ContentRemoved',
          message: 'All content successfully removed',
        }
      : {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${resources.join(', ')}`,
        },
    holders.length === 0
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${holders.join(', ')}`,
        },
  ];
}

/** In the words of client-go, which meets servers that are away as stale entries of aggregated discovery. */
export function discoveryFailure(unknown: readonly string[]): string {
  const each = unknown.map((version) => `${version}: stale GroupVersion discovery: ${version}`);
  return `unable to retrieve the complete list of server APIs: ${each.join(', ')}`;
}
