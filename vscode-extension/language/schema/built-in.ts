import { createScheme } from '../../../core/api/kinds/scheme.ts';
import { descriptionOfField, descriptionOfType } from '../../../core/api/openapi/descriptions.ts';
import type { KindDeclaration } from '../../../core/api/scheme.ts';
import type { ObjectSchema } from '../../../core/machinery/schema.ts';
import { SchemaModel, type KindInfo } from './schema-model.ts';

let kinds: readonly KindInfo[] | undefined;
let model: SchemaModel | undefined;

/** The kinds that people write: every kind of this release's server that can be created. */
export function builtInKinds(): readonly KindInfo[] {
  kinds ??= createScheme()
    .all()
    .filter(({ verbs }) => verbs.includes('create'))
    .map(kindInfoOf);
  return kinds;
}

/** What is known without any cluster: the scheme that the server itself serves, rules included. */
export function builtInModel(): SchemaModel {
  return (model ??= new SchemaModel(builtInKinds(), { origin: 'built-in', complete: false }));
}

function kindInfoOf(declaration: KindDeclaration): KindInfo {
  const { group, version, kind, plural, shortNames = [], namespaced } = declaration;
  return {
    group,
    version,
    kind,
    plural,
    shortNames,
    namespaced,
    rules: declaration,
    describe: describeBuiltIn,
    get schema() {
      return declaration.schema;
    },
  };
}

export function describeBuiltIn({ name }: ObjectSchema, field?: string): string | undefined {
  if (name === undefined) return undefined;
  return field === undefined ? descriptionOfType(name) : descriptionOfField(name, field);
}
