import type { Pod } from '../../../api/generated/core-v1.ts';
import type { Encoded } from '../../../api/verbs.ts';
import { PlainObject } from '../plain-object.ts';
import { bindingKind, bound } from './binding.ts';
import { ephemeralContainers } from './ephemeral-containers.ts';
import { eviction } from './eviction.ts';
import { resize } from './resize.ts';
import { scaleConfiguration, scaled, scaleKind, scaleOf } from './scale.ts';
import { checkSameName } from './subresource.ts';
import type { SubresourceCreate, SubresourceHandler } from './subresource.ts';
import { success } from './success.ts';

const scale: SubresourceHandler = {
  kind: scaleKind,
  show: scaleOf,
  view: ({ declaration }, stored) => new PlainObject(scaleOf(declaration, stored.object)),
  change: ({ declaration }, old, body) => scaled(declaration, old.object, body),
  configuration: ({ declaration }, configuration) => scaleConfiguration(declaration, configuration),
};

const binding: SubresourceHandler = {
  kind: bindingKind,
  async create({ call, endpoint, target, body, dryRun, clock }: SubresourceCreate): Promise<Encoded> {
    checkSameName(body, target);
    await endpoint.store.update(target.namespace, target.name, {
      signal: call.signal,
      dryRun,
      change: async (old) => bound(old.object as Pod, body, clock.now()),
    });
    return new PlainObject(success);
  },
};

/** By name; names mean the same with every kind that has them. Others (status) are the object itself. */
export const subresourceHandlers: ReadonlyMap<string, SubresourceHandler> = new Map([
  ['scale', scale],
  ['ephemeralcontainers', ephemeralContainers],
  ['resize', resize],
  ['binding', binding],
  ['eviction', eviction],
]);
