import texts from './descriptions.json' with { type: 'json' };

const types = texts.types as Readonly<Record<string, string>>;
const fields = texts.fields as Readonly<Record<string, string>>;
const everywhere = texts.everywhere as Readonly<Record<string, string>>;

/** One sentence about a type such as "apps/v1.Deployment", where there is one. */
export function descriptionOfType(type: string): string | undefined {
  return types[type];
}

/** One sentence about a field: of this type, or what a field of the name means on every type. */
export function descriptionOfField(type: string, field: string): string | undefined {
  return fields[`${type}.${field}`] ?? everywhere[field];
}
