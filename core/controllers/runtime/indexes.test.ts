import { afterEach, expect, test, vi } from 'vitest';
import { createScheme } from '../../api/kinds/scheme.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import { createInformerFactory } from '../../client/informer-factory.ts';
import { ObjectCache } from '../../client/lister.ts';
import { seededRandom } from '../../machinery/random.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { createDeploymentController } from '../deployment/controller.ts';
import { createDisruptionController } from '../disruption/controller.ts';
import { createEndpointsController } from '../endpoints/controller.ts';
import { createEndpointSliceController } from '../endpointslice/controller.ts';
import { createReplicaSetController } from '../replicaset/controller.ts';
import type { Controller } from './controller.ts';
import type { ControllerDependencies } from './dependencies.ts';

/** Nothing is called before they run. */
function dependencies(): ControllerDependencies {
  const clock = new SteppedClock();
  const random = seededRandom(1);
  const client = {} as Client;
  return {
    client,
    clock,
    random,
    informers: createInformerFactory({ client, clock, random }),
    scheme: createScheme(),
    eventsOf: () => ({}) as EventRecorder,
  };
}

afterEach(() => {
  vi.restoreAllMocks();
});

const cases: readonly [
  name: string,
  create: (given: ControllerDependencies) => Controller,
  indexes: readonly string[],
][] = [
  ['replicaset', createReplicaSetController, ['namespace', 'orphan', 'owner', 'owner']],
  ['deployment', createDeploymentController, ['namespace', 'namespace', 'owner']],
  ['disruption', createDisruptionController, ['namespace', 'namespace']],
  ['endpoints', createEndpointsController, ['namespace', 'namespace']],
  ['endpointslice', createEndpointSliceController, ['managed-service', 'namespace', 'namespace']],
];

// After the first list, each would take reading a hundred thousand objects in one turn.
test.each(cases)('the %s controller asks for its indexes when it is made', (_name, create, indexes) => {
  const index = vi.spyOn(ObjectCache.prototype, 'index');
  create(dependencies());
  expect(index.mock.calls.map(([name]) => name).toSorted()).toEqual(indexes);
});
