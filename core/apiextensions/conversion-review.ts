import type { KubernetesObject } from '../api/object.ts';
import { objectSchemaOf } from '../api/schema/schemas.ts';
import { validateAnnotations, validateLabels } from '../api/validation/object-meta.ts';
import { FieldPath } from '../api/validation/field-path.ts';
import { isObject, JsonParseError, parseJson } from '../machinery/json.ts';
import type { JsonObject } from '../machinery/json.ts';
import { validate } from '../machinery/validation.ts';

export interface ConversionReview {
  readonly apiVersion: string;
  readonly body: string;
}

/** A ConversionReview that asks for objects in another version, in the first of its versions that the webhook knows. */
export function conversionReview(
  versions: readonly string[],
  uid: string,
  desired: string,
  objects: readonly KubernetesObject[],
): ConversionReview {
  const version = versions.find((each) => each === 'v1' || each === 'v1beta1') ?? 'v1';
  const apiVersion = `apiextensions.k8s.io/${version}`;
  const request = { uid, desiredAPIVersion: desired, objects };
  return { apiVersion, body: JSON.stringify({ kind: 'ConversionReview', apiVersion, request }) };
}

export interface Expected {
  readonly apiVersion: string;
  readonly uid: string;
  readonly desired: string;
  readonly given: readonly KubernetesObject[];
}

export type Converted =
  | { readonly kind: 'converted'; readonly objects: readonly KubernetesObject[] }
  /** What is wrong with the answer, such as "failed: …" or "returned …". */
  | { readonly kind: 'refused'; readonly why: string };

/** A list of 500 large objects and room for it. */
const maxBytes = 64 * 1024 * 1024;

/**
 * The objects in an answer: as many as were asked for, the same ones, in the version asked for. All a webhook may
 * change of their metadata is labels and annotations (webhook_converter.go: validateConvertedObject and
 * restoreObjectMeta).
 */
export function convertedObjects(answer: Buffer, expected: Expected): Converted {
  const { apiVersion, uid, given, desired } = expected;
  let review: unknown;
  try {
    review = parseJson(answer, { maxBytes });
  } catch (error) {
    if (error instanceof JsonParseError) return refused(`failed: ${error.message}`);
    throw error;
  }
  if (!isObject(review) || review['kind'] !== 'ConversionReview' || review['apiVersion'] !== apiVersion)
    return refused(
      `failed: expected webhook response of ${apiVersion}, Kind=ConversionReview, got ${typeOf(review)}`,
    );
  const { response } = review;
  if (!isObject(response)) return refused('failed: no response provided');
  if (response['uid'] !== uid)
    return refused(
      `failed: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`,
    );
  const result = isObject(response['result']) ? response['result'] : {};
  if (result['status'] !== 'Success') {
    const { message } = result;
    const why =
      typeof message === 'string' && message !== ''
        ? message
        : `response.result.status was '${textOf(result['status'])}', not 'Success'`;
    return refused(`failed: ${why}`);
  }
  const objects: unknown = response['convertedObjects'] ?? [];
  if (!Array.isArray(objects) || objects.length !== given.length)
    return refused(
      `returned ${Array.isArray(objects) ? objects.length : 0} objects, expected ${given.length}`,
    );
  const converted: KubernetesObject[] = [];
  for (const [index, original] of given.entries()) {
    const object: unknown = objects[index];
    const why = isObject(object) ? problemOf(original, object, desired) : 'it is no object';
    if (why !== undefined) return refused(`returned invalid converted object at index ${index}: ${why}`);
    converted.push(withMetadata(object as JsonObject, original));
  }
  return { kind: 'converted', objects: converted };
}

function refused(why: string): Converted {
  return { kind: 'refused', why };
}

function problemOf(original: KubernetesObject, object: JsonObject, desired: string): string | undefined {
  const { apiVersion, kind, metadata } = object;
  if (apiVersion !== desired)
    return `invalid groupVersion (expected ${desired}, received ${textOf(apiVersion)})`;
  if (kind !== original.kind) return `invalid kind (expected ${original.kind}, received ${textOf(kind)})`;
  if (!isObject(metadata)) return 'invalid metadata: it is no object';
  for (const name of ['name', 'namespace', 'uid'] as const) {
    const [before, after] = [original.metadata[name] ?? '', textOf(metadata[name])];
    if (before !== after) return `must have the same ${name === 'uid' ? 'UID' : name}: ${before} != ${after}`;
  }
  return metadataProblem(metadata);
}

function metadataProblem({ labels, annotations }: JsonObject): string | undefined {
  const given = { ...(labels == null ? {} : { labels }), ...(annotations == null ? {} : { annotations }) };
  const [wrong] = validate(objectSchemaOf('meta/v1.ObjectMeta'), given);
  if (wrong !== undefined) return `invalid metadata: ${wrong.path}: ${wrong.message}`;
  const path = FieldPath.metadata;
  const [error] = [
    ...validateLabels((given.labels ?? {}) as Record<string, string>, path.child('labels')),
    ...validateAnnotations((given.annotations ?? {}) as Record<string, string>, path.child('annotations')),
  ];
  return error === undefined ? undefined : `invalid metadata: ${error.field}: ${error.message}`;
}

function withMetadata(object: JsonObject, { metadata: before }: KubernetesObject): KubernetesObject {
  const { labels, annotations } = object['metadata'] as KubernetesObject['metadata'];
  const { labels: _labels, annotations: _annotations, ...kept } = before;
  const metadata = {
    ...kept,
    ...(labels == null ? {} : { labels }),
    ...(annotations == null ? {} : { annotations }),
  };
  return { ...object, metadata };
}

function typeOf(review: unknown): string {
  return isObject(review) ? `${textOf(review['apiVersion'])}, Kind=${textOf(review['kind'])}` : 'no object';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
