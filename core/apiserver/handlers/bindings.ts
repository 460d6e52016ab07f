import { pods } from '../../api/generated/resources.ts';
import type { Verbs } from '../../api/verbs.ts';
import type { VirtualResource } from './virtual.ts';

/**
 * The older way to bind a Pod: its name is the Binding's (pkg/registry/core/pod/storage: LegacyBindingREST). Stricter
 * than upstream in that the caller needs the right to the subresource too.
 */
export function bindings(verbs: () => Pick<Verbs, 'create'>): VirtualResource {
  return {
    async create(call, { namespace }, object, options) {
      const { group, version, plural: resource } = pods;
      const name = object.metadata.name ?? '';
      const pod = { group, version, resource, name, ...(namespace === undefined ? {} : { namespace }) };
      const body = { kind: 'object', object } as const;
      return (await verbs().create(call, { ...pod, subresource: 'binding' }, body, options)).object;
    },
  };
}
