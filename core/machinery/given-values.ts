import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';

/** The members of an object of a configuration; any that is not `known` is a problem, so that a misspelled rule is not a wider one. */
export function membersOf(
  value: unknown,
  at: string,
  known: readonly string[],
  problems: string[],
): JsonObject {
  if (!isObject(value)) {
    problems.push(`${at === '' ? 'the document' : at}: must be an object`);
    return {};
  }
  for (const name of Object.keys(value))
    if (!known.includes(name)) problems.push(`${at === '' ? name : `${at}.${name}`}: unknown field`);
  return value;
}

export function arrayOf(value: unknown, at: string, problems: string[]): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  problems.push(`${at}: must be a list`);
  return [];
}

export function textsOf(value: unknown, at: string, problems: string[]): readonly string[] {
  return arrayOf(value, at, problems).flatMap((one, index) => {
    if (typeof one === 'string') return [one];
    problems.push(`${at}[${index}]: must be a string`);
    return [];
  });
}

/** Undefined where nothing is given. */
export function textOf(value: unknown, at: string, problems: string[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  problems.push(`${at}: must be a string`);
  return undefined;
}

export function booleanOf(value: unknown, at: string, problems: string[]): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  problems.push(`${at}: must be true or false`);
  return undefined;
}
