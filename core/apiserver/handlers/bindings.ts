import { pods } from '../../api/generated/resources.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Authorizer } from './authorize.ts';
import { checkAccess } from './authorize.ts';
import { bound } from './subresources/binding.ts';
import { success } from './subresources/success.ts';
import type { VirtualResource } from './virtual.ts';

/**
 * The older way to bind a Pod: its name is the Binding's (pkg/registry/core/pod/storage: LegacyBindingREST). Admitted
 * as what it is, a Binding of its own, and not once more as one of the Pod. Stricter than upstream in that the caller
 * needs the right to the subresource too.
 */
export function bindings(registry: Registry, authorizer: Authorizer, clock: Clock): VirtualResource {
  return {
    async create({ user, signal, tracker }, { namespace }, object, { dryRun }) {
      const { group, version, plural: resource } = pods;
      const name = object.metadata.name ?? '';
      const subresource = 'binding';
      const target = { group, version, resource, subresource, namespace, name };
      await checkAccess(authorizer, { user, verb: 'create', ...target }, tracker);
      await registry.storeFor(pods).update(namespace, name, {
        signal,
        dryRun,
        change: async (old) => bound(old.object as Pod, object, clock.now()),
      });
      return success;
    },
  };
}
