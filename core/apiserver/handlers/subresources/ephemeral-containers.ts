import { invalid } from '../../../api/errors.ts';
import type { Pod } from '../../../api/generated/core-v1.ts';
import { podKind } from '../../../api/kinds/core.ts';
import { mutable } from '../../../api/object.ts';
import type { Mutable } from '../../../api/object.ts';
import { forbiddenField } from '../../../api/validation/field-errors.ts';
import { FieldPath } from '../../../api/validation/field-path.ts';
import { deepEqual } from '../../../machinery/json.ts';
import { writtenMetadata } from './subresource.ts';
import type { SubresourceHandler } from './subresource.ts';

/** Containers added to a Pod that runs; those that are there stay as they are (ValidatePodEphemeralContainersUpdate). */
export const ephemeralContainers: SubresourceHandler = {
  change(_endpoint, old, body) {
    const before = old.object as Pod;
    const wanted = (body as Mutable<Pod>).spec.ephemeralContainers ?? [];
    const path = FieldPath.spec.child('ephemeralContainers');
    const byName = new Map(wanted.map((container) => [container.name, container]));
    const changed = (before.spec.ephemeralContainers ?? []).filter(
      (container) => !deepEqual(byName.get(container.name), container),
    );
    if (changed.length > 0)
      throw invalid(podKind, before.metadata.name ?? '', [
        forbiddenField(
          path,
          `existing ephemeral containers ${JSON.stringify(changed.map(({ name }) => name))} may not be removed or changed`,
        ),
      ]);
    const object = mutable(before);
    Object.assign(object.metadata, writtenMetadata(body.metadata));
    // Where there are none, an empty list would be a change that no later update could leave out.
    if (wanted.length > 0) object.spec.ephemeralContainers = wanted;
    return object;
  },
};
