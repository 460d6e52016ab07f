import { isIPv4, isIPv6 } from 'node:net';

export type IpFamily = 'IPv4' | 'IPv6';

/** The family of an address; undefined when it is none. */
export function ipFamilyOf(address: string): IpFamily | undefined {
  if (isIPv4(address)) return 'IPv4';
  return isIPv6(address) && !address.includes('%') ? 'IPv6' : undefined;
}

/** As addresses are written with a port: those of IPv6 in brackets. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An address as a number. @throws RangeError when it is none */
export function ipToNumber(address: string): bigint {
  if (isIPv4(address)) return groups(address.split('.'), 10, 8n);
  if (!isIPv6(address)) throw new RangeError(`Cannot read ${JSON.stringify(address)}: it is no IP address`);
  // The last four bytes may be written as an IPv4 address.
  const text = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.slice(0, 4).map(Number) as [number, number, number, number];
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', rest] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = rest === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return groups([...left, ...zeros, ...right], 16, 16n);
}

function groups(parts: readonly string[], radix: number, bits: bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(Number.parseInt(part, radix)), 0n);
}

/** In canonical form; IPv6 by RFC 5952. */
export function numberToIp(value: bigint, family: IpFamily): string {
  if (family === 'IPv4') return [24n, 16n, 8n, 0n].map((shift) => Number((value >> shift) & 255n)).join('.');
  const words = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(16 * (7 - index))) & 0xffffn),
  );
  const { start, length } = longestZeros(words);
  const text = (part: readonly number[]) => part.map((word) => word.toString(16)).join(':');
  return length < 2 ? text(words) : `${text(words.slice(0, start))}::${text(words.slice(start + length))}`;
}

function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  words.forEach((word, index) => {
    if (word !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}

/** An address in the form in which equal addresses are equal texts. */
export function canonicalIp(address: string): string {
  const family = ipFamilyOf(address);
  if (family === undefined)
    throw new RangeError(`Cannot read ${JSON.stringify(address)}: it is no IP address`);
  return numberToIp(ipToNumber(address), family);
}

/** A range of addresses, such as 10.96.0.0/16. */
export interface Cidr {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly size: bigint;
}

/** Undefined when the text is no range, or has bits beside its prefix. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length = ''] = text.split('/');
  const family = ipFamilyOf(address);
  if (family === undefined || !/^\d{1,3}$/.test(length)) return undefined;
  const bits = family === 'IPv4' ? 32 : 128;
  if (Number(length) > bits) return undefined;
  const first = ipToNumber(address);
  const size = 1n << BigInt(bits - Number(length));
  return first % size === 0n ? { family, first, size } : undefined;
}

export function cidrContains({ family, first, size }: Cidr, address: string): boolean {
  if (ipFamilyOf(address) !== family) return false;
  const value = ipToNumber(address);
  return value >= first && value < first + size;
}
