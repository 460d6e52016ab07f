import type { FieldError } from '../../../core/api/errors.ts';
import { selectOwnPods } from '../../../core/api/defaults/batch.ts';
import type { Job } from '../../../core/api/generated/batch-v1.ts';
import { mergeStringData } from '../../../core/api/defaults/secret.ts';
import type { KubernetesObject, Mutable } from '../../../core/api/object.ts';
import { apiVersionOf } from '../../../core/api/resource.ts';
import { emptyMember, normalize } from '../../../core/api/validation/normalize.ts';
import { validateObjectMeta } from '../../../core/api/validation/object-meta.ts';
import { isObject, type JsonObject } from '../../../core/machinery/json.ts';
import { dns1123SubdomainProblems } from '../../../core/machinery/names.ts';
import type { ScalarType, Schema } from '../../../core/machinery/schema.ts';
import type { KindInfo } from '../schema/schema-model.ts';
import { schemaAt } from '../schema/schema-at.ts';
import type { Path } from '../syntax/paths.ts';

/**
 * The value without what is of a wrong type, so that rules, which count on types, can be asked about the rest. Items
 * of lists are emptied rather than left out: others keep their places.
 */
export function withoutWrong(schema: Schema, value: JsonObject, wrong: readonly Path[]): JsonObject {
  if (wrong.length === 0) return value;
  const copy = structuredClone(value) as Record<string, unknown>;
  for (const path of wrong) {
    const parent = path.slice(0, -1).reduce<unknown>(memberOf, copy);
    const step = path.at(-1);
    if (Array.isArray(parent) && typeof step === 'number')
      parent[step] = emptyOf(schemaAt(schema, path)?.schema);
    else if (isObject(parent)) delete (parent as Record<string, unknown>)[String(step)];
  }
  return copy;
}

function memberOf(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return value[Number(step)];
  return isObject(value) ? value[step] : undefined;
}

function emptyOf(schema: Schema | undefined): unknown {
  switch (schema?.kind) {
    case 'list':
      return [];
    case 'scalar':
      return emptyScalar(schema.type);
    default:
      return {};
  }
}

function emptyScalar(type: ScalarType): unknown {
  if (type === 'bool') return false;
  if (type === 'quantity') return '0';
  if (type === 'duration') return '0s';
  return type === 'int32' || type === 'int64' || type === 'double' ? 0 : '';
}

/** What the server does to new objects of some kinds before it looks at them. */
const preparations: Readonly<Record<string, (object: Mutable<KubernetesObject>) => void>> = {
  '/Secret': mergeStringData,
  'batch/Job': (object) => selectOwnPods(object as unknown as Mutable<Job>),
};

/**
 * What the server would refuse when the object is created, by the code that decides it there: decoded, completed and
 * validated in the same order. Admission is missing, as it needs a cluster.
 * `namespace` is the one the object is applied to where it names none; `isWhole` says that nothing had to be left out.
 */
export function serverRules(
  kind: KindInfo,
  value: JsonObject,
  { namespace, isWhole }: { readonly namespace: string; readonly isWhole: boolean },
): readonly FieldError[] {
  const object = normalize(kind.schema, value).value as unknown as Mutable<KubernetesObject>;
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
  object.metadata ??= {} as Mutable<KubernetesObject>['metadata'];
  if (kind.namespaced) object.metadata.namespace ??= namespace;
  // The name is made from the prefix before it is looked at.
  if (object.metadata.generateName !== undefined) object.metadata.name ??= `${object.metadata.generateName}x`;
  const members = object as unknown as Record<string, unknown>;
  if (members['status'] !== undefined) members['status'] = emptyMember(kind.schema, 'status');
  preparations[`${kind.group}/${kind.kind}`]?.(object);
  const { rules } = kind;
  rules?.applyDefaults?.(object);
  const nameRules = {
    namespaced: kind.namespaced,
    nameProblems: rules?.nameProblems ?? dns1123SubdomainProblems,
  };
  const errors = [...validateObjectMeta(object.metadata, nameRules), ...(rules?.validate?.(object) ?? [])];
  return errors.length === 0 && isWhole ? (rules?.validateWhole?.(members) ?? []) : errors;
}
