import { withCondition } from '../../api/custom/conditions.ts';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts';
import type { Mutable } from '../../api/object.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import { strategyFor } from '../strategy.ts';

/** Keeps a definition until the objects of its kind are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

type Definition = Mutable<CustomResourceDefinition>;

/** Upstream: apiextensions-apiserver/pkg/registry/customresourcedefinition. */
export const customResourceDefinitionStrategy = strategyFor<CustomResourceDefinition>({
  prepareForCreate: rememberStorageVersion,
  prepareForUpdate: rememberStorageVersion,
  // The first request to delete it only begins to: its objects go first.
  holdsDeletion: ({ metadata }) => metadata.deletionTimestamp === undefined,
  beginDeletion(definition, { clock }) {
    const { metadata, status } = definition;
    metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), cleanupFinalizer])];
    const conditions = withCondition(
      status.conditions ?? [],
      {
        type: 'Terminating',
        status: 'True',
        reason: 'InstanceDeletionPending',
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      },
      timestamp(clock.now()),
    );
    definition.status = { ...status, conditions } as Definition['status'];
  },
});

/** From now on objects may be stored in it, until somebody who has moved them says otherwise. */
function rememberStorageVersion(definition: Definition): void {
  const storage = definition.spec.versions.find((version) => version.storage)?.name;
  const stored = definition.status.storedVersions ?? [];
  if (storage === undefined || stored.includes(storage)) return;
  definition.status = { ...definition.status, storedVersions: [...stored, storage] };
}
