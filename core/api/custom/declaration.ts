import type { JsonObject } from '../../machinery/json.ts';
import { isObject } from '../../machinery/json.ts';
import { dns1123SubdomainProblems } from '../../machinery/names.ts';
import type { ObjectSchema } from '../../machinery/schema.ts';
import type { FieldError } from '../errors.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../generated/apiextensions-v1.ts';
import type { KubernetesObject, Mutable } from '../object.ts';
import type { CustomKind, KindDeclaration } from '../scheme.ts';
import type { SubresourceFact } from '../schema/facts.ts';
import { invalidValue } from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import { applySchemaOf } from './apply-schema.ts';
import { columnsOfVersion } from './columns.ts';
import { isTerminating } from './conditions.ts';
import { applySchemaDefaults } from './defaults.ts';
import { validateEmbedded } from './embedded.ts';
import { validateLists } from './list-types.ts';
import { publishedSchema } from './openapi.ts';
import { pruneResource } from './prune.ts';
import type { JSONSchemaProps } from './schema.ts';
import { validateRules } from './rules.ts';
import { validateValue } from './validate-value.ts';

/** What declarations need that is more than data. */
export interface CustomKindOptions {
  readonly convert: CustomKind['convert'];
}

/** The served versions of a custom kind, under the names it was granted. The definition has passed validation. */
export function declarationsOf(
  definition: CustomResourceDefinition,
  options: CustomKindOptions,
): readonly KindDeclaration[] {
  return definition.spec.versions
    .filter(({ served }) => served)
    .map((version) => declarationOf(definition, version, options));
}

/** While it ends, objects may still lose their finalizers. */
const endingVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const allVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const objectVerbs = ['get', 'patch', 'update'];

export function declarationOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  options: CustomKindOptions,
): KindDeclaration {
  const { spec, status } = definition;
  const names = status.acceptedNames ?? spec.names;
  const { scale } = version.subresources ?? {};
  const schema = version.schema?.openAPIV3Schema ?? openSchema;
  const custom = customKindOf(definition, version, schema, options);
  let applySchema: ObjectSchema | undefined;
  return {
    group: spec.group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    ...(names.shortNames === undefined ? {} : { shortNames: names.shortNames }),
    ...(names.categories === undefined ? {} : { categories: names.categories }),
    namespaced: spec.scope === 'Namespaced',
    verbs: custom.terminating ? endingVerbs : allVerbs,
    subresources: subresourcesOf(version, names.kind),
    type: custom.definition,
    get schema() {
      return (applySchema ??= applySchemaOf(schema));
    },
    applyDefaults: (object) => complete(custom, object),
    nameProblems: dns1123SubdomainProblems,
    generation: true,
    unconditionalUpdate: false,
    selectableFields: selectableFieldsOf(version),
    ...(scale === undefined
      ? {}
      : {
          scale: {
            specReplicas: scale.specReplicasPath.slice(1),
            statusReplicas: scale.statusReplicasPath.slice(1),
            selector: scale.labelSelectorPath?.slice(1) ?? '',
          },
        }),
    custom,
  };
}

const openSchema: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function subresourcesOf(
  { subresources }: CustomResourceDefinitionVersion,
  kind: string,
): Readonly<Record<string, SubresourceFact>> {
  return {
    ...(subresources?.status === undefined ? {} : { status: { kind, verbs: objectVerbs } }),
    ...(subresources?.scale === undefined
      ? {}
      : { scale: { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: objectVerbs } }),
  };
}

function customKindOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  schema: JSONSchemaProps,
  { convert }: CustomKindOptions,
): CustomKind {
  const { spec, status, metadata } = definition;
  const names = status.acceptedNames ?? spec.names;
  const warning =
    version.deprecated === true
      ? (version.deprecationWarning ?? `${spec.group}/${version.name} ${names.kind} is deprecated`)
      : undefined;
  return {
    definition: metadata.name ?? '',
    listKind: names.listKind ?? `${names.kind}List`,
    warning,
    terminating: isTerminating(definition),
    columns: columnsOfVersion(version),
    storageVersion: spec.versions.find(({ storage }) => storage)?.name ?? version.name,
    openApi: (openApiVersion) => publishedSchema(schema, openApiVersion),
    // Only definitions that were stored before v1 can say so.
    prune: (object, unknown) =>
      spec.preserveUnknownFields === true ? object : pruneResource(schema, object, unknown),
    complete: (object) => applySchemaDefaults(schema, object) as JsonObject,
    validate: (object, old) => validate(schema, version, object, old),
    convert,
  };
}

async function validate(
  schema: JSONSchemaProps,
  version: CustomResourceDefinitionVersion,
  object: JsonObject,
  old: JsonObject | undefined,
): Promise<readonly FieldError[]> {
  const { root } = FieldPath;
  const lists = validateLists(schema, object, root);
  const errors = [
    ...validateValue(schema, object, root, old),
    ...validateEmbedded(schema, object, root),
    // Whose lists were wrong before may still change the rest.
    ...(lists.length > 0 && old !== undefined && validateLists(schema, old, root).length > 0 ? [] : lists),
    ...validateReplicas(version, object),
  ];
  // Rules count on values of the right types.
  return errors.length > 0 ? errors : validateRules(schema, object, old);
}

const mostReplicas = 2 ** 31 - 1;

function validateReplicas(
  { subresources }: CustomResourceDefinitionVersion,
  object: JsonObject,
): FieldError[] {
  const { scale } = subresources ?? {};
  if (scale === undefined) return [];
  return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((text) => {
    const value = valueAt(object, text.slice(1).split('.'));
    const path = FieldPath.root.child(text);
    if (typeof value !== 'number') return [];
    if (value < 0) return [invalidValue(path, value, 'should be a non-negative integer')];
    return value > mostReplicas
      ? [invalidValue(path, value, `should be less than or equal to ${mostReplicas}`)]
      : [];
  });
}

function selectableFieldsOf({
  selectableFields = [],
}: CustomResourceDefinitionVersion): NonNullable<KindDeclaration['selectableFields']> {
  return Object.fromEntries(
    selectableFields.map(({ jsonPath }) => {
      const names = jsonPath.slice(1).split('.');
      return [names.join('.'), (object: KubernetesObject) => textOf(valueAt(object, names))];
    }),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

function valueAt(object: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    object,
  );
}

/** Leaves out and sets, in place, what the schema says; metadata is as it was. */
function complete(custom: CustomKind, object: Mutable<KubernetesObject>): void {
  const members = object as unknown as Record<string, unknown>;
  const known = custom.complete(custom.prune(members));
  if (known === members) return;
  for (const name of Object.keys(members)) if (!Object.hasOwn(known, name)) delete members[name];
  Object.assign(members, known);
}
