import { traversal } from '../cost.ts';
import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Opaque } from '../values.ts';

class SemverValue extends Opaque {
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  override equals(other: SemverValue): boolean {
    return compare(this, other) === 0;
  }
}

const read = (text: string) => 40 + 5 * traversal(text.length);
const few = (a: SemverValue) => 5 + 10 * a.prerelease.length;
const type = 'kubernetes.Semver';

/** Semantic versions (apiserver/pkg/cel/library/semverlib.go; semver.org 2.0.0). */
export const semverFunctions: readonly Overload[] = [
  overload(`semver(string): ${type}`, (text: string) => toSemver(text, false), read),
  overload(`semver(string, bool): ${type}`, toSemver, read),
  overload('isSemver(string): bool', (text: string) => parse(text, false) !== undefined, read),
  overload(
    'isSemver(string, bool): bool',
    (text: string, normalize: boolean) => parse(text, normalize) !== undefined,
    read,
  ),
  overload(`${type}.major(): int`, ({ numbers }: SemverValue) => numbers[0]),
  overload(`${type}.minor(): int`, ({ numbers }: SemverValue) => numbers[1]),
  overload(`${type}.patch(): int`, ({ numbers }: SemverValue) => numbers[2]),
  overload(`${type}.compareTo(${type}): int`, (a: SemverValue, b: SemverValue) => BigInt(compare(a, b)), few),
  overload(`${type}.isLessThan(${type}): bool`, (a: SemverValue, b: SemverValue) => compare(a, b) < 0, few),
  overload(
    `${type}.isGreaterThan(${type}): bool`,
    (a: SemverValue, b: SemverValue) => compare(a, b) > 0,
    few,
  ),
];

const syntax =
  /^(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z.-]+)?$/;

function parse(text: string, normalize: boolean): SemverValue | undefined {
  const match = syntax.exec(normalize ? normalized(text) : text);
  if (match === null) return undefined;
  const [, major = '', minor = '', patch = '', prerelease] = match;
  return new SemverValue([BigInt(major), BigInt(minor), BigInt(patch)], prerelease?.split('.') ?? []);
}

/** Without a leading "v" and leading zeros, with as many numbers as there should be. */
function normalized(text: string): string {
  const [, numbers = '', rest = ''] = /^v?([\d.]*)(.*)$/s.exec(text) ?? [];
  const parts = numbers.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return `${parts.join('.')}${rest}`;
}

function toSemver(text: string, normalize: boolean): SemverValue {
  const value = parse(text, normalize);
  if (value === undefined) throw new CelError(`failed to parse semver ${JSON.stringify(text)}`);
  return value;
}

function compare(a: SemverValue, b: SemverValue): -1 | 0 | 1 {
  for (const index of [0, 1, 2] as const) {
    if (a.numbers[index] !== b.numbers[index]) return a.numbers[index] < b.numbers[index] ? -1 : 1;
  }
  // A version is later than what came before its release.
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return a.prerelease.length === b.prerelease.length ? 0 : a.prerelease.length === 0 ? 1 : -1;
  const length = Math.max(a.prerelease.length, b.prerelease.length);
  for (let index = 0; index < length; index++) {
    const order = compareIdentifiers(a.prerelease[index], b.prerelease[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareIdentifiers(a: string | undefined, b: string | undefined): -1 | 0 | 1 {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x && y) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (x !== y) return x ? -1 : 1;
  return a < b ? -1 : 1;
}
