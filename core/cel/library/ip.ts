import { canonicalIp, ipFamilyOf, ipToNumber, numberToIp } from '../../machinery/ip.ts';
import type { IpFamily } from '../../machinery/ip.ts';
import { traversal } from '../cost.ts';
import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Opaque } from '../values.ts';

class IpValue extends Opaque {
  readonly typeName = 'net.IP';
  readonly family: IpFamily;
  readonly value: bigint;

  constructor(family: IpFamily, value: bigint) {
    super();
    this.family = family;
    this.value = value;
  }

  override equals(other: IpValue): boolean {
    return this.family === other.family && this.value === other.value;
  }

  override toString(): string {
    return numberToIp(this.value, this.family);
  }
}

class CidrValue extends Opaque {
  readonly typeName = 'net.CIDR';
  readonly address: IpValue;
  readonly length: number;

  constructor(address: IpValue, length: number) {
    super();
    this.address = address;
    this.length = length;
  }

  /** Bits beside the prefix. */
  get shift(): bigint {
    return BigInt((this.address.family === 'IPv4' ? 32 : 128) - this.length);
  }

  override equals(other: CidrValue): boolean {
    return this.address.equals(other.address) && this.length === other.length;
  }

  contains({ family, value }: IpValue): boolean {
    return family === this.address.family && value >> this.shift === this.address.value >> this.shift;
  }

  masked(): CidrValue {
    const { family, value } = this.address;
    return new CidrValue(new IpValue(family, (value >> this.shift) << this.shift), this.length);
  }

  override toString(): string {
    return `${this.address.toString()}/${this.length}`;
  }
}

/** Of reading an address, which are as long as addresses are, or are none. */
const read = (text: string) => 40 + traversal(text.length);
const few = () => 20;
const [ip, cidr] = ['net.IP', 'net.CIDR'];

/** Addresses and ranges of them (apiserver/pkg/cel/library/ip.go, cidr.go). */
export const ipFunctions: readonly Overload[] = [
  overload(`ip(string): ${ip}`, toIp, read),
  overload('isIP(string): bool', (text: string) => parseIp(text) !== undefined, read),
  overload(
    'ip.isCanonical(string): bool',
    (text: string) => toIp(text).toString() === text && canonicalIp(text) === text,
    (text: string) => 4 * read(text),
  ),
  overload(`string(${ip}): string`, (value: IpValue) => value.toString(), few),
  overload(`${ip}.family(): int`, ({ family }: IpValue) => (family === 'IPv4' ? 4n : 6n)),
  overload(`${ip}.isUnspecified(): bool`, ({ value }: IpValue) => value === 0n),
  overload(`${ip}.isLoopback(): bool`, isLoopback, few),
  overload(`${ip}.isLinkLocalMulticast(): bool`, isLinkLocalMulticast, few),
  overload(`${ip}.isLinkLocalUnicast(): bool`, isLinkLocalUnicast, few),
  overload(
    `${ip}.isGlobalUnicast(): bool`,
    (address: IpValue) =>
      address.value !== 0n &&
      !(address.family === 'IPv4' && address.value === 0xffff_ffffn) &&
      !isLoopback(address) &&
      !isMulticast(address) &&
      !isLinkLocalUnicast(address),
    few,
  ),
  overload(`cidr(string): ${cidr}`, toCidr, read),
  overload('isCIDR(string): bool', (text: string) => parseCidr(text) !== undefined, read),
  overload(`string(${cidr}): string`, (value: CidrValue) => value.toString(), few),
  overload(`${cidr}.ip(): ${ip}`, ({ address }: CidrValue) => address),
  overload(`${cidr}.prefixLength(): int`, ({ length }: CidrValue) => BigInt(length)),
  overload(`${cidr}.masked(): ${cidr}`, (value: CidrValue) => value.masked(), few),
  overload(
    `${cidr}.containsIP(${ip}): bool`,
    (range: CidrValue, address: IpValue) => range.contains(address),
    few,
  ),
  overload(
    `${cidr}.containsIP(string): bool`,
    (range: CidrValue, text: string) => range.contains(toIp(text)),
    (_: CidrValue, text: string) => read(text),
  ),
  overload(`${cidr}.containsCIDR(${cidr}): bool`, containsCidr, few),
  overload(
    `${cidr}.containsCIDR(string): bool`,
    (range: CidrValue, text: string) => containsCidr(range, toCidr(text)),
    (_: CidrValue, text: string) => read(text),
  ),
];

function parseIp(text: string): IpValue | undefined {
  // IPv4 addresses in IPv6's clothes would be told apart by some and not by others.
  if (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(text)) return undefined;
  const family = ipFamilyOf(text);
  return family === undefined ? undefined : new IpValue(family, ipToNumber(text));
}

function toIp(text: string): IpValue {
  const value = parseIp(text);
  if (value === undefined)
    throw new CelError(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  return value;
}

function parseCidr(text: string): CidrValue | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ipValue = parseIp(address);
  if (ipValue === undefined || Number(length) > (ipValue.family === 'IPv4' ? 32 : 128)) return undefined;
  return new CidrValue(ipValue, Number(length));
}

function toCidr(text: string): CidrValue {
  const value = parseCidr(text);
  if (value === undefined)
    throw new CelError(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
  return value;
}

function containsCidr(range: CidrValue, inner: CidrValue): boolean {
  return range.contains(inner.address) && range.length <= inner.length;
}

/** Ranges that functions ask about. */
const ranges = {
  loopback4: toCidr('127.0.0.0/8'),
  loopback6: toCidr('::1/128'),
  multicast4: toCidr('224.0.0.0/4'),
  multicast6: toCidr('ff00::/8'),
  localMulticast4: toCidr('224.0.0.0/24'),
  local4: toCidr('169.254.0.0/16'),
  local6: toCidr('fe80::/10'),
};

function isLoopback(address: IpValue): boolean {
  return ranges.loopback4.contains(address) || ranges.loopback6.contains(address);
}

function isMulticast(address: IpValue): boolean {
  return ranges.multicast4.contains(address) || ranges.multicast6.contains(address);
}

function isLinkLocalMulticast(address: IpValue): boolean {
  if (ranges.localMulticast4.contains(address)) return true;
  return (
    address.family === 'IPv6' && address.value >> 120n === 0xffn && ((address.value >> 112n) & 0xfn) === 2n
  );
}

function isLinkLocalUnicast(address: IpValue): boolean {
  return ranges.local4.contains(address) || ranges.local6.contains(address);
}
