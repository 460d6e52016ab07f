import type { KubernetesObject, Mutable } from '../../api/object.ts';
import type { Call, Encoded, EncodedList } from '../../api/verbs.ts';
import type { StoredList } from '../../registry/listing.ts';
import type { StoredObject } from '../../registry/stored-object.ts';
import { formOf } from './conversion.ts';
import { customFormOf } from './custom-form.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * A stored object in the form that was asked for. Without a promise where nobody has to be asked, as for all but
 * custom kinds.
 */
export function shownIn(call: Call, endpoint: Endpoint, stored: StoredObject): Encoded | Promise<Encoded> {
  return endpoint.declaration.custom === undefined
    ? shown(endpoint, stored)
    : shownCustom(call, endpoint, stored);
}

async function shownCustom(call: Call, endpoint: Endpoint, stored: StoredObject): Promise<Encoded> {
  return shown(endpoint, await asWritten(call, endpoint, stored));
}

/** As `shownIn`, for an object that is in the version that was asked for where its kind is custom. */
export function shown(endpoint: Endpoint, stored: Encoded): Encoded {
  return endpoint.subresource?.handler?.view?.(endpoint, stored) ?? ownForm(endpoint, stored);
}

/** The whole object, whichever part of it was asked for. */
export function ownForm({ declaration }: Endpoint, stored: Encoded): Encoded {
  return formOf(declaration)?.show(stored) ?? stored;
}

/** What writes start from: a custom resource in the version they are in, of other kinds what is stored. */
export async function asWritten(
  call: Call,
  { declaration }: Endpoint,
  stored: StoredObject,
): Promise<Encoded> {
  return (await customFormOf(declaration)?.show(stored, call.signal)) ?? stored;
}

/** What a client sent, completed, in the form that is stored. */
export function wished(
  { declaration, store }: Endpoint,
  object: Mutable<KubernetesObject>,
): Mutable<KubernetesObject> {
  declaration.applyDefaults?.(object);
  const form = formOf(declaration);
  if (form === undefined) return object;
  const stored = form.toStored(object);
  store.declaration.applyDefaults?.(stored);
  return stored;
}

export async function listOf(
  call: Call,
  { declaration }: Endpoint,
  { items, resourceVersion, continue: more, remainingItemCount }: StoredList,
): Promise<EncodedList> {
  const form = formOf(declaration);
  const custom = customFormOf(declaration);
  const asked = form === undefined ? items : items.map((item) => form.show(item));
  return {
    items: custom === undefined ? asked : await custom.showAll(items, call.signal),
    resourceVersion,
    ...(more === undefined ? {} : { continue: more }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}
