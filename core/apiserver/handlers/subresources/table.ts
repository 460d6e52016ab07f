import type { Eviction } from '../../../api/generated/policy-v1.ts';
import type { Pod } from '../../../api/generated/core-v1.ts';
import { objectSchemaOf } from '../../../api/schema/schemas.ts';
import type { DeleteOptions, Encoded } from '../../../api/verbs.ts';
import { PlainObject } from '../plain-object.ts';
import { bindingKind, bound } from './binding.ts';
import { scaled, scaleKind, scaleOf } from './scale.ts';
import type { SubresourceCreate, SubresourceHandler } from './subresource.ts';

const scale: SubresourceHandler = {
  kind: scaleKind,
  view: ({ declaration }, stored) => new PlainObject(scaleOf(declaration, stored.object)),
  change: ({ declaration }, old, body) => scaled(declaration, old.object, body),
};

const binding: SubresourceHandler = {
  kind: bindingKind,
  async create({ call, endpoint, target, body, dryRun, clock }: SubresourceCreate): Promise<Encoded> {
    await endpoint.store.update(target.namespace, target.name, {
      signal: call.signal,
      dryRun,
      change: async (old) => bound(old.object as Pod, body, clock.now()),
    });
    return new PlainObject(success);
  },
};

const eviction: SubresourceHandler = {
  kind: {
    group: 'policy',
    version: 'v1',
    kind: 'Eviction',
    get schema() {
      return objectSchemaOf('policy/v1.Eviction');
    },
  },
  async create({ body, dryRun, delete: remove }: SubresourceCreate): Promise<Encoded> {
    const { deleteOptions = {} } = body as Eviction;
    const { gracePeriodSeconds, preconditions, propagationPolicy } = deleteOptions;
    await remove({
      dryRun: dryRun || (deleteOptions.dryRun?.length ?? 0) > 0,
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(preconditions === undefined
        ? {}
        : { preconditions: preconditions as NonNullable<DeleteOptions['preconditions']> }),
      ...(propagationPolicy === undefined
        ? {}
        : { propagationPolicy: propagationPolicy as NonNullable<DeleteOptions['propagationPolicy']> }),
    });
    return new PlainObject(success);
  },
};

/** What binding and eviction answer: upstream's Status. */
const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** By name; names mean the same with every kind that has them. Others (status) are the object itself. */
export const subresourceHandlers: ReadonlyMap<string, SubresourceHandler> = new Map([
  ['scale', scale],
  ['binding', binding],
  ['eviction', eviction],
]);
