import type { Members } from '../kind-samples.ts';

/** What is changed (a merge patch), which field is refused for it, and in which words. */
export type Refusal = readonly [change: Members, field: string, message: string];

export interface KindRefusals {
  /** Laid over the sample of the kind; nothing else is wrong with it. A string: why nothing is refused. */
  readonly create: readonly Refusal[] | string;
  /** Laid over the stored sample; the message's end. A string: why all of it may change. */
  readonly update: readonly Refusal[] | string;
  /** As `update`, of writes to the status; only kinds that have rules for these have any. */
  readonly writeStatus?: readonly Refusal[];
  /** What the sample needs before it is created, for the updates to be about something. */
  readonly given?: Members;
  /** Written to the status before the updates. */
  readonly status?: Members;
}

export const immutable = 'field is immutable';
export const required = 'Required value';
export const negativeReplicas: Refusal = [
  { spec: { replicas: -1 } },
  'spec.replicas',
  'Invalid value: -1: must be greater than or equal to 0',
];
export const declared = 'desired state that a controller follows, whatever it was before';
