import { badRequest, StatusError } from '../../api/errors.ts';
import type { Patch } from '../../api/verbs.ts';
import { isObject, JsonParseError, parseJson } from '../../machinery/json.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { applyJsonPatch } from '../../machinery/patch/json-patch.ts';
import { applyMergePatch } from '../../machinery/patch/merge-patch.ts';
import { PatchError } from '../../machinery/patch/patch-error.ts';
import { applyStrategicMerge } from '../../machinery/patch/strategic-merge.ts';
import type { ObjectSchema } from '../../machinery/schema.ts';

/** A patch read once and applied to as many versions of the object as the race for the write takes. */
export interface ReadyPatch {
  apply(object: JsonObject): JsonObject;
}

/** Reads a JSON, merge or strategic merge patch. Throws BadRequest, or Invalid where it does not fit the object. */
export function readPatch({ type, bytes }: Patch, schema: ObjectSchema): ReadyPatch {
  const patch = parsed(bytes);
  return { apply: (object) => asObject(mapped(() => applied(type, object, patch, schema))) };
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
      case 'test-failed':
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
