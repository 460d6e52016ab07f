import type { KubernetesObject } from '../../core/api/object.ts';
import { writeYaml } from '../../core/machinery/yaml.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** An object to be edited: everything but the record of who set what, which is as long as the rest. */
export function textToEdit(object: KubernetesObject): string {
  const { managedFields: _managers, ...metadata } = object.metadata;
  return writeYaml(inOrder({ ...object, metadata }));
}

/** An object to be compared: what people write, without what the server keeps about it. */
export function textToCompare(object: KubernetesObject): string {
  const {
    managedFields: _managers,
    resourceVersion: _revision,
    uid: _uid,
    generation: _generation,
    creationTimestamp: _created,
    annotations = {},
    ...metadata
  } = object.metadata;
  const { [lastApplied]: _applied, ...kept } = annotations;
  const shown = Object.keys(kept).length === 0 ? metadata : { ...metadata, annotations: kept };
  const { status: _status, ...rest } = object as KubernetesObject & { status?: unknown };
  return writeYaml(inOrder({ ...rest, metadata: shown }));
}

function inOrder({ apiVersion, kind, metadata, ...rest }: KubernetesObject): object {
  return { apiVersion, kind, metadata, ...rest };
}
