import type { FlowSchema, PriorityLevelConfiguration } from '../generated/flowcontrol-v1.ts';
import { flowschemas, prioritylevelconfigurations } from '../generated/resources.ts';
import type { Mutable } from '../object.ts';
import { validateFlowSchema, validatePriorityLevel } from '../validation/flow-control.ts';
import { declareKind } from './declare.ts';

const defaultPrecedence = 1000;
const defaultShares = 30;

export const flowSchemaKind = declareKind(flowschemas, {
  generation: true,
  applyDefaults({ spec }: Mutable<FlowSchema>) {
    if (spec.matchingPrecedence === undefined || spec.matchingPrecedence === 0)
      spec.matchingPrecedence = defaultPrecedence;
  },
  validate: validateFlowSchema,
});

export const priorityLevelKind = declareKind(prioritylevelconfigurations, {
  generation: true,
  applyDefaults: defaultPriorityLevel,
  validate: validatePriorityLevel,
});

/** Upstream: pkg/apis/flowcontrol/v1/defaults.go. */
function defaultPriorityLevel({ spec }: Mutable<PriorityLevelConfiguration>): void {
  if (spec.type === 'Exempt') {
    spec.exempt ??= {};
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (spec.limited === undefined) return;
  spec.limited.nominalConcurrencyShares ??= defaultShares;
  spec.limited.lendablePercent ??= 0;
  const queuing = spec.limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  if ((queuing.queues ?? 0) === 0) queuing.queues = 64;
  if ((queuing.handSize ?? 0) === 0) queuing.handSize = 8;
  if ((queuing.queueLengthLimit ?? 0) === 0) queuing.queueLengthLimit = 50;
}
