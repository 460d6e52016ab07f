import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { aggregatedDiscovery, apiResourceList } from '../../core/apiserver/handlers/discovery.ts';
import { createScheme } from '../../core/api/kinds/scheme.ts';
import { openApi2, openApi3 } from '../../core/api/openapi/document.ts';
import { nameOfType } from '../../core/api/openapi/schemas.ts';
import { planOf } from '../../core/api/protobuf/plan.ts';
import { resourceFactList, typeFactsByName } from '../../core/api/schema/facts.ts';
import type { FieldFact, TypeFact } from '../../core/api/schema/facts.ts';
import { objectSchemaOf } from '../../core/api/schema/schemas.ts';
import { normalize } from '../../core/api/validation/normalize.ts';
import { validateBySchema } from '../../core/api/validation/schema-rules.ts';
import { FieldPath } from '../../core/api/validation/field-path.ts';
import { applyDefaults } from '../../core/machinery/schema-transform.ts';
import { createTwoWayPatch } from '../../core/machinery/patch/strategic-diff.ts';
import { applyStrategicMerge } from '../../core/machinery/patch/strategic-merge.ts';

/**
 * Whether what the server does with each field of each kind it serves is what the public API's facts say. The code
 * derives from the same facts as this test, which core/api/schema/facts.test.ts holds to what was read from upstream's
 * release; here, what reading, checking, patching, OpenAPI, discovery and protobuf make of them is compared with them one by one.
 */
const scheme = createScheme();
const kinds = scheme.all();
/** The one group of the facts that README says is not served. */
const notServed = 'resource.k8s.io';

interface FlatField {
  readonly name: string;
  readonly fact: FieldFact;
}

/** The members of a type's JSON object; those of inlined types stand in it too. */
function fieldsOf(fact: TypeFact): FlatField[] {
  return Object.entries(fact.fields).flatMap(([name, field]): FlatField[] => {
    if (field.json === false) return [];
    if (field.inline === undefined) return [{ name, fact: field }];
    return fieldsOf(typeFactsByName[field.inline] as TypeFact);
  });
}

function valueOf(fact: FieldFact): FieldFact {
  const { list: _, ...single } = fact;
  return typeof fact.map === 'string' ? { type: fact.map } : (fact.map ?? fact.items ?? single);
}

/** Every type that objects of the served kinds are made of. */
const types = (() => {
  const found = new Set<string>();
  const visit = (type: string) => {
    if (found.has(type)) return;
    found.add(type);
    const fact = typeFactsByName[type];
    if (fact === undefined) throw new Error(`no facts of ${type}`);
    for (const { fact: field } of fieldsOf(fact)) {
      const { ref } = valueOf(field);
      if (ref !== undefined) visit(ref);
    }
  };
  for (const { type } of kinds) visit(type);
  return [...found];
})();
const objectTypes = types.filter((type) => typeFactsByName[type]?.jsonOneOf === undefined);
const allFields = objectTypes.flatMap((type) =>
  fieldsOf(typeFactsByName[type] as TypeFact).map(({ name, fact }) => ({ type, name, fact })),
);

/** A value of a field that is right, and one that cannot be. */
function samples(fact: FieldFact): { readonly right: unknown; readonly wrong: unknown } {
  if (fact.map !== undefined) return { right: { k: single(valueOf(fact)) }, wrong: [] };
  if (fact.list === true) return { right: [single(valueOf(fact))], wrong: {} };
  if (fact.ref !== undefined && typeFactsByName[fact.ref]?.jsonOneOf === undefined)
    return { right: {}, wrong: 'x' };
  return { right: single(fact), wrong: fact.type === 'string' || fact.type === 'bytes' ? 7 : {} };
}

function single(fact: FieldFact): unknown {
  if (fact.ref !== undefined || fact.type === 'raw' || fact.type === 'fieldsV1') return {};
  if (fact.list === true) return ['x'];
  const values: Readonly<Record<string, unknown>> = {
    string: fact.enum?.[0] === '' ? fact.enum[1] : (fact.enum?.[0] ?? 'x'),
    bool: true,
    int32: 7,
    int64: 7,
    double: 7.5,
    bytes: 'eA==',
    'date-time': '2030-01-01T00:00:00Z',
    'micro-time': '2030-01-01T00:00:00.000000Z',
    duration: '1m0s',
    quantity: '7',
    'int-or-string': 7,
  };
  return values[fact.type ?? ''];
}

/** Values that any JSON fits have no wrong ones. */
function isFree(fact: FieldFact): boolean {
  const { type, ref } = valueOf(fact);
  const free =
    type === 'raw' ||
    type === 'fieldsV1' ||
    (ref !== undefined && typeFactsByName[ref]?.jsonOneOf !== undefined);
  return free && fact.list !== true && fact.map === undefined;
}

interface Finding {
  readonly aspect: string;
  readonly checked: number;
  readonly differing: readonly string[];
}
const report: Finding[] = [];

function compare<T>(
  aspect: string,
  items: readonly T[],
  label: (item: T) => string,
  holds: (item: T) => boolean,
): void {
  // Nothing to compare is no parity.
  expect(items.length, aspect).toBeGreaterThan(0);
  const differing = items.filter((item) => !holds(item)).map(label);
  report.push({ aspect, checked: items.length, differing });
  expect(differing, aspect).toEqual([]);
}

/** Type and format of scalars in the public API's OpenAPI; the others are schemas with a name. */
const openApiScalars: Readonly<Record<string, readonly [type: string, format?: string]>> = {
  string: ['string'],
  duration: ['string'],
  bool: ['boolean'],
  int32: ['integer', 'int32'],
  int64: ['integer', 'int64'],
  double: ['number', 'double'],
  bytes: ['string', 'byte'],
  raw: ['object'],
  fieldsV1: ['object'],
};
const openApiNames: Readonly<Record<string, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  'date-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  'micro-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
};

type JsonSchema = Readonly<Record<string, unknown>>;

/** Whether OpenAPI 3 gives a field its type, format, list type and list keys, and its values theirs. */
function isOfType(property: JsonSchema, fact: FieldFact): boolean {
  // What stands beside a reference is told apart from it.
  const [schema = property] = (property['allOf'] ?? []) as JsonSchema[];
  const values = valueOf(fact);
  if (fact.map !== undefined)
    return schema['type'] === 'object' && isOfType(schema['additionalProperties'] as JsonSchema, values);
  if (fact.list === true) {
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    return (
      schema['type'] === 'array' &&
      schema['x-kubernetes-list-type'] === (fact.listType ?? 'atomic') &&
      isDeepStrictEqual(keys, fact.listMapKeys ?? []) &&
      isOfType(schema['items'] as JsonSchema, values)
    );
  }
  // Values that any JSON fits have no type: upstream names such a schema and says no more of it.
  const takesAny = fact.named === 'apiextensions/v1.JSON' || (fact.ref !== undefined && isFree(fact));
  if (takesAny) return schema['type'] === undefined && schema['$ref'] === undefined;
  const name = fact.ref === undefined ? openApiNames[fact.type ?? ''] : nameOfType(fact.ref);
  if (name !== undefined)
    return [`#/components/schemas/${name}`, `#/definitions/${name}`].includes(schema['$ref'] as string);
  const [type, format] = openApiScalars[fact.type ?? ''] ?? [];
  return type !== undefined && schema['type'] === type && schema['format'] === format;
}

const fieldLabel = ({ type, name }: { readonly type: string; readonly name: string }) => `${type}.${name}`;

describe('the API that is served is the public one', () => {
  test('in its kinds: names, scope, verbs and subresources', () => {
    const wanted = resourceFactList.filter(({ group }) => group !== notServed);
    compare(
      'kinds',
      wanted,
      ({ plural }) => plural,
      (fact) => {
        const kind = scheme.byResource(fact.group, fact.version, fact.plural);
        return (
          kind !== undefined &&
          fact.kind === kind.kind &&
          fact.singular === kind.singular &&
          fact.namespaced === kind.namespaced &&
          isDeepStrictEqual(fact.verbs, kind.verbs) &&
          isDeepStrictEqual(fact.shortNames, kind.shortNames) &&
          isDeepStrictEqual(fact.subresources ?? {}, kind.subresources ?? {})
        );
      },
    );
    expect(wanted.length).toBe(kinds.length);
    expect(kinds.length).toBeGreaterThan(60);
    const aggregated = (['core', 'named'] as const).flatMap(
      (part) => aggregatedDiscovery(scheme, part).items ?? [],
    );
    compare(
      'short names and categories in discovery',
      wanted,
      ({ plural }) => plural,
      ({ group, version, plural, shortNames, categories }) => {
        const plain = apiResourceList(scheme, group, version)?.resources.find(({ name }) => name === plural);
        const versions = aggregated.find(({ metadata }) => (metadata.name ?? '') === group)?.versions;
        const other = versions
          ?.find((each) => each.version === version)
          ?.resources?.find(({ resource }) => resource === plural);
        return [plain, other].every(
          (told) =>
            told !== undefined &&
            isDeepStrictEqual([told.shortNames, told.categories], [shortNames, categories]),
        );
      },
    );
  });

  test('in its types: right values are kept, wrong ones refused, unknown ones dropped', () => {
    compare('fields that keep a right value', allFields, fieldLabel, ({ type, name, fact }) => {
      const { value, wrong, unknown } = normalize(objectSchemaOf(type), { [name]: samples(fact).right });
      return !wrong && !unknown && value[name] !== undefined;
    });
    const typed = allFields.filter(({ fact }) => !isFree(fact));
    compare(
      'fields that refuse a wrong type',
      typed,
      fieldLabel,
      ({ type, name, fact }) => normalize(objectSchemaOf(type), { [name]: samples(fact).wrong }).wrong,
    );
    compare(
      'types that drop the unknown',
      objectTypes,
      (type) => type,
      (type) => {
        const { value, unknown } = normalize(objectSchemaOf(type), { 'not a field': 1 });
        return unknown && !('not a field' in value);
      },
    );
    const closed = allFields.filter(
      ({ fact }) => fact.enum !== undefined && fact.list !== true && fact.map === undefined,
    );
    compare('fields of a closed set', closed, fieldLabel, ({ type, name, fact }) => {
      const refused = (value: unknown) =>
        validateBySchema(objectSchemaOf(type), { [name]: value }, FieldPath.root).some(
          ({ field }) => field === name,
        );
      return refused('Surely-Not') && fact.enum?.every((value) => value === '' || !refused(value)) === true;
    });
  });

  test('in what must be there', () => {
    compare(
      'required fields',
      allFields,
      fieldLabel,
      ({ type, name, fact }) => objectSchemaOf(type).fields.get(name)?.required === (fact.required ?? false),
    );
  });

  test('in how lists are merged', () => {
    const lists = allFields.filter(({ fact }) => fact.list === true);
    compare('list types and keys', lists, fieldLabel, ({ type, name, fact }) => {
      const schema = objectSchemaOf(type).fields.get(name)?.schema;
      return (
        schema?.kind === 'list' &&
        schema.listType === (fact.listType ?? 'atomic') &&
        JSON.stringify(schema.mapKeys) === JSON.stringify(fact.listMapKeys ?? [])
      );
    });
    const merged = lists.filter(({ fact }) => fact.patchStrategy?.includes('merge') === true);
    compare('lists that a strategic patch merges', merged, fieldLabel, ({ type, name, fact }) => {
      const key = fact.patchMergeKey;
      const [a, b] = key === undefined ? ['a', 'b'] : [{ [key]: 'a' }, { [key]: 'b' }];
      const result = applyStrategicMerge({ [name]: [a] }, { [name]: [b] }, objectSchemaOf(type));
      return (result[name] as unknown[]).length === 2;
    });
    const replaced = lists.filter(({ fact }) => fact.patchStrategy === undefined);
    compare('lists that it replaces', replaced, fieldLabel, ({ type, name }) => {
      const result = applyStrategicMerge({ [name]: ['a'] }, { [name]: ['b'] }, objectSchemaOf(type));
      return JSON.stringify(result[name]) === '["b"]';
    });
  });

  test('in what a strategic patch replaces, and in the keys it keeps', () => {
    const replaced = allFields.filter(({ fact }) => fact.patchStrategy === 'replace');
    compare('objects that a strategic patch replaces', replaced, fieldLabel, ({ type, name }) => {
      const schema = objectSchemaOf(type);
      const [before, after] = [{ [name]: { a: 1, b: 1 } }, { [name]: { b: 2 } }];
      const patch = createTwoWayPatch(before, after, schema);
      return [patch, applyStrategicMerge(before, patch, schema)].every((each) =>
        isDeepStrictEqual(each, after),
      );
    });
    const kept = allFields.filter(({ fact }) => fact.patchStrategy?.includes('retainKeys') === true);
    compare('objects whose keys a strategic patch names', kept, fieldLabel, ({ type, name, fact }) => {
      const [key = 'name', isList] = [fact.patchMergeKey, fact.list === true];
      const holding = (member: string) => ({ [key]: 'a', [member]: {} });
      const member = (value: object) => ({ [name]: isList ? [value] : value });
      const patch = createTwoWayPatch(member(holding('x')), member(holding('y')), objectSchemaOf(type));
      const [told] = [patch[name]].flat() as Record<string, unknown>[];
      return isDeepStrictEqual(told?.['$retainKeys'], [key, 'y']);
    });
  });

  test('in its declared defaults', () => {
    const declared = allFields.filter(({ fact }) => fact.default !== undefined);
    compare('declared defaults', declared, fieldLabel, ({ type, name, fact }) => {
      const completed = applyDefaults(objectSchemaOf(type), {}) as Record<string, unknown>;
      return isDeepStrictEqual(completed[name], fact.default);
    });
    compare('fields without one', allFields, fieldLabel, ({ type, name, fact }) => {
      const completed = applyDefaults(objectSchemaOf(type), {}) as Record<string, unknown>;
      return Object.hasOwn(completed, name) === (fact.default !== undefined);
    });
  });

  test('in its protobuf numbers', () => {
    const numbered = types.flatMap((type) =>
      Object.entries(typeFactsByName[type]?.fields ?? {})
        .filter(([, { proto }]) => proto !== undefined)
        .map(([name, fact]) => ({ type, name, fact })),
    );
    compare(
      'protobuf numbers',
      numbered,
      fieldLabel,
      ({ type, name, fact }) => planOf(type).fields[fact.proto ?? 0]?.name === name,
    );
  });

  test.for([2, 3] as const)('in its OpenAPI %i', (version) => {
    interface NamedSchema extends JsonSchema {
      readonly properties?: Readonly<Record<string, JsonSchema>>;
      readonly required?: readonly string[];
    }
    const schemas =
      version === 2
        ? (openApi2(kinds) as { definitions: Record<string, NamedSchema> }).definitions
        : (openApi3(kinds) as { components: { schemas: Record<string, NamedSchema> } }).components.schemas;
    const propertyOf = ({ type, name }: { readonly type: string; readonly name: string }) =>
      schemas[nameOfType(type)]?.properties?.[name] ?? {};
    compare(`properties of OpenAPI ${version}`, allFields, fieldLabel, ({ type, name, fact }) => {
      const { properties = {}, required = [] } = schemas[nameOfType(type)] ?? {};
      return Object.hasOwn(properties, name) && required.includes(name) === (fact.required ?? false);
    });
    compare(`types and formats of OpenAPI ${version}`, allFields, fieldLabel, (field) =>
      isOfType(propertyOf(field), field.fact),
    );
    compare(`merge keys of OpenAPI ${version}`, allFields, fieldLabel, (field) => {
      const property = propertyOf(field);
      return (
        property['x-kubernetes-patch-merge-key'] === field.fact.patchMergeKey &&
        property['x-kubernetes-patch-strategy'] === field.fact.patchStrategy
      );
    });
    compare(`declared defaults of OpenAPI ${version}`, allFields, fieldLabel, (field) =>
      isDeepStrictEqual(propertyOf(field)['default'], field.fact.default),
    );
    compare(`map types of fields in OpenAPI ${version}`, allFields, fieldLabel, (field) => {
      const { mapType, structType } = field.fact;
      // Of maps, to be granular is what they are unless they say otherwise.
      return (
        propertyOf(field)['x-kubernetes-map-type'] ===
        (mapType === 'granular' ? undefined : (mapType ?? structType))
      );
    });
    compare(
      `map types of objects in OpenAPI ${version}`,
      objectTypes,
      (type) => type,
      (type) => schemas[nameOfType(type)]?.['x-kubernetes-map-type'] === typeFactsByName[type]?.structType,
    );
  });

  test('and this is the report', () => {
    const lines = report.map(({ aspect, checked, differing }) => {
      const same = checked - differing.length;
      return `${aspect.padEnd(40)} ${String(same).padStart(6)} of ${String(checked).padStart(6)}  ${((100 * same) / checked).toFixed(1)} %`;
    });
    console.log(['', `Parity of ${kinds.length} kinds made of ${types.length} types:`, ...lines].join('\n'));
    expect(report.flatMap(({ differing }) => differing)).toEqual([]);
    expect(report.length).toBeGreaterThan(8);
  });
});
