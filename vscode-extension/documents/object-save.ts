import { isConflict } from '../../core/api/errors.ts';
import type { KubernetesObject, ObjectName } from '../../core/api/object.ts';
import type { Client } from '../../core/client/client.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { fieldManager, nameOf } from '../apply/apply-plan.ts';
import { l10n } from '../language/l10n.ts';
import { textToCompare } from './object-text.ts';

export type Saved =
  | { readonly kind: 'saved'; readonly object: KubernetesObject }
  /** Somebody else changed what people write; nothing was overwritten. */
  | { readonly kind: 'conflict'; readonly live: KubernetesObject };

/** A status may be written at any time; after this many of them in a row something else is wrong. */
const mostAttempts = 5;

/**
 * Replaces an object by what was edited, if nobody changed it since the revision the text carries. A change of the
 * status alone is none: controllers write it all the time. Throws what the server refuses, and where the text no
 * longer means the same object.
 */
export async function saveObject(
  client: Client,
  resource: ServedResource,
  name: ObjectName,
  edited: KubernetesObject,
  /** The object as it was handed out to be edited, by its resourceVersion. */
  handedOut: (resourceVersion: string) => KubernetesObject | undefined,
  signal: AbortSignal,
): Promise<Saved> {
  requireSame(resource, name, edited);
  const base = handedOut(edited.metadata.resourceVersion ?? '');
  let object = edited;
  for (let attempt = 1; ; attempt++) {
    try {
      const options = { fieldManager, fieldValidation: 'Strict', signal } as const;
      return { kind: 'saved', object: await client.update(resource, object, options) };
    } catch (error) {
      if (!isConflict(error)) throw error;
      const live = await client.get(resource, name, { signal });
      const untouched = base !== undefined && textToCompare(live) === textToCompare(base);
      if (!untouched || live.metadata.uid !== base.metadata.uid || attempt >= mostAttempts) {
        return { kind: 'conflict', live };
      }
      const { resourceVersion } = live.metadata;
      object = { ...edited, metadata: { ...edited.metadata, resourceVersion } };
    }
  }
}

function requireSame(resource: ServedResource, name: ObjectName, edited: KubernetesObject): void {
  const { namespace, name: found } = nameOf(edited);
  if (edited.kind !== resource.kind || found !== name.name || namespace !== name.namespace) {
    throw new Error(
      l10n.t('Kind, name and namespace cannot be changed: apply the text as a new object instead'),
    );
  }
  // Without it the server would replace whatever is there.
  if (edited.metadata.resourceVersion === undefined) {
    throw new Error(
      l10n.t('metadata.resourceVersion was removed; it tells which state of the object was edited'),
    );
  }
}
