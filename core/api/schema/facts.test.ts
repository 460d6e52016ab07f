import { expect, test } from 'vitest';
import { typeFactsByName } from './facts.ts';

test('the values of a closed set include those that are declared by another package', () => {
  const { addressType } = typeFactsByName['discovery/v1.EndpointSlice']?.fields ?? {};
  expect(addressType?.enum).toEqual(['IPv4', 'IPv6', 'FQDN']);
});
