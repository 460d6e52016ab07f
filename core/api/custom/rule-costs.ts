import { leastCost } from '../../cel/index.ts';
import type { Extent } from '../../cel/index.ts';
import type { JSONSchemaProps } from './schema.ts';
import { itemsOf, propertyOf, valuesOf } from './schema.ts';

/**
 * What a rule may cost for one object, and all rules of a definition together, by what their lists, maps and texts
 * may hold (StaticEstimatedCostLimit and StaticEstimatedCRDCostLimit of apiextensions' validation).
 */
export const maxRuleCost = 10_000_000;
export const maxDefinitionCost = 100_000_000;

/** Bytes of the largest request: what says nothing of its length may fill all of it. */
const maxRequestBytes = 3 * 1024 * 1024;

/** What one evaluation costs at least, with the largest values that the schema allows. */
export function ruleCost(rule: string, schema: JSONSchemaProps): number {
  const extent = extentOf(schema);
  return leastCost(rule, { self: extent, oldSelf: extent });
}

/** How often the values of a list or map can be there in one object, where it is there itself so many times. */
export function timesBelow(schema: JSONSchemaProps, times: number): number {
  const below = itemsOf(schema) ?? valuesOf(schema);
  if (below === undefined) return times;
  // However lists are nested, no request is larger than the largest.
  return Math.min(times * countOf(schema), Math.floor(maxRequestBytes / (leastBytes(below) + 1)));
}

/** Elements or entries at most. */
function countOf(schema: JSONSchemaProps): number {
  const items = itemsOf(schema);
  if (items !== undefined)
    return Math.min(schema.maxItems ?? Infinity, Math.floor((maxRequestBytes - 2) / (leastBytes(items) + 1)));
  const values = valuesOf(schema);
  if (values === undefined) return 1;
  return Math.min(
    schema.maxProperties ?? Infinity,
    Math.floor((maxRequestBytes - 2) / (leastBytes(values) + 6)),
  );
}

function extentOf(schema: JSONSchemaProps): Extent {
  const below = itemsOf(schema) ?? valuesOf(schema);
  return {
    count: below === undefined ? 0 : countOf(schema),
    element: () => (below === undefined ? undefined : extentOf(below)),
    member: (name) => {
      const property = propertyOf(schema, name) ?? valuesOf(schema);
      return property === undefined ? undefined : extentOf(property);
    },
  };
}

/** Of the shortest JSON of a value. */
function leastBytes(schema: JSONSchemaProps): number {
  switch (schema.type) {
    case 'boolean':
      return 4;
    case 'string':
    case 'array':
      return 2;
    case 'object':
      return (schema.required ?? []).reduce((bytes, name) => {
        const property = propertyOf(schema, name);
        return bytes + name.length + 4 + (property === undefined ? 1 : leastBytes(property));
      }, 2);
    default:
      return 1;
  }
}

const advice =
  'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';

/** In upstream's words, by how much a cost is too high; undefined where it is not. */
export function excessOf(what: string, cost: number, limit: number): string | undefined {
  if (cost <= limit) return undefined;
  const factor = cost / limit;
  const text = factor > 100 ? 'more than 100x' : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${text} (${advice})`;
}
