import type { Event as CoreEvent } from '../generated/core-v1.ts';
import type { Event } from '../generated/events-v1.ts';
import { eventsEvents } from '../generated/resources.ts';
import type { KubernetesObject } from '../object.ts';
import { validateNewerEvent, validateNewerEventUpdate } from '../validation/events.ts';
import { declareKind } from './declare.ts';

/** Events are one thing under two names; the core form is stored (pkg/apis/core/types.go: Event). */
export const eventsEventKind = declareKind(eventsEvents, {
  createOnUpdate: true,
  conversion: {
    group: '',
    version: 'v1',
    toStored: toCore,
    fromStored: fromCore,
    validate: (stored) => validateNewerEvent(stored as CoreEvent),
    validateUpdate: (stored, old) => validateNewerEventUpdate(stored as CoreEvent, old as CoreEvent),
    fieldLabels: {
      'regarding.kind': 'involvedObject.kind',
      'regarding.namespace': 'involvedObject.namespace',
      'regarding.name': 'involvedObject.name',
      'regarding.uid': 'involvedObject.uid',
      'regarding.apiVersion': 'involvedObject.apiVersion',
      'regarding.resourceVersion': 'involvedObject.resourceVersion',
      'regarding.fieldPath': 'involvedObject.fieldPath',
      reportingController: 'reportingComponent',
    },
  },
});

function toCore(event: Event): KubernetesObject {
  const core: CoreEvent = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: event.metadata,
    involvedObject: event.regarding ?? {},
    reason: event.reason,
    message: event.note,
    source: event.deprecatedSource ?? {},
    firstTimestamp: event.deprecatedFirstTimestamp,
    lastTimestamp: event.deprecatedLastTimestamp,
    count: event.deprecatedCount,
    type: event.type,
    eventTime: event.eventTime,
    series: event.series,
    action: event.action,
    related: event.related,
    reportingComponent: event.reportingController ?? '',
    reportingInstance: event.reportingInstance ?? '',
  };
  return withoutAbsent(core);
}

function fromCore(stored: KubernetesObject): Event {
  const core = stored as CoreEvent;
  const { series } = core;
  return withoutAbsent({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: core.metadata,
    eventTime: core.eventTime as string,
    series:
      series === undefined
        ? undefined
        : { count: series.count ?? 0, lastObservedTime: series.lastObservedTime ?? '' },
    reportingController: core.reportingComponent,
    reportingInstance: core.reportingInstance,
    action: core.action,
    reason: core.reason,
    regarding: core.involvedObject,
    related: core.related,
    note: core.message,
    type: core.type,
    deprecatedSource: core.source,
    deprecatedFirstTimestamp: core.firstTimestamp,
    deprecatedLastTimestamp: core.lastTimestamp,
    deprecatedCount: core.count,
  });
}

/** Absent members are left out, not undefined: an object looks the same whichever way it was made. */
function withoutAbsent<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
