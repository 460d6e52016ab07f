import type { CronJob, Job, JobSpec } from '../generated/batch-v1.ts';
import type { Mutable } from '../object.ts';
import { defaultPodSpec } from './pod.ts';
import { setDefault } from './set-default.ts';

/** Upstream's defaults of batch/v1 (pkg/apis/batch/v1/defaults.go). */
export function defaultJob(job: Mutable<Job>): void {
  defaultJobSpec(job.spec);
  const labels = job.spec.template?.metadata?.labels;
  // A Job without labels is called as its Pods are.
  if (job.metadata.labels === undefined && labels !== undefined) job.metadata.labels = { ...labels };
}

function defaultJobSpec(spec: Mutable<JobSpec>): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  setDefault(spec, 'parallelism', 1);
  // Failures are counted by index where there is a limit for each.
  setDefault(spec, 'backoffLimit', spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(
    spec,
    'podReplacementPolicy',
    spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
  );
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of rule.onPodConditions ?? []) setDefault(pattern, 'status', 'True');
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
}

export function defaultCronJob({ spec }: Mutable<CronJob>): void {
  setDefault(spec, 'concurrencyPolicy', 'Allow');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'successfulJobsHistoryLimit', 3);
  setDefault(spec, 'failedJobsHistoryLimit', 1);
  // The Jobs made from it get the other defaults when they are made.
  if (spec.jobTemplate?.spec?.template?.spec !== undefined)
    defaultPodSpec(spec.jobTemplate.spec.template.spec);
}

/**
 * The server makes the selector of a new Job, from its UID, so that no two Jobs ever count the same Pods
 * (pkg/registry/batch/job/strategy.go: generateSelector).
 */
export function selectOwnPods({ spec, metadata }: Mutable<Job>): void {
  if (spec.manualSelector === true || spec.template === undefined) return;
  const { uid = '', name = '' } = metadata;
  const template = { ...spec.template };
  template.metadata = {
    ...template.metadata,
    labels: {
      ...template.metadata?.labels,
      'controller-uid': uid,
      'job-name': name,
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
    },
  };
  spec.template = template;
  spec.selector = {
    ...spec.selector,
    matchLabels: { ...spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid },
  };
}
