import type { Namespace } from '../../api/generated/core-v1.ts';
import type { Mutable } from '../../api/object.ts';
import { strategyFor } from '../strategy.ts';

const kubernetesFinalizer = 'kubernetes';

/** Namespaces (pkg/registry/core/namespace): held by spec.finalizers until the controller has emptied them. */
export const namespaceStrategy = strategyFor<Namespace>({
  prepareForCreate(namespace) {
    namespace.status = { phase: 'Active' };
    const finalizers = namespace.spec.finalizers ?? [];
    if (!finalizers.includes(kubernetesFinalizer))
      namespace.spec.finalizers = [...finalizers, kubernetesFinalizer];
  },

  prepareForUpdate(namespace, old, { subresource }) {
    if (subresource === 'finalize') return;
    namespace.spec = old.spec as Mutable<Namespace['spec']>;
  },

  beginDeletion(namespace) {
    namespace.status = { ...namespace.status, phase: 'Terminating' };
  },

  holdsDeletion: ({ spec }) => (spec.finalizers?.length ?? 0) > 0,
});
