import type { KindDeclaration } from '../../api/scheme.ts';
import { CelError, CelList, CelMap, toJson } from '../../cel/index.ts';
import type { CelBindings, CelProgram, CostBudget, Value } from '../../cel/index.ts';
import { formatPath, isObject } from '../../machinery/json.ts';
import { mergeValues } from '../../machinery/apply/merge-values.ts';
import { memberSchemaOf, viewOf } from '../../machinery/apply/typed-value.ts';
import { applyJsonPatch } from '../../machinery/patch/json-patch.ts';
import { PatchError } from '../../machinery/patch/patch-error.ts';
import type { Schema } from '../../machinery/schema.ts';
import type { Evaluation } from '../evaluation.ts';
import { run } from './validation.ts';

/** One of a policy's mutations, made ready when the policy was read. */
export interface CompiledMutation {
  readonly patchType: 'ApplyConfiguration' | 'JSONPatch';
  readonly expression: string;
  /** Text: why the expression cannot be compiled. */
  readonly program: CelProgram | string;
}

/**
 * The object as a mutation wants it; the same object where it wants nothing
 * (apiserver/pkg/admission/plugin/policy/mutating/patch).
 * @throws CelError for what is the policy's own fault
 */
export async function mutated(
  { patchType, expression, program }: CompiledMutation,
  object: unknown,
  form: KindDeclaration,
  bindings: CelBindings,
  evaluation: Evaluation,
  budget: CostBudget,
): Promise<unknown> {
  const value = await run(expression, program, bindings, evaluation, budget);
  return patchType === 'JSONPatch' ? patched(object, value) : merged(object, value, form.schema);
}

const ownFields = ['apiVersion', 'kind'];
const ownMetadata = ['name', 'namespace', 'uid', 'resourceVersion', 'generateName', 'managedFields'];

function merged(object: unknown, value: Value, schema: Schema): unknown {
  checkNames(value, 'Object');
  const configuration = toJson(value);
  if (!isObject(configuration)) throw new CelError('must evaluate to Object');
  const { metadata } = configuration;
  const forbidden = [
    ...ownFields.filter((name) => name in configuration),
    ...(isObject(metadata)
      ? ownMetadata.filter((name) => name in metadata).map((name) => `metadata.${name}`)
      : []),
  ];
  if (forbidden.length > 0) throw new CelError(`may not set or modify ${forbidden.join(', ')}`);
  const atomic = atomicPart(schema, configuration, []);
  if (atomic !== undefined)
    throw new CelError(`may not mutate atomic arrays, maps or structs: .${formatPath(atomic)}`);
  return mergeValues(schema, object, configuration);
}

/** A message is what its place says: `Object.spec` is the spec. */
function checkNames(value: Value, path: string): void {
  if (value instanceof CelList) {
    for (const item of value.toArray()) checkNames(item, path);
    return;
  }
  if (!(value instanceof CelMap)) return;
  const { typeName } = value;
  if (typeName !== undefined && typeName !== path)
    throw new CelError(
      `unexpected type name ${JSON.stringify(typeName)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`,
    );
  for (const key of value.keys())
    if (typeof key === 'string') checkNames(value.get(key) ?? null, `${path}.${key}`);
}

/** Where something is set that is one whole: what others have set of it would be lost without anybody saying so. */
function atomicPart(
  schema: Schema,
  value: unknown,
  path: readonly (string | number)[],
): readonly (string | number)[] | undefined {
  const view = viewOf(schema, value);
  if (view.kind === 'members') {
    for (const [name, member] of Object.entries(view.members)) {
      const found = atomicPart(memberSchemaOf(schema, name), member, [...path, name]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (view.kind === 'items') {
    for (const [index, item] of view.items.entries()) {
      const found = atomicPart(view.schema.items, item, [...path, index]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return typeof value === 'object' && value !== null ? path : undefined;
}

const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function patched(object: unknown, value: Value): unknown {
  if (!(value instanceof CelList)) throw new CelError('must evaluate to list(JSONPatch)');
  const patch = value.toArray().map((item) => {
    const operation = toJson(item);
    if (!(item instanceof CelMap) || item.typeName !== 'JSONPatch' || !isObject(operation))
      throw new CelError('unexpected type of an element: each must be a JSONPatch');
    const { op } = operation;
    if (typeof op !== 'string' || !operations.has(op))
      throw new CelError(`unexpected op ${JSON.stringify(op)} of a JSONPatch`);
    return operation;
  });
  try {
    return patch.length === 0 ? object : applyJsonPatch(object, patch);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    throw new CelError(`JSON Patch: ${error.message}`, { cause: error });
  }
}
