import { invalid } from '../../../api/errors.ts';
import type { Scale } from '../../../api/generated/autoscaling-v1.ts';
import type { KubernetesObject, Mutable } from '../../../api/object.ts';
import type { KindDeclaration, ScalePaths } from '../../../api/scheme.ts';
import { objectSchemaOf } from '../../../api/schema/schemas.ts';
import { invalidValue } from '../../../api/validation/field-errors.ts';
import { FieldPath } from '../../../api/validation/field-path.ts';
import { apiVersionOf } from '../../../api/resource.ts';
import { isObject } from '../../../machinery/json.ts';
import type { JsonObject } from '../../../machinery/json.ts';
import { selectorFromObject } from '../../../machinery/label-selector.ts';
import type { KindToRead } from '../body.ts';

export const scaleKind: KindToRead = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  get schema() {
    return objectSchemaOf('autoscaling/v1.Scale');
  },
};

/** How large something is, whatever its kind, by the paths its kind declares. */
export function scaleOf(declaration: KindDeclaration, object: KubernetesObject): Scale {
  const paths = pathsOf(declaration);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorText(valueAt(object, paths.selector));
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, paths.specReplicas) },
    status: {
      replicas: numberAt(object, paths.statusReplicas),
      ...(selector === undefined ? {} : { selector }),
    },
  };
}

/** The object at another size; nothing else of it changes. */
export function scaled(
  declaration: KindDeclaration,
  old: KubernetesObject,
  scale: KubernetesObject,
): Mutable<KubernetesObject> {
  const replicas = (scale as Scale).spec.replicas ?? 0;
  if (replicas < 0) {
    const path = FieldPath.spec.child('replicas');
    throw invalid(scaleKind, old.metadata.name ?? '', [
      invalidValue(path, replicas, 'must be greater than or equal to 0'),
    ]);
  }
  const { resourceVersion } = scale.metadata;
  const object = withValueAt(old, pathsOf(declaration).specReplicas.split('.'), replicas) as KubernetesObject;
  return { ...object, metadata: { ...object.metadata, resourceVersion } } as Mutable<KubernetesObject>;
}

/** A Scale that is applied, as what it says of the object: its owner owns the replicas there (KEP-555). */
export function scaleConfiguration(declaration: KindDeclaration, scale: JsonObject): JsonObject {
  const { name, namespace } = scale['metadata'] as JsonObject;
  const replicas = valueAt(scale, 'spec.replicas');
  const identity = {
    apiVersion: apiVersionOf(declaration),
    kind: declaration.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  };
  if (replicas === undefined) return identity;
  return withValueAt(identity, pathsOf(declaration).specReplicas.split('.'), replicas) as JsonObject;
}

function pathsOf({ scale, kind }: KindDeclaration): ScalePaths {
  if (scale === undefined) throw new Error(`Cannot scale a ${kind}: it declares no scale`);
  return scale;
}

function valueAt(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), object);
}

function numberAt(object: unknown, path: string): number {
  const value = valueAt(object, path);
  return typeof value === 'number' ? value : 0;
}

function withValueAt(object: unknown, [name = '', ...rest]: readonly string[], value: unknown): unknown {
  const members = isObject(object) ? object : {};
  return { ...members, [name]: rest.length === 0 ? value : withValueAt(members[name], rest, value) };
}

/** A LabelSelector as text; plain label maps and texts (custom resources) too. */
function selectorText(selector: unknown): string | undefined {
  if (typeof selector === 'string') return selector;
  return isObject(selector) ? selectorFromObject(selector).toString() : undefined;
}
