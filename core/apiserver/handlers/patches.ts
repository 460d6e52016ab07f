import { badRequest, invalid, StatusError } from '../../api/errors.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { invalidValue, required } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import type { ObjectTarget, Patch, PatchOptions } from '../../api/verbs.ts';
import { formatPath, isObject, JsonParseError, parseJson } from '../../machinery/json.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { applyJsonPatch } from '../../machinery/patch/json-patch.ts';
import { applyMergePatch } from '../../machinery/patch/merge-patch.ts';
import { PatchError } from '../../machinery/patch/patch-error.ts';
import { applyStrategicMerge } from '../../machinery/patch/strategic-merge.ts';
import type { ObjectSchema } from '../../machinery/schema.ts';
import { prune } from '../../machinery/schema-transform.ts';
import { checkNames, decodeBody, holdsSecrets, parseBody, repeated } from './body.ts';
import type { KindToRead, UnknownField } from './body.ts';

/** A patch read once and applied to as many versions of the object as the race for the write takes. */
export interface ReadyPatch {
  /** What is to be said of the patch itself: of members given twice, and of those that no operation has. */
  readonly problems: readonly string[];
  apply(object: JsonObject): JsonObject;
  /** What is thrown when its result is no object of the kind (handlers/patch.go). */
  readonly refuse: (why: string) => StatusError;
}

/** Reads a JSON, merge or strategic merge patch. Throws BadRequest, or Invalid where it does not fit the object. */
export function readPatch(
  { type, bytes }: Patch,
  kind: KindToRead,
  { fieldValidation }: PatchOptions,
): ReadyPatch {
  const patch = parsed(bytes);
  return {
    problems: fieldValidation === 'Ignore' ? [] : problemsOf(type, bytes.toString('utf8'), patch),
    apply: (object) => asObject(mapped(() => applied(type, object, patch, kind.schema))),
    refuse: (why) => {
      const value = holdsSecrets(kind) ? '<redacted>' : bytes.toString('utf8', 0, mostQuoted);
      return invalid({ group: '', kind: '' }, '', [invalidValue(FieldPath.root.child('patch'), value, why)]);
    },
  };
}

/** More than an error shows of a value, in bytes. */
const mostQuoted = 4_096;
const operationMembers: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);

function problemsOf(type: Patch['type'], text: string, patch: unknown): readonly string[] {
  if (type !== 'json') return repeated(text);
  const operations: readonly unknown[] = Array.isArray(patch) ? patch : [];
  const unknown = operations.flatMap((operation, i) =>
    Object.keys(isObject(operation) ? operation : {})
      .filter((name) => !operationMembers.has(name))
      .map((name) => `unknown field ${JSON.stringify(formatPath([i, name]))}`),
  );
  return [...unknown, ...repeated(text)].map((problem) => `json patch ${problem}`);
}

/** Reads what an apply configures: YAML or JSON, checked against the kind. */
export function readConfiguration(
  declaration: KindDeclaration,
  kind: KindToRead,
  { bytes }: Patch,
  { namespace, name }: ObjectTarget,
  { fieldManager, fieldValidation }: PatchOptions,
  warn: ((text: string) => void) | undefined,
): JsonObject {
  if (fieldManager === undefined || fieldManager === '')
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      required(FieldPath.root.child('fieldManager'), 'is required for apply patch'),
    ]);
  const parsedBody = parseBody(
    { kind: 'bytes', contentType: 'application/yaml', bytes },
    { fieldValidation },
  );
  const { value } = parsedBody;
  for (const member of ['apiVersion', 'kind'])
    if (typeof value[member] !== 'string')
      throw badRequest(`Cannot apply ${JSON.stringify(name)}: the configuration has no ${member}`);
  const object = decodeBody(kind, parsedBody, {
    fieldValidation,
    warn,
    refuseUnknown: (fields) => undeclared(kind, { namespace: namespace ?? '', name }, fields),
  });
  checkNames(declaration, object, { namespace, name });
  if (object.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  const configuration =
    kind.custom === undefined ? (prune(kind.schema, value) as JsonObject) : (object as unknown as JsonObject);
  const metadata = { ...asObject(configuration['metadata'] ?? {}), name };
  return { ...configuration, metadata: namespace === undefined ? metadata : { ...metadata, namespace } };
}

/**
 * Nobody could own what the schema does not have, so an apply of it is refused, in upstream's words and with its code
 * (managedfields/internal/structuredmerge.go).
 */
function undeclared(
  kind: KindToRead,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  fields: readonly UnknownField[],
): StatusError {
  const errors = fields.map(({ path, hint }) => `.${path}: field not declared in schema${hint}`);
  const [only, ...others] = errors;
  const listed = others.length === 0 ? only : `errors:\n${errors.map((error) => `  ${error}`).join('\n')}`;
  const type = `${kind.group}/${kind.version}, Kind=${kind.kind}`;
  const message = `failed to create typed patch object (${namespace}/${name}; ${type}): ${listed}`;
  const causes = fields.map(({ path, hint }) => {
    return { reason: 'FieldValueInvalid', field: path, message: `unknown field${hint}` };
  });
  return new StatusError('InternalError', message, {
    target: { group: kind.group, kind: kind.kind, name },
    causes,
  });
}

function applied(type: Patch['type'], object: JsonObject, patch: unknown, schema: ObjectSchema): unknown {
  switch (type) {
    case 'json':
      return applyJsonPatch(object, patch);
    case 'merge':
      return applyMergePatch(object, asObject(patch));
    case 'strategic':
      return applyStrategicMerge(object, asObject(patch), schema);
    case 'apply':
      throw new Error('Cannot apply a configuration as a plain patch');
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof JsonParseError) throw badRequest(error.message, { cause: error });
    throw error;
  }
}

function mapped<T>(apply: () => T): T {
  try {
    return apply();
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    switch (error.reason) {
      case 'invalid':
        throw badRequest(error.message, { cause: error });
      case 'does-not-fit':
        throw new StatusError(
          'Invalid',
          `the server rejected our request due to an error in our request: ${error.message}`,
          {
            cause: error,
          },
        );
      case 'too-large':
        throw new StatusError('RequestEntityTooLarge', error.message, { cause: error });
    }
  }
}

function asObject(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw badRequest('Cannot apply patch: the result is no JSON object');
}
