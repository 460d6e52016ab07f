import type { AdmissionView } from '../../admission/chain.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import type { Call, DeleteOptions, WriteOptions } from '../../api/verbs.ts';
import type { Endpoint } from './endpoint.ts';
import { managerOf } from './ownership.ts';
import type { WriteRequest } from './write-path.ts';

/** What admission is told of a call that writes to an endpoint. */
export function writeRequestOf(
  call: Call,
  endpoint: Endpoint,
  options: WriteOptions | DeleteOptions,
): WriteRequest {
  const { declaration: asked, store, subresource } = endpoint;
  const { dryRun = false } = options;
  const fieldManager = 'fieldManager' in options ? options.fieldManager : undefined;
  return {
    call,
    store,
    // Versions of a custom kind have rules of their own; other forms go by those of what is stored.
    declaration: asked.custom === undefined ? store.declaration : asked,
    subresource: subresource?.name ?? '',
    dryRun,
    manager: managerOf(fieldManager, call.userAgent),
    given: options,
    view: viewOf(endpoint),
  };
}

/** What whoever is asked about a write sees of it; undefined where that is the object as it is stored. */
function viewOf({ declaration, store, subresource }: Endpoint): AdmissionView | undefined {
  const handler = subresource?.handler;
  if (declaration === store.declaration && handler?.kind === undefined) return undefined;
  const requested = { requested: declaration, body: handler?.kind };
  if (handler?.show === undefined) return requested;
  return {
    ...requested,
    show: (object) => handler.show?.(declaration, object) ?? object,
    change: (object, body) =>
      handler.change?.({ declaration }, { object }, body as Mutable<KubernetesObject>) ??
      (body as Mutable<KubernetesObject>),
  };
}
