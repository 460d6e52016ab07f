import { defaultCronJob, defaultJob } from '../defaults/batch.ts';
import { cronjobs, jobs } from '../generated/resources.ts';
import { validateCronJob, validateJob, validateJobUpdate } from '../validation/batch.ts';
import { dns1123SubdomainProblems } from '../../machinery/names.ts';
import { FieldPath } from '../validation/field-path.ts';
import { namedTemplateWarnings } from '../validation/pod-warnings.ts';
import { declareKind } from './declare.ts';

export const jobKind = declareKind(jobs, {
  generation: true,
  applyDefaults: defaultJob,
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  warnings: namedTemplateWarnings(({ spec }) => spec.template),
  selectableFields: { 'status.successful': ({ status }) => String(status.succeeded ?? 0) },
});

/** Eleven characters less than other names, for the time that is put behind the names of its Jobs. */
const maxCronJobName = 52;

export const cronJobKind = declareKind(cronjobs, {
  generation: true,
  nameProblems: (name) => [
    ...dns1123SubdomainProblems(name),
    ...(name.length > maxCronJobName ? [`must be no more than ${maxCronJobName} characters`] : []),
  ],
  applyDefaults: defaultCronJob,
  validate: validateCronJob,
  warnings: namedTemplateWarnings(
    ({ spec }) => spec.jobTemplate.spec?.template,
    FieldPath.spec.child('jobTemplate').child('spec').child('template'),
  ),
});
