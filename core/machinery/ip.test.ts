import { assert, bigInt, constantFrom, ipV4, ipV6, oneof, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalIp, cidrContains, ipFamilyOf, ipToNumber, numberToIp, parseCidr } from './ip.ts';

describe('addresses', () => {
  test('become numbers and back', () => {
    expect(ipToNumber('10.96.0.1')).toBe(0x0a600001n);
    expect(ipToNumber('::ffff:1.2.3.4')).toBe(0xffff01020304n);
    expect(canonicalIp('2001:0DB8:0:0:1::1')).toBe('2001:db8::1:0:0:1');
    expect(canonicalIp('0:0:0:0:0:0:0:0')).toBe('::');
    expect(() => ipToNumber('10.96.0')).toThrow('"10.96.0": it is no IP address');
    assert(
      property(oneof(ipV4(), ipV6()), (address) => {
        const family = ipFamilyOf(address);
        if (family === undefined) throw new Error(`no family of ${address}`);
        const canonical = numberToIp(ipToNumber(address), family);
        expect(ipToNumber(canonical)).toBe(ipToNumber(address));
        // The URL standard writes IPv6 the same way.
        if (family === 'IPv6') expect(new URL(`http://[${address}]`).hostname).toBe(`[${canonical}]`);
      }),
    );
  });
});

describe('ranges', () => {
  test('hold the addresses from the first to the last', () => {
    const cidr = parseCidr('10.96.0.0/16');
    if (cidr === undefined) throw new Error('no range');
    expect(cidrContains(cidr, '10.96.255.255')).toBe(true);
    expect(cidrContains(cidr, '10.97.0.0')).toBe(false);
    expect(cidrContains(cidr, '::a60:1')).toBe(false);
    assert(
      property(bigInt({ min: 0n, max: 2n ** 16n - 1n }), constantFrom(0n, 2n ** 16n), (offset, beyond) => {
        expect(cidrContains(cidr, numberToIp(cidr.first + offset + beyond, 'IPv4'))).toBe(beyond === 0n);
      }),
    );
  });

  test.for(['10.96.0.1/16', '10.96.0.0', '10.96.0.0/33', 'fd00::/129', 'x/8', ''])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});
