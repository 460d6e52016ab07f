import { dns1035LabelProblems } from '../../machinery/names.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  SelectableField,
} from '../generated/apiextensions-v1.ts';
import type { Errors } from '../validation/common.ts';
import { checkEach } from '../validation/common.ts';
import { duplicate, forbiddenField, invalidValue, required, tooMany } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { validateDefaults } from './default-rules.ts';
import { validateRuleTexts } from './rule-checks.ts';
import { validateKeywords } from './schema-rules.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isIntOrString, propertyOf } from './schema.ts';
import { validateStructural } from './structural-rules.ts';

const maxSelectableFields = 8;

/**
 * The versions of a definition, each with its schema and what it serves. Schemas need not be structural where those
 * that are stored are not: what was stored before it was wanted may still change elsewhere.
 */
export function validateVersions(
  { versions }: CustomResourceDefinitionSpec,
  path: FieldPath,
  structural = true,
): Errors {
  const names = versions.map(({ name }) => name);
  const errors: Errors = [];
  if (new Set(names).size < names.length)
    errors.push(invalidValue(path, names, 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalidValue(path, names, 'must have exactly one version marked as storage version'));
  versions.forEach((version, index) =>
    errors.push(...validateVersion(version, path.index(index), structural)),
  );
  return errors;
}

/** Where the schemas are not structural, and so nothing can be pruned or completed by them for sure. */
export function structuralViolations(
  { versions, preserveUnknownFields }: CustomResourceDefinitionSpec,
  path: FieldPath,
): Errors {
  const kept = path.child('preserveUnknownFields');
  return [
    ...(preserveUnknownFields === true ? [invalidValue(kept, true, 'must be false')] : []),
    ...versions.flatMap(({ schema }, index) => {
      const root = schema?.openAPIV3Schema;
      const at = path.child('versions').index(index).child('schema').child('openAPIV3Schema');
      return root === undefined ? [] : validateStructural(root, at);
    }),
  ];
}

function validateVersion(
  version: CustomResourceDefinitionVersion,
  path: FieldPath,
  structural: boolean,
): Errors {
  const errors: Errors = [];
  const { name, deprecated, deprecationWarning, subresources, schema } = version;
  const problems = dns1035LabelProblems(name);
  if (problems.length > 0) errors.push(invalidValue(path.child('name'), name, problems.join(',')));
  if (deprecationWarning !== undefined)
    errors.push(
      ...validateWarning(deprecationWarning, deprecated === true, path.child('deprecationWarning')),
    );
  const root = schema?.openAPIV3Schema;
  const at = path.child('schema').child('openAPIV3Schema');
  if (root === undefined) errors.push(required(at, 'schemas are required'));
  else errors.push(...validateSchema(root, subresources?.status !== undefined, at, structural));
  if (subresources?.scale !== undefined)
    errors.push(...validateScale(subresources.scale, path.child('subresources').child('scale')));
  errors.push(
    ...checkEach(version.additionalPrinterColumns, path.child('additionalPrinterColumns'), validateColumn),
    ...validateSelectableFields(version.selectableFields ?? [], root, path.child('selectableFields')),
  );
  return errors;
}

const maxWarningBytes = 256;

function validateWarning(text: string, deprecated: boolean, path: FieldPath): Errors {
  if (!deprecated) return [invalidValue(path, text, 'can only be set for deprecated versions')];
  if (text === '') return [invalidValue(path, text, 'must not be empty')];
  if (/\p{Cc}/u.test(text))
    return [
      invalidValue(path, text, 'must only contain printable UTF-8 characters; non-printable character found'),
    ];
  return Buffer.byteLength(text) > maxWarningBytes
    ? [invalidValue(path, text, `must be <= ${maxWarningBytes} characters long`)]
    : [];
}

/** What may stand at the root beside "properties" where status is kept apart. */
const notAtRoot = ['additionalProperties', 'allOf', 'anyOf', 'oneOf', 'not', 'default', 'enum'] as const;

export function validateSchema(
  schema: JSONSchemaProps,
  hasStatus: boolean,
  path: FieldPath,
  structural = true,
): Errors {
  const errors = validateKeywords(schema, path);
  if (schema.nullable === true)
    errors.push(forbiddenField(path.child('nullable'), 'nullable cannot be true at the root'));
  if (hasStatus)
    for (const name of notAtRoot)
      if (schema[name] !== undefined)
        errors.push(
          invalidValue(
            path.child(name),
            '',
            'only "properties", "required", "description", "type" and validations of values are allowed at the root of the schema if the status subresource is enabled',
          ),
        );
  const violations = validateStructural(schema, path);
  if (!structural && violations.length > 0) return errors;
  errors.push(...violations);
  // Rules and defaults are judged by the schema, which must make sense for that.
  if (errors.length > 0) return errors;
  const rules = validateRuleTexts(schema, path);
  return rules.length > 0 ? rules : validateDefaults(schema, path);
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function validateColumn(column: CustomResourceColumnDefinition, path: FieldPath): Errors {
  const { name, type, format = '', jsonPath } = column;
  const errors: Errors = [];
  if (name === '') errors.push(required(path.child('name')));
  if (type === '') errors.push(required(path.child('type'), `must be one of ${columnTypes.join(',')}`));
  else if (!columnTypes.includes(type))
    errors.push(invalidValue(path.child('type'), type, `must be one of ${columnTypes.join(',')}`));
  if (format !== '' && !columnFormats.includes(format))
    errors.push(invalidValue(path.child('format'), format, `must be one of ${columnFormats.join(',')}`));
  if (jsonPath === '') return [...errors, required(path.child('jsonPath'))];
  return [...errors, ...validateSimplePath(jsonPath, path.child('jsonPath'))];
}

function validateSimplePath(text: string, path: FieldPath): Errors {
  if (text === '') return [invalidValue(path, text, 'must not be empty')];
  return text.startsWith('.') ? [] : [invalidValue(path, text, 'must be a simple json path starting with .')];
}

function validateScale(scale: CustomResourceSubresourceScale, path: FieldPath): Errors {
  const errors: Errors = [];
  const check = (text: string | undefined, at: FieldPath, starts: readonly string[], where: string) => {
    if (text === undefined || text === '') {
      errors.push(required(at));
      return;
    }
    const wrong = validateSimplePath(text, at);
    errors.push(...wrong);
    if (wrong.length > 0) return;
    if (!starts.some((start) => text.startsWith(start)))
      errors.push(invalidValue(at, text, `should be a json path under ${where}`));
    else if (text.split('.').slice(1).includes(''))
      errors.push(invalidValue(at, text, 'must be a json path in the dot notation'));
  };
  check(scale.specReplicasPath, path.child('specReplicasPath'), ['.spec.'], '.spec');
  check(scale.statusReplicasPath, path.child('statusReplicasPath'), ['.status.'], '.status');
  const { labelSelectorPath = '' } = scale;
  if (labelSelectorPath !== '')
    check(
      labelSelectorPath,
      path.child('labelSelectorPath'),
      ['.spec.', '.status.'],
      'either .spec or .status',
    );
  return errors;
}

function validateSelectableFields(
  fields: readonly SelectableField[],
  schema: JSONSchemaProps | undefined,
  path: FieldPath,
): Errors {
  const errors: Errors = [];
  if (fields.length > maxSelectableFields) errors.push(tooMany(path, fields.length, maxSelectableFields));
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, index) => {
    const at = path.index(index).child('jsonPath');
    if (jsonPath === '') {
      errors.push(required(at));
      return;
    }
    const wrong = selectableProblem(jsonPath, schema);
    if (wrong !== undefined) errors.push(invalidValue(at, jsonPath, wrong));
    else if (seen.has(jsonPath)) errors.push(duplicate(at, jsonPath));
    seen.add(jsonPath);
  });
  return errors;
}

function selectableProblem(jsonPath: string, schema: JSONSchemaProps | undefined): string | undefined {
  if (!jsonPath.startsWith('.')) return 'must be a simple json path starting with .';
  const names = jsonPath.slice(1).split('.');
  if (names.some((name) => !/^[A-Za-z_][\w-]*$/.test(name)))
    return 'is an invalid path: must be a simple path of field names';
  if (names[0] === 'metadata') return 'must not point to fields in metadata';
  const target = names.reduce<JSONSchemaProps | undefined>(
    (at, name) => (at === undefined ? undefined : propertyOf(at, name)),
    schema,
  );
  if (target === undefined) return 'is an invalid path: does not refer to a valid field';
  if (isIntOrString(target) || !['string', 'boolean', 'integer'].includes(target.type ?? ''))
    return 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
  return undefined;
}
