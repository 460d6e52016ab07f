import { StatusError } from '../api/errors.ts';
import type { ObjectMeta } from '../api/generated/meta-v1.ts';
import type { KubernetesObject, Mutable } from '../api/object.ts';
import { apiVersionOf } from '../api/resource.ts';
import { objectSchemaOf } from '../api/schema/schemas.ts';
import type { CustomKind, KindDeclaration } from '../api/scheme.ts';
import { normalize } from '../api/validation/normalize.ts';
import { isObject } from '../machinery/json.ts';
import type { JsonObject } from '../machinery/json.ts';
import type { ObjectSchema } from '../machinery/schema.ts';
import { validate } from '../machinery/validation.ts';
import { asAdmitted } from './attributes.ts';
import type { Attributes } from './attributes.ts';

/**
 * Puts what somebody outside has made of a request's object, in a form of its kind, in the place of the object.
 * What it is and whose it is cannot be changed so.
 * @throws StatusError where it is no object of the kind
 */
export async function write(attributes: Attributes, form: KindDeclaration, made: unknown): Promise<void> {
  const { object, view } = attributes.request;
  if (object === undefined) return;
  const kind = view?.body ?? form;
  if (!isObject(made) || made['kind'] !== kind.kind || made['apiVersion'] !== apiVersionOf(kind))
    throw refused(`the object has become something else than a ${apiVersionOf(kind)} ${kind.kind}`);
  const shown = read(kind.schema, view?.body === undefined ? form.custom : undefined, made);
  const next =
    view?.change === undefined
      ? await asAdmitted(shown, form, attributes.request)
      : view.change(object, shown);
  checkIdentity(object, next);
  // The plug-ins after this one, and whoever stores it, hold this very object.
  const { managedFields } = object.metadata ?? {};
  for (const key of Object.keys(object)) delete (object as unknown as Record<string, unknown>)[key];
  Object.assign(object, next);
  if (object.metadata === undefined) return;
  const metadata: Mutable<ObjectMeta> = { ...object.metadata };
  if (managedFields === undefined) delete metadata.managedFields;
  else metadata.managedFields = managedFields as Mutable<ObjectMeta>['managedFields'];
  object.metadata = metadata;
}

/** As bodies of clients are read. */
function read(schema: ObjectSchema, custom: CustomKind | undefined, made: JsonObject): KubernetesObject {
  if (custom === undefined) return normalized(schema, made) as unknown as KubernetesObject;
  const metadata = normalized(
    objectSchemaOf('meta/v1.ObjectMeta'),
    isObject(made['metadata']) ? made['metadata'] : {},
  );
  return custom.complete(custom.prune({ ...made, metadata })) as unknown as KubernetesObject;
}

function normalized(schema: ObjectSchema, made: JsonObject): JsonObject {
  const { value, wrong } = normalize(schema, made);
  if (!wrong) return value;
  const [problem] = validate(schema, made, { ignoreUnknown: true });
  const what = problem === undefined ? 'a value is of the wrong type' : `${problem.path}: ${problem.message}`;
  throw refused(`the object has become one that cannot be read: ${what}`);
}

function checkIdentity(before: KubernetesObject, after: KubernetesObject): void {
  for (const field of ['name', 'namespace', 'uid'] as const) {
    const [old, now] = [before.metadata?.[field] ?? '', after.metadata?.[field] ?? ''];
    if (old !== now)
      throw refused(
        `metadata.${field} must not be changed from ${JSON.stringify(old)} to ${JSON.stringify(now)}`,
      );
  }
}

function refused(why: string): StatusError {
  return new StatusError('InternalError', `Internal error occurred: ${why}`);
}
