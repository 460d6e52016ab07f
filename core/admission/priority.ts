import { forbidden, isNotFound } from '../api/errors.ts';
import type { Pod } from '../api/generated/core-v1.ts';
import { pods, priorityclasses } from '../api/generated/resources.ts';
import { isSameResource } from '../api/resource.ts';
import type { PriorityClass } from '../api/generated/scheduling-v1.ts';
import { systemPriorities } from '../api/kinds/scheduling.ts';
import type { Mutable } from '../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import type { Lookup } from './lookup.ts';

interface Given {
  readonly className: string | undefined;
  readonly value: number;
  readonly preemptionPolicy: NonNullable<PriorityClass['preemptionPolicy']>;
}

const preempts = 'PreemptLowerPriority';

/**
 * Turns a Pod's priority class into the number that the scheduler and the kubelet compare, and keeps the default
 * class one (plugin/pkg/admission/priority).
 */
export class PriorityAdmission implements AdmissionPlugin {
  readonly name = 'Priority';
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  handles({ operation, declaration, subresource }: AdmissionRequest): boolean {
    if (subresource !== '') return false;
    if (isSameResource(declaration, pods)) return operation === 'CREATE' || operation === 'UPDATE';
    return isSameResource(declaration, priorityclasses) && operation !== 'CONNECT';
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    if (!isSameResource(request.declaration, pods)) return;
    const { spec } = request.object as unknown as Mutable<Pod>;
    if (request.operation === 'UPDATE') {
      keep(spec, (request.old as Pod).spec);
      return;
    }
    if (request.operation !== 'CREATE') return;
    const { className, value, preemptionPolicy } = await this.#given(request, spec.priorityClassName);
    if (spec.priority !== undefined && spec.priority !== value) {
      const text = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
      throw forbidden(request.declaration, request.name, text);
    }
    if (className !== undefined) spec.priorityClassName = className;
    spec.priority = value;
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
      const text = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`;
      throw forbidden(request.declaration, request.name, text);
    }
    spec.preemptionPolicy = preemptionPolicy;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    if (!isSameResource(request.declaration, priorityclasses)) return;
    if (request.operation === 'DELETE') {
      if (!systemPriorities.has(request.name)) return;
      const text = 'this is a system priority class and cannot be deleted';
      throw forbidden(request.declaration, request.name, text);
    }
    const { globalDefault, metadata } = request.object as unknown as PriorityClass;
    if (globalDefault !== true) return;
    const other = (await this.#classes(request)).find(
      (one) => one.globalDefault === true && one.metadata.name !== metadata.name,
    );
    if (other === undefined) return;
    const text = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`;
    throw forbidden(request.declaration, request.name, text);
  }

  async #given(request: AdmissionRequest, className: string | undefined): Promise<Given> {
    if (className === undefined || className === '') return this.#default(request);
    try {
      const { value = 0, preemptionPolicy = preempts } = await this.#lookup.get(
        priorityclasses,
        { name: className },
        { signal: request.signal },
      );
      return { className, value, preemptionPolicy };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw forbidden(request.declaration, request.name, `no PriorityClass with name ${className} was found`);
    }
  }

  /** Of several defaults, which can only come from before one was refused, the lowest holds. */
  async #default(request: AdmissionRequest): Promise<Given> {
    const defaults = (await this.#classes(request)).filter(({ globalDefault }) => globalDefault === true);
    const lowest = defaults.toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
    return {
      className: lowest?.metadata.name,
      value: lowest?.value ?? 0,
      preemptionPolicy: lowest?.preemptionPolicy ?? preempts,
    };
  }

  async #classes({ signal }: AdmissionRequest): Promise<readonly PriorityClass[]> {
    return (
      await this.#lookup.list(priorityclasses, {
        resourceVersion: '0',
        signal,
      })
    ).items;
  }
}

/** A client that knows nothing of priorities does not mean to take them away. */
function keep(spec: Mutable<Pod['spec']>, { priority, preemptionPolicy }: Pod['spec']): void {
  if (priority !== undefined) spec.priority ??= priority;
  if (preemptionPolicy !== undefined) spec.preemptionPolicy ??= preemptionPolicy;
}
