import type { Pod } from '../api/generated/core-v1.ts';
import { forbidden } from '../api/errors.ts';
import type { Mutable } from '../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';

/** The classes that are there without anybody creating them (pkg/apis/scheduling/v1/helpers.go). */
const systemClasses: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

/** Turns a Pod's priority class into the number that the scheduler and the kubelet compare. */
export const priority: AdmissionPlugin = {
  name: 'Priority',

  handles: ({ operation, declaration, subresource }: AdmissionRequest): boolean =>
    operation === 'CREATE' && declaration.plural === 'pods' && declaration.group === '' && subresource === '',

  mutate({ object, declaration, name }: AdmissionRequest): void {
    const { spec } = object as unknown as Mutable<Pod>;
    const className = spec.priorityClassName;
    const value = className === undefined || className === '' ? 0 : systemClasses.get(className);
    if (value === undefined)
      throw forbidden(declaration, name, `no PriorityClass with name ${className} was found`);
    if (spec.priority !== undefined && spec.priority !== value) {
      const text = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
      throw forbidden(declaration, name, text);
    }
    spec.priority = value;
    spec.preemptionPolicy ??= 'PreemptLowerPriority';
  },
};
