import { CelError } from '../errors.ts';
import { weight } from '../operators.ts';
import { Duration, Timestamp } from '../time.ts';
import { CelList, CelMap, TypeValue, Uint } from '../values.ts';
import type { Value } from '../values.ts';
import { formatDouble } from './standard.ts';

/** `"%d of %s".format([…])`, as ext/formatting.go has it. */
export const format = {
  call: (text: string, list: CelList): string => {
    let next = 0;
    const formatted = text.replaceAll(
      /%(?:(%)|(?:\.(\d+))?([a-zA-Z]))|%/g,
      (all: string, percent?: string, digits?: string, verb?: string) => {
        if (percent !== undefined) return '%';
        if (verb === undefined)
          throw new CelError('could not parse formatting clause: unexpected end of string');
        if (next >= list.length) throw new CelError(`index ${next} out of range`);
        return clause(
          verb,
          list.at(next++),
          digits === undefined ? undefined : Math.min(Number(digits), 100),
          all,
        );
      },
    );
    return formatted;
  },
  cost: (text: string, list: CelList): number => 5 + 2 * text.length + 30 * list.length + 2 * weight(list),
};

function clause(verb: string, value: Value, digits: number | undefined, all: string): string {
  switch (verb) {
    case 's':
      return asText(value);
    case 'd':
      if (typeof value === 'bigint') return value.toString();
      if (value instanceof Uint) return value.value.toString();
      if (typeof value === 'number' && !Number.isFinite(value)) return asText(value);
      throw wrong(all, 'decimal clause can only be used on integers');
    case 'f':
      return number(value, all).toFixed(digits ?? 6);
    case 'e':
      return number(value, all)
        .toExponential(digits ?? 6)
        .replace(/e([+-])(\d)$/, 'e$10$2');
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      return integer(value, all).toString(2);
    case 'o':
      return integer(value, all).toString(8);
    case 'x':
      return hexadecimal(value, all);
    case 'X':
      return hexadecimal(value, all).toUpperCase();
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function hexadecimal(value: Value, all: string): string {
  if (typeof value === 'string' || value instanceof Uint8Array)
    return Buffer.from(value as string).toString('hex');
  return integer(value, all).toString(16);
}

function integer(value: Value, all: string): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return value.value;
  throw wrong(all, 'only integers can be written so');
}

function number(value: Value, all: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  throw wrong(all, 'only numbers can be written so');
}

function wrong(clauseText: string, why: string): CelError {
  return new CelError(`error during formatting: ${clauseText}: ${why}`);
}

function asText(value: Value): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return formatDouble(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
  }
  if (value instanceof Uint) return value.value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value instanceof Timestamp || value instanceof Duration) return value.toString();
  if (value instanceof TypeValue) return value.typeName;
  if (value instanceof CelList) return `[${value.toArray().map(asText).join(', ')}]`;
  if (value instanceof CelMap) {
    const entries = value.keys().map((key) => `${asText(key)}: ${asText(value.get(key) ?? null)}`);
    return `{${entries.toSorted().join(', ')}}`;
  }
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps`,
  );
}
