import { deepEqual } from '../../machinery/json.ts';
import { qualifiedNameProblems } from '../../machinery/names.ts';
import type { Event } from '../generated/core-v1.ts';
import type { Errors } from './common.ts';
import { invalidEach, invalidValue, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';

const maxNameCharacters = 128;
const maxMessageCharacters = 1024;
const root = FieldPath.root;

/** legacyValidateEvent (pkg/apis/core/validation/events.go): what holds in either form. */
export function validateEvent(event: Event): Errors {
  return [...validatePlace(event), ...(isSet(event.eventTime) ? validateReport(event) : [])];
}

/** Beside what it is about, or in "default". */
function validatePlace({ metadata, involvedObject }: Event): Errors {
  const path = root.child('involvedObject').child('namespace');
  const { namespace } = involvedObject;
  // What is cluster-scoped is told of in "default"; the kubelet puts its node's events there too.
  if (namespace === undefined || namespace === '')
    return metadata.namespace === 'default' || metadata.namespace === 'kube-system'
      ? []
      : [invalidValue(path, '', 'does not match event.namespace')];
  return namespace === metadata.namespace
    ? []
    : [invalidValue(path, namespace, 'does not match event.namespace')];
}

/** Whoever dates an Event is of the newer kind, and says who they are and what they did. */
function validateReport({
  reportingComponent = '',
  reportingInstance = '',
  action = '',
  reason = '',
  message = '',
}: Event): Errors {
  const controller = root.child('reportingController');
  return [
    ...(reportingComponent === ''
      ? [required(controller)]
      : invalidEach(controller, reportingComponent, qualifiedNameProblems(reportingComponent))),
    ...Object.entries({ reportingInstance, action, reason }).flatMap(([name, text]) =>
      text === '' ? [required(root.child(name))] : validateLength(text, maxNameCharacters, root.child(name)),
    ),
    ...validateLength(message, maxMessageCharacters, root.child('message')),
  ];
}

/** Counted in bytes, as upstream does. */
function validateLength(text: string, max: number, path: FieldPath): Errors {
  return Buffer.byteLength(text) > max ? [invalidValue(path, '', `can have at most ${max} characters`)] : [];
}

/** ValidateEventCreate: what only events.k8s.io refuses. */
export function validateNewerEvent(event: Event): Errors {
  const { eventTime, type = '', series, source } = event;
  const errors = validateSeries(series);
  if (!isSet(eventTime)) errors.push(required(root.child('eventTime')));
  if (type !== 'Normal' && type !== 'Warning')
    errors.push(invalidValue(root.child('type'), '', `has invalid value: ${type}`));
  for (const name of ['firstTimestamp', 'lastTimestamp', 'count'] as const)
    if (isSet(event[name])) errors.push(invalidValue(root.child(name), '', 'needs to be unset'));
  if (isSet(source?.component) || isSet(source?.host))
    errors.push(invalidValue(root.child('source'), '', 'needs to be unset'));
  return errors;
}

function validateSeries(series: Event['series']): Errors {
  if (series === undefined) return [];
  const path = root.child('series');
  return [
    ...((series.count ?? 0) < 2 ? [invalidValue(path.child('count'), '', 'should be at least 2')] : []),
    ...(isSet(series.lastObservedTime) ? [] : [required(path.child('lastObservedTime'))]),
  ];
}

/** Paths of the fields that stay, and what the stored form calls them. */
const fixed = {
  involvedObject: 'involvedObject',
  reason: 'reason',
  message: 'message',
  source: 'source',
  firstTimestamp: 'firstTimestamp',
  lastTimestamp: 'lastTimestamp',
  count: 'count',
  type: 'type',
  eventTime: 'eventTime',
  action: 'action',
  related: 'related',
  reportingController: 'reportingComponent',
  reportingInstance: 'reportingInstance',
} as const;

/** ValidateEventUpdate: what happened stays; that it goes on is told by the series. */
export function validateNewerEventUpdate(event: Event, old: Event): Errors {
  const errors = deepEqual(event.series, old.series) ? [] : validateSeries(event.series);
  for (const [path, name] of Object.entries(fixed)) {
    const [value, before] = [event[name], old[name]];
    const same = deepEqual(value, before) || (!isSet(value) && !isSet(before));
    if (!same) errors.push(invalidValue(root.child(path), value, 'field is immutable'));
  }
  return errors;
}

/** A zero is as good as nothing. */
function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== '' && value !== 0;
}
