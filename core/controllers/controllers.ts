import { createDeploymentController } from './deployment/controller.ts';
import { GarbageCollector } from './garbage-collector/collector.ts';
import { createNamespaceController } from './namespace/controller.ts';
import { createReplicaSetController } from './replicaset/controller.ts';
import type { ControllerDependencies } from './runtime/dependencies.ts';
import type { Runnable } from './runtime/manager.ts';

/** Every controller of a cluster. To add one, write its folder and name it here. */
export function createControllers(dependencies: ControllerDependencies): readonly Runnable[] {
  return [
    createDeploymentController(dependencies),
    createReplicaSetController(dependencies),
    createNamespaceController(dependencies),
    new GarbageCollector(dependencies),
  ];
}
