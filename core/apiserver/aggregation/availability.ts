import { isConflict, isNotFound } from '../../api/errors.ts';
import type { APIService, APIServiceCondition } from '../../api/generated/apiregistration-v1.ts';
import { apiservices } from '../../api/generated/resources.ts';
import type { Call, Verbs } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import { describeError } from '../../machinery/logger.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import { Unreachable } from '../egress/backends.ts';

export interface ReportOptions {
  readonly verbs: Verbs;
  readonly clock: Clock;
}

export const userAgent = 'kube-aggregator';
const { group, version, plural } = apiservices;
/** Where APIServices are. */
export const collection = { group, version, resource: plural };

/** Whether requests may be handed on, and why not, under upstream's reasons. */
export interface Availability {
  readonly available: boolean;
  readonly reason: string;
  readonly message: string;
}

export const localAvailability: Availability = {
  available: true,
  reason: 'Local',
  message: 'Local APIServices are always available',
};

export const passed: Availability = { available: true, reason: 'Passed', message: 'all checks passed' };

/** What a failed check of a user's server says. */
export function failed({ spec }: APIService, error: unknown): Availability {
  if (error instanceof Unreachable) return { available: false, reason: error.why, message: error.condition };
  const { service = {}, group = '', version = '' } = spec;
  const url = `https://${service.name ?? ''}.${service.namespace ?? ''}.svc:${service.port ?? 443}/apis/${group}/${version}`;
  return {
    available: false,
    reason: 'FailedDiscoveryCheck',
    message: `failing or missing response from ${url}: ${describeError(error)}`,
  };
}

export function isAvailable({ status }: APIService): boolean {
  return status.conditions?.some((one) => one.type === 'Available' && one.status === 'True') === true;
}

/** Writes it into the object, unless that says so already. */
export async function reportAvailability(
  { verbs, clock }: ReportOptions,
  call: Call,
  service: APIService,
  outcome: Availability,
): Promise<void> {
  const conditions = withAvailability(service, outcome, timestamp(clock.now()));
  if (conditions === undefined) return;
  const target = { ...collection, name: service.metadata.name ?? '', subresource: 'status' };
  try {
    const object = { ...service, status: { ...service.status, conditions } };
    await verbs.update(call, target, { kind: 'object', object });
  } catch (error) {
    // Whoever changed or deleted it meanwhile has put it in the queue again.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** The conditions with this one; undefined where they say so already. */
function withAvailability(
  { status }: APIService,
  { available, reason, message }: Availability,
  now: string,
): readonly APIServiceCondition[] | undefined {
  const value = available ? 'True' : 'False';
  const before = status.conditions?.find(({ type }) => type === 'Available');
  if (before?.status === value && before.reason === reason && before.message === message) return undefined;
  return [
    ...(status.conditions ?? []).filter(({ type }) => type !== 'Available'),
    {
      type: 'Available',
      status: value,
      lastTransitionTime: before?.status === value ? before.lastTransitionTime : now,
      reason,
      message,
    },
  ];
}
