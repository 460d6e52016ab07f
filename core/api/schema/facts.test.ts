import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { typeFactsByName } from './facts.ts';
import resourceFacts from './resources.json' with { type: 'json' };
import typeFacts from './types.json' with { type: 'json' };

/**
 * Of the facts as they were read from upstream's release, apart from the JSON files here: SHA-256 of the JSON text,
 * without spaces, of kubernetes, groups, resources, scalars, constants and types, members in the order of upstream's
 * declarations. Reading another release means computing it anew, from what was read.
 */
const digestWhenRead = '7a83ff00ac883b6c76872e9daaefc1a4dafe503daf023be99d7b4ac30ae73b49';

const { 'discovery/v1.EndpointSlice': slice } = typeFacts.types;
/** Upstream declares two of the values in another package, where they were not read. */
const addressTypesRead = ['FQDN'];

test('the facts are those that were read from upstream, but for one set of values', () => {
  const addressType = { ...slice.fields.addressType, enum: addressTypesRead };
  const types: Record<string, unknown> = {
    ...typeFacts.types,
    'discovery/v1.EndpointSlice': { ...slice, fields: { ...slice.fields, addressType } },
  };
  const { kubernetes, groups, resources } = resourceFacts;
  const { scalars, constants } = typeFacts;
  const text = JSON.stringify({ kubernetes, groups, resources, scalars, constants, types });
  expect(createHash('sha256').update(text).digest('hex')).toBe(digestWhenRead);
});

test('the values of a closed set include those that are declared by another package', () => {
  const { addressType } = typeFactsByName['discovery/v1.EndpointSlice']?.fields ?? {};
  expect(addressType?.enum).toEqual(['IPv4', 'IPv6', 'FQDN']);
});
