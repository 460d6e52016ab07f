import { describe, expect, test } from 'vitest';
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.ts';
import { validateCustomResourceDefinition } from './definition-rules.ts';
import { FieldPath } from '../validation/field-path.ts';
import type { JSONSchemaProps } from './schema.ts';
import { validateSchema } from './version-rules.ts';

type Members = Record<string, unknown>;

function problemsOf(field: Members, root: Members = {}): readonly string[] {
  const schema = { type: 'object', properties: { field }, ...root } as JSONSchemaProps;
  return validateSchema(schema, false, FieldPath.root).map(({ field: at, message }) => `${at}: ${message}`);
}

const field = 'properties[field]';

describe('a schema is refused', () => {
  test.each<[string, Members, string]>([
    ['without a type', {}, `${field}.type: Required value: must not be empty for specified object fields`],
    [
      'with a type that there is not',
      { type: 'text' },
      `${field}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
    ],
    [
      'that refers to another',
      { type: 'string', $ref: '#/definitions/x' },
      `${field}.$ref: Forbidden: $ref is not supported`,
    ],
    ['of a list without items', { type: 'array' }, `${field}.items: Required value: must be specified`],
    [
      'of a list of items each of its own kind',
      { type: 'array', items: [{ type: 'string' }] },
      `${field}.items: Forbidden: items must be a schema object and not an array`,
    ],
    [
      'that wants unique items',
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      `${field}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
    ],
    [
      'that closes an object',
      { type: 'object', additionalProperties: false },
      `${field}.additionalProperties: Forbidden: additionalProperties cannot be set to false`,
    ],
    [
      'of an object and a map in one',
      { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } },
      `${field}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
    ],
    [
      'with a type under a junctor',
      { type: 'string', anyOf: [{ type: 'string' }] },
      `${field}.anyOf[0].type: Forbidden: must be empty to be structural`,
    ],
    [
      'that speaks of what is not specified',
      { type: 'object', anyOf: [{ properties: { a: { minimum: 1 } } }] },
      `${field}.properties[a]: Required value: because it is defined in ${field}.anyOf[0].properties[a]`,
    ],
    [
      'that keeps unknown fields of some',
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
      `${field}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`,
    ],
    [
      'of a resource that has no members',
      { type: 'object', 'x-kubernetes-embedded-resource': true },
      `${field}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
    ],
    [
      'of a map without keys',
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' },
      `${field}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    ],
    [
      'of a map whose keys may be missing',
      {
        type: 'array',
        items: { type: 'object', properties: { name: { type: 'string' } } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
      `${field}.items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
    ],
    [
      'of a set of objects that are merged',
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' },
      `${field}.items.x-kubernetes-map-type: Required value: must be atomic as item of a list with x-kubernetes-list-type=set`,
    ],
    [
      'with a default of the wrong type',
      { type: 'integer', default: 'one' },
      `${field}.default: Invalid value: "string": ${field}.default in body must be of type integer: "string"`,
    ],
    [
      'with a default that has unknown fields',
      { type: 'object', default: { a: 1 } },
      `${field}.default: Invalid value: {"a":1}: must not have unknown fields`,
    ],
    [
      'with an expression that is none',
      { type: 'string', pattern: '(' },
      `${field}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(\``,
    ],
  ])('%s', (_why, schema, problem) => {
    expect(problemsOf(schema)).toContain(problem);
  });

  test('that says of metadata more than names', () => {
    const metadata = { type: 'object', properties: { labels: { type: 'object' } } };
    expect(problemsOf({ type: 'string' }, { properties: { metadata } })).toEqual([
      'properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ]);
  });

  test('that is nested too deeply, or too large, with one error', () => {
    let deep: Members = { type: 'string' };
    for (let level = 0; level < 200; level++) deep = { type: 'object', properties: { a: deep } };
    expect(problemsOf(deep)).toHaveLength(1);
    const properties = Object.fromEntries(
      Array.from({ length: 60_000 }, (_, index) => [`p${index}`, { type: 'string' }]),
    );
    expect(problemsOf({ type: 'object', properties })).toHaveLength(1);
  });
});

test("integers or strings may be written in both of upstream's ways", () => {
  const anyOf = [{ type: 'integer' }, { type: 'string' }];
  expect(problemsOf({ 'x-kubernetes-int-or-string': true, anyOf })).toEqual([]);
  expect(problemsOf({ 'x-kubernetes-int-or-string': true, allOf: [{ anyOf }, { pattern: '^a' }] })).toEqual(
    [],
  );
});

describe('a definition is refused', () => {
  const definition = (change: Members = {}, annotations: Record<string, string> = {}) =>
    ({
      metadata: { name: 'things.example.com', annotations },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
          },
        ],
        ...change,
      },
      status: {},
    }) as unknown as CustomResourceDefinition;
  const problems = (change: Members, annotations?: Record<string, string>) =>
    validateCustomResourceDefinition(definition(change, annotations)).map(
      ({ field: at, message }) => `${at}: ${message}`,
    );
  const version = (change: Members) => {
    const { versions } = definition().spec;
    return { versions: [{ ...versions[0], ...change }] };
  };

  test('not when it is right', () => {
    expect(problems({})).toEqual([]);
  });

  test.each<[string, Members, string]>([
    [
      'under another name',
      { group: 'other.example.com' },
      'metadata.name: Invalid value: "things.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'with a group that is no domain',
      { group: 'example' },
      'spec.group: Invalid value: "example": should be a domain with at least one dot',
    ],
    [
      'with another scope',
      { scope: 'World' },
      'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"',
    ],
    [
      'that stores no version',
      version({ storage: false }),
      'spec.versions: Invalid value: ["v1"]: must have exactly one version marked as storage version',
    ],
    [
      'without a schema',
      version({ schema: undefined }),
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ],
    [
      'that scales by what is not of the spec',
      version({
        subresources: {
          scale: { specReplicasPath: '.status.replicas', statusReplicasPath: '.status.replicas' },
        },
      }),
      'spec.versions[0].subresources.scale.specReplicasPath: Invalid value: ".status.replicas": should be a json path under .spec',
    ],
    [
      'with a column of no type',
      version({ additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }] }),
      'spec.versions[0].additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
    ],
    [
      'that selects by what there is not',
      version({ selectableFields: [{ jsonPath: '.spec.colour' }] }),
      'spec.versions[0].selectableFields[0].jsonPath: Invalid value: ".spec.colour": is an invalid path: does not refer to a valid field',
    ],
    [
      'with a webhook that nobody can reach',
      {
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'http://a' }, conversionReviewVersions: ['v1'] },
        },
      },
      'spec.conversion.webhook.clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
    ],
  ])('%s', (_why, change, problem) => {
    expect(problems(change)).toContain(problem);
  });

  test('of a group of the community without approval', () => {
    const [problem] = problems({ group: 'things.k8s.io' }).slice(1);
    expect(problem).toContain('protected groups must have approval annotation "api-approved.kubernetes.io"');
    const approved = { 'api-approved.kubernetes.io': 'https://example.com/1' };
    expect(problems({ group: 'things.k8s.io' }, approved)).toHaveLength(1);
  });
});
