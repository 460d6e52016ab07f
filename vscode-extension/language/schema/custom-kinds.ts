import { isObject, type JsonObject } from '../../../core/machinery/json.ts';
import { customRules } from './custom-rules.ts';
import { openApiSchemas } from './openapi-schemas.ts';
import { SchemaModel, type KindInfo } from './schema-model.ts';

/** The kinds that a CustomResourceDefinition adds, one for each version it serves; none where it is half-written. */
export function kindsOfDefinition(definition: JsonObject): KindInfo[] {
  const spec = isObject(definition['spec']) ? definition['spec'] : {};
  const names = isObject(spec['names']) ? spec['names'] : {};
  const { group, scope, versions } = spec;
  const { kind, plural, shortNames } = names;
  if (typeof group !== 'string' || typeof kind !== 'string' || !Array.isArray(versions)) return [];
  return versions.filter(isObject).flatMap((version) => {
    const { name, served, schema } = version;
    const open = isObject(schema) ? schema['openAPIV3Schema'] : undefined;
    if (typeof name !== 'string' || served === false || !isObject(open)) return [];
    const schemas = openApiSchemas();
    let read: ReturnType<typeof schemas.kind> | undefined;
    return {
      group,
      version: name,
      kind,
      plural: typeof plural === 'string' ? plural : kind.toLowerCase(),
      shortNames: Array.isArray(shortNames) ? shortNames.filter((text) => typeof text === 'string') : [],
      namespaced: scope !== 'Cluster',
      rules: customRules(open),
      describe: (type, field) => schemas.describe(type, field),
      get schema() {
        return (read ??= schemas.kind(open));
      },
    };
  });
}

/** The model with kinds that files define: they count before those of the same name. */
export function withKinds(model: SchemaModel, kinds: readonly KindInfo[]): SchemaModel {
  if (kinds.length === 0) return model;
  return new SchemaModel([...kinds, ...model.all()], model);
}
