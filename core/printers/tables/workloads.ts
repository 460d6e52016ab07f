import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../../api/generated/apps-v1.ts';
import type {
  HorizontalPodAutoscaler as HorizontalPodAutoscalerV1,
  Scale,
} from '../../api/generated/autoscaling-v1.ts';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
} from '../../api/generated/autoscaling-v2.ts';
import type { CronJob, Job } from '../../api/generated/batch-v1.ts';
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import { humanDuration } from '../../machinery/duration.ts';
import { ageColumn, ageSince } from '../age.ts';
import { mapText, templateColumns } from '../containers.ts';
import { column, countColumn, nameColumn, numberColumn, table } from '../table.ts';

export const deploymentTable = table<Deployment>(
  nameColumn(),
  column('Ready', ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
  numberColumn('Up-to-date', ({ status }) => status.updatedReplicas),
  numberColumn('Available', ({ status }) => status.availableReplicas),
  ageColumn(),
  ...templateColumns<Deployment>(
    ({ spec }) => spec.template.spec,
    ({ spec }) => spec.selector,
  ),
);

export const replicaSetTable = table<ReplicaSet>(
  nameColumn(),
  countColumn('Desired', ({ spec }) => spec.replicas),
  countColumn('Current', ({ status }) => status.replicas),
  countColumn('Ready', ({ status }) => status.readyReplicas),
  ageColumn(),
  ...templateColumns<ReplicaSet>(
    ({ spec }) => spec.template?.spec,
    ({ spec }) => spec.selector,
  ),
);

export const statefulSetTable = table<StatefulSet>(
  nameColumn(),
  column('Ready', ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
  ageColumn(),
  ...templateColumns<StatefulSet>(({ spec }) => spec.template.spec),
);

export const daemonSetTable = table<DaemonSet>(
  nameColumn(),
  countColumn('Desired', ({ status }) => status.desiredNumberScheduled),
  countColumn('Current', ({ status }) => status.currentNumberScheduled),
  countColumn('Ready', ({ status }) => status.numberReady),
  countColumn('Up-to-date', ({ status }) => status.updatedNumberScheduled),
  countColumn('Available', ({ status }) => status.numberAvailable),
  column('Node Selector', ({ spec }) => mapText(spec.template.spec?.nodeSelector)),
  ageColumn(),
  ...templateColumns<DaemonSet>(
    ({ spec }) => spec.template.spec,
    ({ spec }) => spec.selector,
  ),
);

export const controllerRevisionTable = table<ControllerRevision>(
  nameColumn(),
  column('Controller', ({ metadata }) => {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    return owner === undefined
      ? '<none>'
      : `${owner.kind.toLowerCase()}${groupSuffix(owner.apiVersion)}/${owner.name}`;
  }),
  numberColumn('Revision', ({ revision }) => revision),
  ageColumn(),
);

function groupSuffix(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : `.${apiVersion.slice(0, slash)}`;
}

export const jobTable = table<Job>(
  nameColumn(),
  column('Status', jobStatus),
  column('Completions', jobCompletions),
  column('Duration', ({ status }, nowMs) => {
    if (!status.startTime) return '';
    const endMs = status.completionTime ? Date.parse(status.completionTime) : nowMs;
    return humanDuration(endMs - Date.parse(status.startTime));
  }),
  ageColumn(),
  ...templateColumns<Job>(
    ({ spec }) => spec.template.spec,
    ({ spec }) => spec.selector,
  ),
);

/** The first of upstream's conditions that holds; a Job without any still runs. */
function jobStatus({ metadata, status }: Job): string {
  const holds = (type: string) =>
    status.conditions?.some((c) => c.type === type && c.status === 'True') === true;
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  if (holds('FailureTarget')) return 'FailureTarget';
  if (holds('SuccessCriteriaMet')) return 'SuccessCriteriaMet';
  return 'Running';
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

export const cronJobTable = table<CronJob>(
  nameColumn(),
  column('Schedule', ({ spec }) => spec.schedule),
  column('Timezone', ({ spec }) => spec.timeZone ?? '<none>'),
  column(
    'Suspend',
    ({ spec }) => (spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'),
    { type: 'boolean' },
  ),
  countColumn('Active', ({ status }) => status.active?.length ?? 0),
  column('Last Schedule', ({ status }, nowMs) =>
    status.lastScheduleTime ? ageSince(status.lastScheduleTime, nowMs) : '<none>',
  ),
  ageColumn(),
  ...templateColumns<CronJob>(
    ({ spec }) => spec.jobTemplate.spec?.template.spec,
    ({ spec }) => spec.jobTemplate.spec?.selector,
  ),
);

/** What kubectl shows of a scale subresource; upstream does not mark its name as one. */
export const scaleTable = table<Scale>(
  { ...nameColumn<Scale>(), format: '' },
  countColumn('Desired', ({ spec }) => spec.replicas),
  countColumn('Available', ({ status }) => status.replicas),
  ageColumn(),
);

export const podDisruptionBudgetTable = table<PodDisruptionBudget>(
  nameColumn(),
  column('Min Available', ({ spec }) => String(spec.minAvailable ?? 'N/A')),
  column('Max Unavailable', ({ spec }) => String(spec.maxUnavailable ?? 'N/A')),
  countColumn('Allowed Disruptions', ({ status }) => status.disruptionsAllowed),
  ageColumn(),
);

export const horizontalPodAutoscalerV1Table = table<HorizontalPodAutoscalerV1>(
  nameColumn(),
  column('Reference', ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
  column('Targets', ({ spec, status }) => {
    if (spec.targetCPUUtilizationPercentage === undefined) return '<none>';
    const current = status.currentCPUUtilizationPercentage;
    return `cpu: ${current === undefined ? '<unknown>' : `${current}%`}/${spec.targetCPUUtilizationPercentage}%`;
  }),
  column('MinPods', ({ spec }) => String(spec.minReplicas ?? '<unset>')),
  numberColumn('MaxPods', ({ spec }) => spec.maxReplicas),
  numberColumn('Replicas', ({ status }) => status.currentReplicas),
  ageColumn(),
);

export const horizontalPodAutoscalerTable = table<HorizontalPodAutoscaler>(
  nameColumn(),
  column('Reference', ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
  column('Targets', ({ spec, status }) => metricTargets(spec.metrics ?? [], status.currentMetrics ?? [])),
  column('MinPods', ({ spec }) => String(spec.minReplicas ?? '<unset>')),
  numberColumn('MaxPods', ({ spec }) => spec.maxReplicas),
  numberColumn('Replicas', ({ status }) => status.currentReplicas),
  ageColumn(),
);

const shownMetrics = 2;

function metricTargets(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return '<none>';
  const texts = specs.map((spec, index) => metricTarget(spec, statuses[index]));
  const more = texts.length > shownMetrics ? ` + ${texts.length - shownMetrics} more...` : '';
  return `${texts.slice(0, shownMetrics).join(', ')}${more}`;
}

function metricTarget(spec: MetricSpec, status: MetricStatus | undefined): string {
  const source = spec.resource ?? spec.containerResource ?? spec.pods ?? spec.object ?? spec.external;
  const current =
    status?.resource ?? status?.containerResource ?? status?.pods ?? status?.object ?? status?.external;
  if (source === undefined) return '<unknown type>';
  const name = 'name' in source ? `${source.name}: ` : '';
  const { averageUtilization, averageValue, value } = source.target;
  if (averageUtilization !== undefined) {
    const now = current?.current.averageUtilization;
    return `${name}${now === undefined ? '<unknown>' : `${now}%`}/${averageUtilization}%`;
  }
  if (averageValue !== undefined) {
    const average = spec.external === undefined && spec.object === undefined ? '' : ' (avg)';
    return `${name}${current?.current.averageValue ?? '<unknown>'}/${averageValue}${average}`;
  }
  return `${name}${current?.current.value ?? '<unknown>'}/${value ?? '<auto>'}`;
}
