import type { APIService, APIServiceCondition } from '../../api/generated/apiregistration-v1.ts';
import { describeError } from '../../machinery/logger.ts';
import { Unreachable } from '../egress/backends.ts';

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

/** The conditions with this one; undefined where they say so already. */
export function withAvailability(
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
