import type { Deployment } from '../../core/api/generated/apps-v1.ts';
import type { Job } from '../../core/api/generated/batch-v1.ts';
import type { Container, ContainerStatus, Pod } from '../../core/api/generated/core-v1.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { summarisePod } from '../../core/printers/pod-status.ts';
import { printerOf } from '../../core/printers/printers.ts';
import type { Column } from '../../core/printers/table.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import { severityOf, type StatusSeverity } from '../../core/printers/severity.ts';

export interface ObjectStatus {
  /** Short, beside the name; may be empty. */
  readonly text: string;
  /** Undefined for kinds that have no state. */
  readonly severity: StatusSeverity | undefined;
}

type KindName = Parameters<typeof printerOf>[0];

/** Columns of `get` that say how an object is, in the order in which they are shown. */
const telling = [
  'Ready',
  'Status',
  'Completions',
  'Type',
  'Cluster-IP',
  'Data',
  'Schedule',
  'Suspend',
  'Reason',
];

const known = new WeakMap<KubernetesObject, ObjectStatus>();

/** How an object is. Objects never change, so each is judged once. */
export function statusOf(resource: KindName, object: KubernetesObject): ObjectStatus {
  const before = known.get(object);
  if (before !== undefined) return before;
  const status = judge(resource, object);
  known.set(object, status);
  return status;
}

function judge(resource: KindName, object: KubernetesObject): ObjectStatus {
  if (resource.kind === 'Pod' && resource.group === '') return podStatus(object as Pod);
  const { columns, row } = printerOf(resource);
  const values = row(object, 0);
  const cellOf = (name: string) => {
    const index = columns.findIndex((column) => column.name === name && column.priority === 0);
    return index < 0 ? undefined : sanitizeLine(String(values[index] ?? ''));
  };
  const cells = (name: string) => {
    const [cell, desired] = [cellOf(name), cellOf('Desired')];
    return name === 'Ready' && desired !== undefined ? `${cell}/${desired}` : cell;
  };
  const text = tellingOf(resource, columns)
    .flatMap((name) => cells(name) || [])
    .filter((cell) => cell !== '<none>');
  const leaves = object.metadata.deletionTimestamp !== undefined;
  return { text: text.join(' · '), severity: leaves ? 'progressing' : severityBy(resource, object, cells) };
}

/** All that a custom kind declares, but for times, which would have to move. */
function tellingOf({ printerColumns }: KindName, columns: readonly Column[]): readonly string[] {
  if (printerColumns === undefined) return telling;
  return columns.filter(({ type, format }) => type !== 'date' && format !== 'name').map(({ name }) => name);
}

function podStatus(pod: Pod): ObjectStatus {
  const { status, readyContainers, totalContainers, restarts } = summarisePod(pod);
  const severity = severityOf(status);
  const waits = severity === 'good' && status.startsWith('Running') && readyContainers < totalContainers;
  const ready = status.startsWith('Running') ? ` ${readyContainers}/${totalContainers}` : '';
  const restarted = restarts === 0 ? '' : ` · ↻ ${restarts}`;
  return { text: `${sanitizeLine(status)}${ready}${restarted}`, severity: waits ? 'progressing' : severity };
}

function severityBy(
  { group, kind }: KindName,
  object: KubernetesObject,
  cellOf: (name: string) => string | undefined,
): StatusSeverity | undefined {
  if (group === 'apps' && kind === 'Deployment' && rolloutFailed(object as Deployment)) return 'error';
  if (group === 'batch' && kind === 'Job') return jobSeverity(object as Job);
  const ready = /^(\d+)\/(\d+)$/.exec(cellOf('Ready') ?? '');
  if (ready !== null) return ready[1] === ready[2] ? 'good' : 'progressing';
  if (cellOf('Ready') === 'True') return 'good';
  const status = cellOf('Status');
  return status === undefined || status === '' ? undefined : severityOf(status);
}

function rolloutFailed({ status }: Deployment): boolean {
  return (status.conditions ?? []).some(
    (condition) =>
      (condition.type === 'Progressing' && condition.status === 'False') ||
      (condition.type === 'ReplicaFailure' && condition.status === 'True'),
  );
}

function jobSeverity({ status }: Job): StatusSeverity {
  const holds = (type: string) =>
    (status.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
  if (holds('Failed')) return 'error';
  return holds('Complete') ? 'good' : 'progressing';
}

/** How a container of a Pod is. */
export function containerStatus(pod: Pod, container: Pick<Container, 'name'>): ObjectStatus {
  const statuses = [
    ...(pod.status.containerStatuses ?? []),
    ...(pod.status.initContainerStatuses ?? []),
    ...(pod.status.ephemeralContainerStatuses ?? []),
  ];
  const found = statuses.find(({ name }) => name === container.name);
  return found === undefined ? { text: 'Waiting', severity: 'progressing' } : stateOf(found);
}

function stateOf({ state = {}, ready, restartCount }: ContainerStatus): ObjectStatus {
  const restarted = restartCount === undefined || restartCount === 0 ? '' : ` · ↻ ${restartCount}`;
  if (state.running !== undefined) {
    return { text: `Running${restarted}`, severity: ready ? 'good' : 'progressing' };
  }
  if (state.terminated !== undefined) {
    const { exitCode, reason = 'Terminated' } = state.terminated;
    const text = exitCode === 0 ? reason : `${reason} (${exitCode})`;
    return { text: sanitizeLine(text) + restarted, severity: exitCode === 0 ? 'good' : 'error' };
  }
  const reason = sanitizeLine(state.waiting?.reason ?? 'Waiting');
  return { text: reason + restarted, severity: severityOf(reason) };
}
