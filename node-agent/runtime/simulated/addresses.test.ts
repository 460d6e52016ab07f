import { expect, test } from 'vitest';
import { AddressPool } from './addresses.ts';

test('addresses leave out network, gateway and broadcast, and run out', () => {
  const pool = new AddressPool('10.1.2.0/29');
  expect([1, 2, 3, 4, 5].map(() => pool.take())).toEqual([
    '10.1.2.2',
    '10.1.2.3',
    '10.1.2.4',
    '10.1.2.5',
    '10.1.2.6',
  ]);
  expect(() => pool.take()).toThrow('Cannot give a Pod an address: all 5 are taken');
});

test('one that was given back comes round again, not at once', () => {
  const pool = new AddressPool('10.1.2.0/29');
  const first = pool.take();
  pool.release(first);
  expect(pool.take()).toBe('10.1.2.3');
  expect([1, 2, 3].map(() => pool.take())).toEqual(['10.1.2.4', '10.1.2.5', '10.1.2.6']);
  expect(pool.take()).toBe(first);
});

test('one that an earlier agent gave is not given again', () => {
  const pool = new AddressPool('10.1.2.0/24');
  pool.keep('10.1.2.2');
  expect(pool.take()).toBe('10.1.2.3');
});

test.each(['', '10.0.0.0', '10.0.0/24', '10.0.0.0/31', '10.0.0.256/24', 'fd00::/64'])(
  '"%s" is refused',
  (cidr) => {
    expect(() => new AddressPool(cidr)).toThrow(`Cannot take Pod addresses from "${cidr}"`);
  },
);
