import { RE2JS } from 're2js';
import { dns1035LabelProblems, dns1123SubdomainProblems } from '../../machinery/names.ts';
import type { APIService } from '../generated/apiregistration-v1.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../generated/apiextensions-v1.ts';
import { checkEach, checkFormat, checkName, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required, tooMany } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateImmutable } from './object-meta.ts';

/** ValidateAPIService (kube-aggregator/pkg/apis/apiregistration/validation). */
export function validateApiService({ metadata, spec }: APIService): Errors {
  const path = FieldPath.spec;
  const { group = '', version = '', service, groupPriorityMinimum, versionPriority } = spec;
  const errors: Errors = [];
  const expected = `${version}.${group}`;
  if (metadata.name !== expected)
    errors.push(
      invalidValue(
        FieldPath.metadata.child('name'),
        metadata.name,
        `must be \`spec.version+"."+spec.group\`: ${expected}`,
      ),
    );
  errors.push(...checkName(version, dns1035LabelProblems, path.child('version')));
  if (group !== '') errors.push(...checkName(group, dns1123SubdomainProblems, path.child('group')));
  for (const [name, value] of Object.entries({ groupPriorityMinimum, versionPriority }))
    if (value <= 0 || value > (name === 'versionPriority' ? 1000 : 20_000))
      errors.push(
        invalidValue(
          path.child(name),
          value,
          `must be positive and less than ${name === 'versionPriority' ? 1000 : 20_000}`,
        ),
      );
  if (service === undefined) {
    if ((spec.caBundle ?? '') !== '')
      errors.push(
        invalidValue(
          path.child('caBundle'),
          `${spec.caBundle?.length} bytes`,
          'local APIServices may not have a caBundle',
        ),
      );
    if (spec.insecureSkipTLSVerify === true)
      errors.push(
        invalidValue(
          path.child('insecureSkipTLSVerify'),
          true,
          'local APIServices may not have insecureSkipTLSVerify',
        ),
      );
    return errors;
  }
  const at = path.child('service');
  if ((service.namespace ?? '') === '') errors.push(required(at.child('namespace')));
  if ((service.name ?? '') === '') errors.push(required(at.child('name')));
  if (spec.insecureSkipTLSVerify === true && (spec.caBundle ?? '') !== '')
    errors.push(
      invalidValue(path.child('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present'),
    );
  return errors;
}

/** ValidateCustomResourceDefinition (apiextensions-apiserver/pkg/apis/apiextensions/validation). */
export function validateCustomResourceDefinition({ metadata, spec }: CustomResourceDefinition): Errors {
  const path = FieldPath.spec;
  const { group, names, scope, versions, conversion } = spec;
  const errors: Errors = [];
  if (metadata.name !== `${names.plural}.${group}`)
    errors.push(
      invalidValue(
        FieldPath.metadata.child('name'),
        metadata.name,
        'must be spec.names.plural+"."+spec.group',
      ),
    );
  errors.push(...checkName(group, dns1123SubdomainProblems, path.child('group')));
  if (group !== undefined && group !== '' && !group.includes('.'))
    errors.push(invalidValue(path.child('group'), group, 'should be a domain with at least one dot'));
  errors.push(
    ...checkOneOf(scope, ['Cluster', 'Namespaced'], path.child('scope'), { isRequired: true }),
    ...validateNames(names, path.child('names')),
    ...validateVersions(versions, path.child('versions')),
    ...checkOneOf(conversion?.strategy, ['None', 'Webhook'], path.child('conversion').child('strategy')),
  );
  if (conversion?.strategy === 'Webhook' && conversion.webhook?.clientConfig === undefined)
    errors.push(
      required(
        path.child('conversion').child('webhook').child('clientConfig'),
        'required when strategy is set to Webhook',
      ),
    );
  if (spec.preserveUnknownFields === true)
    errors.push(
      invalidValue(
        path.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  return errors;
}

function validateNames(names: CustomResourceDefinition['spec']['names'], path: FieldPath): Errors {
  const { plural, singular, kind, listKind, shortNames, categories } = names;
  const lower = (text: string) => text.toLowerCase();
  const errors = [
    ...checkName(plural, dns1035LabelProblems, path.child('plural')),
    ...checkFormat(singular, dns1035LabelProblems, path.child('singular')),
    ...checkName(kind === undefined ? undefined : lower(kind), dns1035LabelProblems, path.child('kind')),
    ...checkFormat(
      listKind === undefined ? undefined : lower(listKind),
      dns1035LabelProblems,
      path.child('listKind'),
    ),
    ...checkEach(shortNames, path.child('shortNames'), (name, at) =>
      checkName(name, dns1035LabelProblems, at),
    ),
    ...checkEach(categories, path.child('categories'), (name, at) =>
      checkName(name, dns1035LabelProblems, at),
    ),
  ];
  if (kind !== undefined && kind === listKind)
    errors.push(invalidValue(path.child('listKind'), listKind, 'kind and listKind may not be the same'));
  return errors;
}

function validateVersions(versions: readonly CustomResourceDefinitionVersion[], path: FieldPath): Errors {
  const errors: Errors = [];
  const stored = versions.filter(({ storage }) => storage);
  if (stored.length !== 1)
    errors.push(
      invalidValue(
        path,
        versions.map(({ name }) => name),
        'must have exactly one version marked as storage version',
      ),
    );
  const seen = new Set<string>();
  versions.forEach((version, index) => {
    const at = path.index(index);
    if (seen.has(version.name)) errors.push(duplicate(at.child('name'), version.name));
    seen.add(version.name);
    errors.push(...checkName(version.name, dns1035LabelProblems, at.child('name')));
    if (version.deprecationWarning !== undefined && version.deprecated !== true)
      errors.push(
        invalidValue(
          at.child('deprecationWarning'),
          version.deprecationWarning,
          'can only be set for deprecated versions',
        ),
      );
    const schema = version.schema?.openAPIV3Schema;
    if (schema === undefined)
      errors.push(required(at.child('schema').child('openAPIV3Schema'), 'schemas are required'));
    else errors.push(...validateSchema(schema, at.child('schema').child('openAPIV3Schema')));
    errors.push(
      ...checkEach(
        version.additionalPrinterColumns,
        at.child('additionalPrinterColumns'),
        (column, place) => [
          ...((column.name ?? '') === '' ? [required(place.child('name'))] : []),
          ...checkOneOf(
            column.type,
            ['boolean', 'date', 'integer', 'number', 'string'],
            place.child('type'),
            { isRequired: true },
          ),
          ...validateJsonPath(column.jsonPath, place.child('jsonPath')),
        ],
      ),
      ...validateJsonPathOf(
        version.subresources?.scale?.specReplicasPath,
        at.child('subresources').child('scale').child('specReplicasPath'),
        '.spec.',
      ),
      ...validateJsonPathOf(
        version.subresources?.scale?.statusReplicasPath,
        at.child('subresources').child('scale').child('statusReplicasPath'),
        '.status.',
      ),
    );
    if ((version.selectableFields?.length ?? 0) > maxSelectableFields)
      errors.push(
        tooMany(at.child('selectableFields'), version.selectableFields?.length ?? 0, maxSelectableFields),
      );
  });
  return errors;
}

const maxSelectableFields = 8;

function validateJsonPath(text: string | undefined, path: FieldPath): Errors {
  if (text === undefined || text === '') return [required(path)];
  return text.startsWith('.') ? [] : [invalidValue(path, text, 'must be a simple json path starting with .')];
}

function validateJsonPathOf(text: string | undefined, path: FieldPath, start: string): Errors {
  if (text === undefined) return [];
  const errors = validateJsonPath(text, path);
  if (errors.length > 0 || text.startsWith(start)) return errors;
  return [invalidValue(path, text, `should be a json path under ${start.slice(0, -1)}`)];
}

const schemaTypes = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** Levels and nodes of one schema: far above any published one. */
const maxSchemaDepth = 128;
const maxSchemaNodes = 50_000;
/** Characters of a regular expression. */
const maxPattern = 10_000;

/**
 * A structural schema: every value has one type, said outside of allOf, anyOf, oneOf and not, so that objects can be
 * pruned and completed by it (apiextensions-apiserver/pkg/apiserver/schema/validation.go).
 */
export function validateSchema(schema: JSONSchemaProps, path: FieldPath): Errors {
  const walk = new SchemaWalk();
  walk.visit(schema, path, 0, true);
  const { type } = schema;
  if (type !== 'object' && walk.errors.length === 0)
    walk.errors.push(invalidValue(path.child('type'), type ?? '', 'must be object at the root'));
  return walk.errors;
}

class SchemaWalk {
  readonly errors: Errors = [];
  #nodes = 0;

  visit(schema: JSONSchemaProps, path: FieldPath, depth: number, structural: boolean): void {
    if (depth > maxSchemaDepth || ++this.#nodes > maxSchemaNodes) {
      if (this.errors.length === 0)
        this.errors.push(forbiddenField(path, 'the schema is too large or nested too deeply'));
      return;
    }
    this.#checkKeywords(schema, path, structural);
    const below = depth + 1;
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      this.visit(property, path.child('properties').key(name), below, structural);
    const { items, additionalProperties } = schema;
    if (isSchema(items)) this.visit(items, path.child('items'), below, structural);
    if (isSchema(additionalProperties))
      this.visit(additionalProperties, path.child('additionalProperties'), below, structural);
    for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
      schema[name]?.forEach((each, index) => this.visit(each, path.child(name).index(index), below, false));
    if (schema.not !== undefined) this.visit(schema.not, path.child('not'), below, false);
  }

  #checkKeywords(schema: JSONSchemaProps, path: FieldPath, structural: boolean): void {
    const { type, pattern } = schema;
    const intOrString = schema['x-kubernetes-int-or-string'] === true;
    const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
    if (type !== undefined && type !== '' && !schemaTypes.includes(type))
      this.errors.push(notSupported(path.child('type'), type, schemaTypes));
    if (structural && (type ?? '') === '' && !intOrString && !preserves)
      this.errors.push(required(path.child('type'), 'must not be empty for specified object fields'));
    if (!structural && schema.default !== undefined)
      this.errors.push(forbiddenField(path.child('default'), 'must be undefined to be structural'));
    if (type === 'array' && structural && !isSchema(schema.items))
      this.errors.push(required(path.child('items'), 'must be specified'));
    if (schema.properties !== undefined && isSchema(schema.additionalProperties))
      this.errors.push(
        forbiddenField(
          path.child('additionalProperties'),
          'additionalProperties and properties are mutual exclusive',
        ),
      );
    for (const name of [
      '$ref',
      'definitions',
      'dependencies',
      'patternProperties',
      'additionalItems',
    ] as const)
      if (schema[name] !== undefined)
        this.errors.push(forbiddenField(path.child(name), `${name} is not supported`));
    if (schema.uniqueItems === true)
      this.errors.push(
        forbiddenField(
          path.child('uniqueItems'),
          'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
        ),
      );
    if (pattern !== undefined) this.errors.push(...validatePattern(pattern, path.child('pattern')));
    const keys = schema['x-kubernetes-list-map-keys'];
    if (schema['x-kubernetes-list-type'] === 'map' && (keys ?? []).length === 0)
      this.errors.push(
        required(
          path.child('x-kubernetes-list-map-keys'),
          'must not be empty if x-kubernetes-list-type is map',
        ),
      );
  }
}

function isSchema(value: unknown): value is JSONSchemaProps {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Expressions of RE2, which take time in proportion to the text whatever they say. */
export function validatePattern(pattern: string, path: FieldPath): Errors {
  if (pattern.length > maxPattern)
    return [invalidValue(path, pattern, `must have at most ${maxPattern} characters`)];
  try {
    RE2JS.compile(pattern);
    return [];
  } catch (error) {
    return [
      invalidValue(
        path,
        pattern,
        `must be a valid regular expression, but isn't: ${(error as Error).message}`,
      ),
    ];
  }
}

export function validateCustomResourceDefinitionUpdate(
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition,
): Errors {
  const established =
    old.status.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true;
  const path = FieldPath.spec;
  const errors = validateImmutable(spec.group, old.spec.group, path.child('group'));
  if (!established) return errors;
  return [
    ...errors,
    ...validateImmutable(spec.scope, old.spec.scope, path.child('scope')),
    ...validateImmutable(spec.names.kind, old.spec.names.kind, path.child('names').child('kind')),
    ...validateImmutable(spec.names.plural, old.spec.names.plural, path.child('names').child('plural')),
  ];
}
