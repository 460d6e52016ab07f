import { badRequest, StatusError } from '../../api/errors.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import { decodeProtobuf, protobufMediaType } from '../../api/protobuf/decode.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { CustomKind, KindDeclaration } from '../../api/scheme.ts';
import { objectSchemaOf } from '../../api/schema/schemas.ts';
import { normalize } from '../../api/validation/normalize.ts';
import { shown } from '../../api/validation/field-errors.ts';
import type { Body, FieldValidation } from '../../api/verbs.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import { duplicateKeys } from '../../machinery/duplicate-keys.ts';
import { canonicalStringify, formatPath, isObject, JsonParseError, parseJson } from '../../machinery/json.ts';
import type { JsonObject } from '../../machinery/json.ts';
import type { ObjectSchema } from '../../machinery/schema.ts';
import { object as objectSchema } from '../../machinery/schema-builder.ts';
import { describeValue } from '../../machinery/scalar-formats.ts';
import { validate } from '../../machinery/validation.ts';
import type { Violation } from '../../machinery/validation.ts';
import { readDocuments, YamlError } from '../../machinery/yaml.ts';

export interface KindToRead {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
  readonly custom?: CustomKind;
  /** Older forms that are read as if they were this one, having the same fields (upstream: GroupVersionAcceptor). */
  readonly olderApiVersions?: readonly string[];
}

/** A field that nobody knows. */
export interface UnknownField {
  readonly path: string;
  /** What might have been meant, to be said behind a problem; empty where nothing is like it. */
  readonly hint: string;
}

export interface DecodeOptions {
  /** What becomes of fields nobody knows; a warning each unless given, as upstream. */
  readonly fieldValidation?: FieldValidation | undefined;
  readonly warn?: ((text: string) => void) | undefined;
  /** Makes the error to throw for fields nobody knows, whatever `fieldValidation` says. */
  readonly refuseUnknown?: ((fields: readonly UnknownField[]) => Error) | undefined;
  /** What is thrown when the object cannot be read, and why; BadRequest unless given. */
  readonly refuse?: ((why: string) => StatusError) | undefined;
}

/** The JSON value of a body, in which the last of several members of a name counts. */
export interface ParsedBody {
  readonly value: JsonObject;
  /** What is to be said of each member that was given more than once. */
  readonly duplicates: readonly string[];
}

export function parseBody(body: Body, options: DecodeOptions = {}): ParsedBody {
  if (body.kind === 'object') return { value: asObject(body.object), duplicates: [] };
  const contentType = (body.contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (contentType === 'application/yaml') return parseYaml(body.bytes);
  if (contentType === protobufMediaType) return { value: decodeProtobuf(body.bytes), duplicates: [] };
  if (contentType !== '' && contentType !== 'application/json') {
    const accepted = ['application/json', 'application/yaml', protobufMediaType].join(', ');
    throw new StatusError(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
    );
  }
  try {
    const value = asObject(parseJson(body.bytes));
    if (options.fieldValidation === 'Ignore') return { value, duplicates: [] };
    return { value, duplicates: repeated(body.bytes.toString('utf8')) };
  } catch (error) {
    if (error instanceof JsonParseError) throw badRequest(error.message, { cause: error });
    throw error;
  }
}

function parseYaml(bytes: Buffer): ParsedBody {
  const duplicates: string[] = [];
  try {
    const documents = readDocuments(bytes.toString('utf8'), {
      source: 'the body',
      maxLength: maxBodyLength,
      // As sigs.k8s.io/yaml says it.
      onDuplicateKey: (key, { line }) =>
        duplicates.push(`line ${line}: key ${JSON.stringify(key)} already set in map`),
    });
    const [document] = documents;
    if (document === undefined || documents.length > 1)
      throw badRequest(`Cannot read the body: it has ${documents.length} documents, and must have one`);
    return { value: asObject(document.value), duplicates };
  } catch (error) {
    // A password that begins with a star looks like an alias.
    if (error instanceof YamlError)
      throw badRequest(error.message.replace(/unknown anchor ".*" referenced/, 'unknown anchor referenced'));
    throw error;
  }
}

const maxBodyLength = 3 * 1024 * 1024;

/** Reads an object of a kind: of the right type, in canonical form, with what nobody knows dropped, refused or reported. */
export function decodeBody(
  kind: KindToRead,
  { value, duplicates }: ParsedBody,
  options: DecodeOptions = {},
): Mutable<KubernetesObject> {
  checkKind(kind, value);
  if (kind.custom !== undefined) return decodeCustom(kind, kind.custom, { value, duplicates }, options);
  const { value: object, unknown, wrong } = normalize(kind.schema, value);
  if (wrong) throw refusal(kind, options, typeErrors(kind, value));
  if (unknown || duplicates.length > 0) reportFields(kind, value, unknown, duplicates, options);
  object['apiVersion'] = apiVersionOf(kind);
  object['kind'] = kind.kind;
  return withDistinctOwners(object as unknown as Mutable<KubernetesObject>, options);
}

/** A custom resource is kept as it was written, but for what its schema does not know. */
function decodeCustom(
  kind: KindToRead,
  custom: CustomKind,
  { value, duplicates }: ParsedBody,
  options: DecodeOptions,
): Mutable<KubernetesObject> {
  const { metadata: given, ...rest } = structuredClone(value);
  const source = isObject(given) ? given : {};
  const metadata = normalize(metadataSchema(), source);
  if (metadata.wrong || (given !== source && given !== undefined && given !== null))
    throw refusal(kind, options, typeErrors(aboutMetadata, { metadata: given }));
  const unknown = metadata.unknown
    ? Object.keys(source)
        .filter((name) => !metadataSchema().fields.has(name))
        .map((name) => `metadata.${name}`)
    : [];
  const object = custom.prune(
    { ...rest, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: metadata.value },
    unknown,
  );
  const described = unknown.map((path) => ({ path, hint: '' }));
  report(kind, described, duplicates, options);
  return withDistinctOwners(object as unknown as Mutable<KubernetesObject>, options);
}

/** An owner that is named twice in the same words counts once (handlers/rest.go: dedupOwnerReferences). */
function withDistinctOwners(
  object: Mutable<KubernetesObject>,
  { warn }: DecodeOptions,
): Mutable<KubernetesObject> {
  // Options, which are read as objects are, have no metadata.
  const owners = (object as Partial<KubernetesObject>).metadata?.ownerReferences ?? [];
  if (owners.length < 2) return object;
  const distinct = new Map<string, OwnerReference>();
  const repeatedUids = new Set<string>();
  for (const owner of owners) {
    const text = canonicalStringify(owner);
    if (distinct.has(text)) repeatedUids.add(owner.uid);
    else distinct.set(text, owner);
  }
  if (repeatedUids.size === 0) return object;
  warn?.(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...repeatedUids].join(', ')}`,
  );
  object.metadata.ownerReferences = [...distinct.values()];
  return object;
}

function metadataSchema(): ObjectSchema {
  return objectSchemaOf('meta/v1.ObjectMeta');
}

const aboutMetadata: Pick<KindToRead, 'schema'> = {
  get schema() {
    return objectSchema({ metadata: metadataSchema() });
  },
};

/** The metadata a request stands for: what the address says is right, and must not be contradicted by the body. */
export function checkNames(
  declaration: KindDeclaration,
  { metadata }: Mutable<KubernetesObject>,
  { namespace, name }: { readonly namespace?: string | undefined; readonly name?: string | undefined },
): void {
  if (declaration.namespaced) {
    if (namespace === undefined)
      throw badRequest(`an empty namespace may not be set when a ${declaration.kind} is created or changed`);
    if (metadata.namespace !== undefined && metadata.namespace !== namespace)
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    metadata.namespace = namespace;
  } else if (metadata.namespace !== undefined) {
    throw badRequest(
      `${declaration.kind} is cluster-scoped: metadata.namespace ${JSON.stringify(metadata.namespace)} must not be set`,
    );
  }
  if (name === undefined) return;
  metadata.name ??= name;
  if (metadata.name !== name)
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
}

/** A replacement says what it replaces (handlers/rest.go: checkName). */
export function checkNamed({ metadata }: KubernetesObject, name: string): void {
  if (metadata.name === undefined)
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
}

function checkKind(kind: KindToRead, value: JsonObject): void {
  const { apiVersion, kind: given } = value;
  const expected = apiVersionOf(kind);
  const isOlder = kind.olderApiVersions?.some((older) => older === apiVersion) === true;
  if (
    apiVersion !== undefined &&
    apiVersion !== null &&
    apiVersion !== '' &&
    apiVersion !== expected &&
    !isOlder
  )
    throw badRequest(
      `the API version in the data (${shown(apiVersion)}) does not match the expected API version (${expected})`,
    );
  if (given !== undefined && given !== null && given !== '' && given !== kind.kind)
    throw badRequest(
      `the kind in the data (${shown(given)}) does not match the expected kind (${kind.kind})`,
    );
}

function typeErrors(kind: Pick<KindToRead, 'schema'> & Partial<KindToRead>, value: JsonObject): string {
  const isSecret = holdsSecrets(kind);
  return validate(kind.schema, value, { ignoreUnknown: true })
    .filter(({ reason }) => reason !== 'required' && reason !== 'enum')
    .map((violation) => `${violation.path}: ${isSecret ? redacted(violation) : violation.message}`)
    .join('; ');
}

/** What is wrong with it is said without quoting it. */
export function holdsSecrets({ kind, group }: Partial<KindToRead>): boolean {
  return kind === 'Secret' && group === '';
}

/** Of a value that is nobody's business, only what type it has. */
function redacted({ message, value }: Violation): string {
  const type = value === null || typeof value === 'object' ? undefined : typeof value;
  return type === undefined ? message : message.replace(describeValue(value), `a ${type}`);
}

function reportFields(
  kind: KindToRead,
  value: JsonObject,
  unknown: boolean,
  duplicates: readonly string[],
  options: DecodeOptions,
): void {
  const isAsked = options.fieldValidation !== 'Ignore' || options.refuseUnknown !== undefined;
  const described =
    unknown && isAsked
      ? validate(kind.schema, value)
          .filter(({ reason }) => reason === 'unknown')
          .map(({ path, message }) => ({ path, hint: message.replace(/^is an unknown field/, '') }))
      : [];
  report(kind, described, duplicates, options);
}

/** What is to be said of the members of a JSON text that are given more than once. */
export function repeated(text: string): readonly string[] {
  return duplicateKeys(text).map((path) => `duplicate field ${JSON.stringify(formatPath(path))}`);
}

function report(
  kind: KindToRead,
  unknown: readonly UnknownField[],
  duplicates: readonly string[],
  options: DecodeOptions,
): void {
  const { fieldValidation, refuseUnknown, warn } = options;
  if (unknown.length > 0 && refuseUnknown !== undefined) throw refuseUnknown(unknown);
  if (fieldValidation === 'Ignore') return;
  const problems = [
    ...duplicates,
    ...unknown.map(({ path, hint }) => `unknown field ${JSON.stringify(path)}${hint}`),
  ];
  if (problems.length === 0) return;
  if (fieldValidation === 'Strict')
    throw refusal(kind, options, `strict decoding error: ${problems.join(', ')}`);
  for (const problem of problems) warn?.(problem);
}

function refusal({ kind, version }: KindToRead, { refuse }: DecodeOptions, why: string): StatusError {
  return (
    refuse?.(why) ??
    badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`)
  );
}

function asObject(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw badRequest('Cannot read the body: it must be a JSON object');
}
