import { typeFactsByName } from '../schema/facts.ts';
import type { FieldFact, TypeFact } from '../schema/facts.ts';
import type { WireScalar } from './scalars.ts';

/** How the messages of one type are read: fields by number, worked out once. */
export interface Plan {
  readonly fields: readonly (PlannedField | undefined)[];
  /** For a type whose JSON is one of several forms: which of its members that is. */
  readonly form: ((members: Record<string, unknown>) => unknown) | undefined;
}

export interface PlannedField {
  /** The member of the JSON object. */
  readonly name: string;
  readonly list: boolean;
  readonly map: boolean;
  /** The message's members stand in the object around it. */
  readonly inline: boolean;
  /** Of each value; undefined for messages of a type. */
  readonly scalar: WireScalar | undefined;
  /** Of each value, where it is a message. */
  readonly plan: () => Plan;
}

const plans = new Map<string, Plan>();

/** The plan of a type such as "core/v1.PodSpec". */
export function planOf(type: string): Plan {
  const known = plans.get(type);
  if (known !== undefined) return known;
  const fact = typeFactsByName[type];
  if (fact === undefined) throw new Error(`Cannot read "${type}" from protobuf: the API has no such type`);
  const plan = { fields: plannedFields(fact), form: formOf(fact) };
  plans.set(type, plan);
  return plan;
}

function plannedFields(fact: TypeFact): readonly (PlannedField | undefined)[] {
  const fields: PlannedField[] = [];
  for (const [name, field] of Object.entries(fact.fields)) {
    if (field.proto !== undefined) fields[field.proto] = plannedField(name, field);
  }
  return fields;
}

/** A list within a map can only be on the wire in a message around it, such as authorization's ExtraValue. */
const wrappedList: Plan = {
  fields: plannedFields({ fields: { items: { list: true, type: 'string', proto: 1 } } }),
  form: ({ items }) => items ?? [],
};

function plannedField(name: string, fact: FieldFact): PlannedField {
  const value = typeof fact.map === 'string' ? { type: fact.map } : (fact.map ?? fact.items ?? fact);
  const wrapped = value.protoWrap !== undefined;
  const type = fact.inline ?? value.ref;
  return {
    name,
    list: fact.list === true && !wrapped,
    map: fact.map !== undefined,
    inline: fact.inline !== undefined,
    scalar: wrapped || type !== undefined ? undefined : scalarOf(name, value),
    plan: () => (wrapped ? wrappedList : planOf(type ?? '')),
  };
}

function scalarOf(name: string, { type }: FieldFact): WireScalar {
  if (type === undefined) throw new Error(`Cannot read "${name}" from protobuf: its type is not known`);
  return (type === 'fieldsV1' ? 'raw' : type) as WireScalar;
}

function formOf({ jsonOneOf }: TypeFact): Plan['form'] {
  if (jsonOneOf === undefined) return undefined;
  const names = jsonOneOf.map((form) => (form as { readonly field?: string }).field ?? '');
  return (members) => members[names.find((name) => members[name] !== undefined) ?? ''];
}
