import { parseDurationMs } from './duration.ts';
import { isQuantity } from './quantity.ts';
import type { ScalarType } from './schema.ts';

/** What is wrong with a scalar: of the wrong JSON type, or of the right one in a wrong form. */
export interface ScalarProblem {
  readonly reason: 'type' | 'format';
  readonly message: string;
}

const timestamp = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const base64 = /^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/;

/** Checks a value that is neither null nor absent. */
export function scalarProblem(type: ScalarType, value: unknown): ScalarProblem | undefined {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? undefined : wrongType('a string', value);
    case 'bool':
      return typeof value === 'boolean' ? undefined : wrongType('true or false', value);
    case 'int32':
      return integerProblem(value, -(2 ** 31), 2 ** 31 - 1);
    case 'int64':
      return integerProblem(value, -(2 ** 63), 2 ** 63);
    case 'double':
      return typeof value === 'number' ? undefined : wrongType('a number', value);
    case 'int-or-string':
      return typeof value === 'string'
        ? undefined
        : integerProblem(value, -(2 ** 31), 2 ** 31 - 1, ' or a string');
    case 'quantity':
      if (typeof value !== 'string' && typeof value !== 'number')
        return wrongType('a quantity such as "100m" or "1Gi"', value);
      return isQuantity(value) ? undefined : wrongForm('must be a quantity such as "100m" or "1Gi"');
    default:
      if (typeof value !== 'string') return wrongType('a string', value);
      return textProblem(type, value);
  }
}

function textProblem(
  type: 'bytes' | 'date-time' | 'micro-time' | 'duration',
  text: string,
): ScalarProblem | undefined {
  switch (type) {
    case 'bytes':
      return base64.test(text) && text.replace(/[\r\n]/g, '').length % 4 === 0
        ? undefined
        : wrongForm('must be base64 with padding');
    case 'duration':
      return isDuration(text) ? undefined : wrongForm('must be a duration such as "1h30m"');
    default:
      return timestamp.test(text) && !Number.isNaN(Date.parse(text.toUpperCase()))
        ? undefined
        : wrongForm('must be a time such as "2030-01-31T23:59:59Z"');
  }
}

/** Describes a value in a message, a long one shortened: `the number 5`, `the string "abc"`, `a list`. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the string ${JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value)}`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `the boolean ${value}`;
    default:
      return 'an object';
  }
}

function integerProblem(value: unknown, min: number, max: number, orElse = ''): ScalarProblem | undefined {
  if (typeof value !== 'number') return wrongType(`an integer${orElse}`, value);
  if (!Number.isInteger(value)) return wrongType(`an integer${orElse}`, value);
  return value >= min && value <= max ? undefined : wrongForm(`must be between ${min} and ${max}`);
}

function isDuration(text: string): boolean {
  if (text.length > 64) return false;
  try {
    parseDurationMs(text);
    return true;
  } catch {
    return false;
  }
}

function wrongType(wanted: string, value: unknown): ScalarProblem {
  const wantsString = wanted === 'a string';
  const hint =
    wantsString && (typeof value === 'number' || typeof value === 'boolean') ? ': put quotes around it' : '';
  return { reason: 'type', message: `must be ${wanted}, not ${describeValue(value)}${hint}` };
}

function wrongForm(message: string): ScalarProblem {
  return { reason: 'format', message };
}
