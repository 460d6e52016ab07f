import { notFound } from '../../api/errors.ts';
import type { ComponentStatus } from '../../api/generated/core-v1.ts';
import { componentstatuses } from '../../api/generated/resources.ts';
import type { VirtualResource } from './virtual.ts';

/** A part of the control plane; `check` rejects with what is wrong. */
export interface Component {
  readonly name: string;
  readonly check: (signal: AbortSignal) => Promise<void>;
}

const checkWithinMs = 5_000;

/** What is asked when somebody lists ComponentStatuses (pkg/registry/core/componentstatus). */
export function componentStatuses(components: readonly Component[]): VirtualResource {
  return {
    list: () => Promise.all(components.map(statusOf)),
    async get(_call, { name }) {
      const component = components.find((each) => each.name === name);
      if (component === undefined) throw notFound(componentstatuses, name);
      return statusOf(component);
    },
  };
}

async function statusOf({ name, check }: Component): Promise<ComponentStatus> {
  const condition = await check(AbortSignal.timeout(checkWithinMs)).then(
    () => ({ type: 'Healthy', status: 'True', message: 'ok' }),
    (error: unknown) => ({
      type: 'Healthy',
      status: 'False',
      message: error instanceof Error ? error.message : String(error),
    }),
  );
  return { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name }, conditions: [condition] };
}
