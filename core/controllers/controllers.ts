import { createDeploymentController } from './deployment/controller.ts';
import { createReplicaSetController } from './replicaset/controller.ts';
import type { ControllerDependencies } from './runtime/dependencies.ts';
import type { Runnable } from './runtime/manager.ts';

/** Every controller of a cluster. To add one, write its folder and name it here. */
export function createControllers(dependencies: ControllerDependencies): readonly Runnable[] {
  return [createDeploymentController(dependencies), createReplicaSetController(dependencies)];
}
