import { deepEqual } from '../../machinery/json.ts';
import type { CronJob, Job, JobSpec, PodFailurePolicyRule } from '../generated/batch-v1.ts';
import { checkEach, checkNotNegative, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { invalidValue, notSupported, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './label-selector.ts';
import { validateImmutable } from './object-meta.ts';
import { validatePodTemplate } from './pod.ts';

/** ValidateJob (pkg/apis/batch/validation/validation.go). */
export function validateJob({ spec }: Job): Errors {
  const path = FieldPath.spec;
  const errors = validateJobSpec(spec, path);
  if (spec.selector === undefined) errors.push(required(path.child('selector')));
  else errors.push(...validateLabelSelector(spec.selector, path.child('selector')));
  return errors;
}

const maxParallelIndexed = 100_000;

function validateJobSpec(spec: JobSpec, path: FieldPath): Errors {
  const errors = [
    ...checkNotNegative(spec.parallelism, path.child('parallelism')),
    ...checkNotNegative(spec.completions, path.child('completions')),
    ...checkNotNegative(spec.activeDeadlineSeconds, path.child('activeDeadlineSeconds')),
    ...checkNotNegative(spec.backoffLimit, path.child('backoffLimit')),
    ...checkNotNegative(spec.ttlSecondsAfterFinished, path.child('ttlSecondsAfterFinished')),
    ...checkNotNegative(spec.backoffLimitPerIndex, path.child('backoffLimitPerIndex')),
    ...checkNotNegative(spec.maxFailedIndexes, path.child('maxFailedIndexes')),
    ...checkOneOf(spec.completionMode, ['Indexed', 'NonIndexed'], path.child('completionMode')),
    ...checkOneOf(
      spec.podReplacementPolicy,
      ['Failed', 'TerminatingOrFailed'],
      path.child('podReplacementPolicy'),
    ),
    ...validateIndexed(spec, path),
    ...validateFailurePolicy(spec, path.child('podFailurePolicy')),
    ...validatePodTemplate(spec.template, path.child('template')),
  ];
  const restartPolicy = spec.template.spec?.restartPolicy;
  const at = path.child('template').child('spec').child('restartPolicy');
  if (restartPolicy === undefined || restartPolicy === 'Always')
    errors.push(required(at, 'valid values: "OnFailure", "Never"'));
  else if (restartPolicy === 'OnFailure' && spec.podFailurePolicy !== undefined)
    errors.push(
      invalidValue(at, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified'),
    );
  else if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never')
    errors.push(notSupported(at, restartPolicy, ['OnFailure', 'Never']));
  return errors;
}

function validateIndexed(spec: JobSpec, path: FieldPath): Errors {
  if (spec.completionMode !== 'Indexed') {
    return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
      .filter((name) => spec[name] !== undefined)
      .map((name) => invalidValue(path.child(name), spec[name], 'requires indexed completion mode'));
  }
  const errors: Errors = [];
  if (spec.completions === undefined)
    errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
  if ((spec.parallelism ?? 0) > maxParallelIndexed)
    errors.push(
      invalidValue(
        path.child('parallelism'),
        spec.parallelism,
        `must be less than or equal to ${maxParallelIndexed} when completion mode is Indexed`,
      ),
    );
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  return errors;
}

function validateFailurePolicy({ podFailurePolicy, backoffLimitPerIndex }: JobSpec, path: FieldPath): Errors {
  return checkEach(podFailurePolicy?.rules, path.child('rules'), (rule, at) => [
    ...validateFailureRule(rule, at),
    ...(rule.action === 'FailIndex' && backoffLimitPerIndex === undefined
      ? [invalidValue(at.child('action'), rule.action, 'requires the backoffLimitPerIndex to be set')]
      : []),
  ]);
}

function validateFailureRule(
  { action, onExitCodes, onPodConditions }: PodFailurePolicyRule,
  path: FieldPath,
): Errors {
  const errors = checkOneOf(action, ['Count', 'FailIndex', 'FailJob', 'Ignore'], path.child('action'), {
    isRequired: true,
  });
  const both = onExitCodes !== undefined && (onPodConditions?.length ?? 0) > 0;
  const none = onExitCodes === undefined && (onPodConditions?.length ?? 0) === 0;
  if (both)
    errors.push(invalidValue(path, '', 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (none)
    errors.push(invalidValue(path, '', 'specifying one of OnExitCodes and OnPodConditions is required'));
  if (onExitCodes !== undefined) {
    const at = path.child('onExitCodes');
    errors.push(
      ...checkOneOf(onExitCodes.operator, ['In', 'NotIn'], at.child('operator'), { isRequired: true }),
    );
    if (onExitCodes.values.length === 0)
      errors.push(invalidValue(at.child('values'), [], 'at least one value is required'));
    if (onExitCodes.operator === 'In' && onExitCodes.values.includes(0))
      errors.push(invalidValue(at.child('values'), onExitCodes.values, 'must not be 0 for the In operator'));
  }
  return errors;
}

/** ValidateJobUpdate: what the Pods are counted by stays. */
export function validateJobUpdate({ spec }: Job, { spec: old, status }: Job): Errors {
  const path = FieldPath.spec;
  const errors = [
    ...validateImmutable(spec.selector, old.selector, path.child('selector')),
    ...validateImmutable(spec.completionMode, old.completionMode, path.child('completionMode')),
    ...validateImmutable(spec.podFailurePolicy, old.podFailurePolicy, path.child('podFailurePolicy')),
    ...validateImmutable(
      spec.backoffLimitPerIndex,
      old.backoffLimitPerIndex,
      path.child('backoffLimitPerIndex'),
    ),
  ];
  // An elastic Job: an indexed one whose completions follow its parallelism.
  const elastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!elastic)
    errors.push(...validateImmutable(spec.completions, old.completions, path.child('completions')));
  // The template of a Job that has not started may still be placed elsewhere.
  const waiting = old.suspend === true && status.startTime === undefined;
  if (!deepEqual(templateOf(spec, waiting), templateOf(old, waiting)))
    errors.push(invalidValue(path.child('template'), spec.template, 'field is immutable'));
  return errors;
}

function templateOf({ template }: JobSpec, waiting: boolean): unknown {
  if (!waiting) return template;
  const {
    nodeSelector: _n,
    tolerations: _t,
    affinity: _a,
    schedulingGates: _g,
    ...spec
  } = template.spec ?? {
    containers: [],
  };
  return { ...template, metadata: { ...template.metadata, annotations: undefined, labels: undefined }, spec };
}

/** ValidateCronJobCreate. */
export function validateCronJob({ spec }: CronJob): Errors {
  const path = FieldPath.spec;
  const errors: Errors = [
    ...validateSchedule(spec.schedule, path.child('schedule')),
    ...validateTimeZone(spec.timeZone, path.child('timeZone')),
    ...checkNotNegative(spec.startingDeadlineSeconds, path.child('startingDeadlineSeconds')),
    ...checkOneOf(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], path.child('concurrencyPolicy'), {
      isRequired: true,
    }),
    ...checkNotNegative(spec.successfulJobsHistoryLimit, path.child('successfulJobsHistoryLimit')),
    ...checkNotNegative(spec.failedJobsHistoryLimit, path.child('failedJobsHistoryLimit')),
  ];
  const at = path.child('jobTemplate').child('spec');
  const job = spec.jobTemplate.spec;
  if (job === undefined) return [...errors, required(at)];
  if (job.manualSelector === true)
    errors.push(notSupported(at.child('manualSelector'), true, ['nil', 'false']));
  return [...errors, ...validateJobSpec(job, at)];
}

const macros = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

/** The range of each of a schedule's five fields; the names that stand for numbers. */
const fields = [
  { name: 'minute', low: 0, high: 59, names: [] },
  { name: 'hour', low: 0, high: 23, names: [] },
  { name: 'day of month', low: 1, high: 31, names: [] },
  {
    name: 'month',
    low: 1,
    high: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of week', low: 0, high: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const;

function validateSchedule(schedule: string, path: FieldPath): Errors {
  if (schedule === '') return [required(path)];
  if (schedule.includes('TZ'))
    return [invalidValue(path, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
  if (macros.has(schedule) || /^@every \d+(\.\d+)?(ns|us|µs|ms|s|m|h)/.test(schedule)) return [];
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== fields.length)
    return [
      invalidValue(path, schedule, `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`),
    ];
  for (const [index, field] of fields.entries()) {
    const part = parts[index] as string;
    if (!part.split(',').every((range) => isRange(range, field)))
      return [invalidValue(path, schedule, `${JSON.stringify(part)} is no ${field.name}`)];
  }
  return [];
}

/** "*", "?", "5", "1-5" and any of them with "/2" behind. */
function isRange(text: string, { low, high, names }: (typeof fields)[number]): boolean {
  const [range = '', step, ...rest] = text.split('/');
  if (rest.length > 0 || (step !== undefined && !(/^\d+$/.test(step) && Number(step) > 0))) return false;
  if (range === '*' || range === '?') return true;
  const bounds = range.split('-').map((bound) => numberOf(bound, names, low));
  if (bounds.length > 2 || bounds.some((bound) => bound === undefined || bound < low || bound > high))
    return false;
  return bounds.length === 1 || (bounds[0] as number) <= (bounds[1] as number);
}

function numberOf(text: string, names: readonly string[], low: number): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const index = names.indexOf(text.toLowerCase());
  return index < 0 ? undefined : index + low;
}

function validateTimeZone(zone: string | undefined, path: FieldPath): Errors {
  if (zone === undefined) return [];
  if (zone === '') return [invalidValue(path, zone, 'timeZone must be nil or non-empty string')];
  if (zone.toLowerCase() === 'local')
    return [
      invalidValue(
        path,
        zone,
        'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ),
    ];
  return isTimeZone(zone) ? [] : [invalidValue(path, zone, `unknown time zone ${zone}`)];
}

function isTimeZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
