import type { FieldError } from '../errors.ts';
import { invalidValue, notSupported, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

/** Checks of several kinds; each returns what is wrong, an empty list when nothing is. */
export type Errors = FieldError[];

export const notNegative = 'must be greater than or equal to 0';
export const positive = 'must be greater than 0';

export function checkNotNegative(value: number | undefined, path: FieldPath): Errors {
  return value !== undefined && value < 0 ? [invalidValue(path, value, notNegative)] : [];
}

export function checkBetween(value: number | undefined, low: number, high: number, path: FieldPath): Errors {
  if (value === undefined || (value >= low && value <= high)) return [];
  return [invalidValue(path, value, `must be between ${low} and ${high}, inclusive`)];
}

/** One of a closed set; what is absent is wrong only where it is required. */
export function checkOneOf(
  value: string | undefined,
  supported: readonly string[],
  path: FieldPath,
  { isRequired = false } = {},
): Errors {
  if (value === undefined || value === '') return isRequired ? [required(path)] : [];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

/** A name that must be there and well formed. */
export function checkName(
  value: string | undefined,
  problems: (value: string) => readonly string[],
  path: FieldPath,
): Errors {
  if (value === undefined || value === '') return [required(path)];
  return problems(value).map((problem) => invalidValue(path, value, problem));
}

/** As `checkName`, where it may be left out. */
export function checkFormat(
  value: string | undefined,
  problems: (value: string) => readonly string[],
  path: FieldPath,
): Errors {
  return value === undefined || value === '' ? [] : checkName(value, problems, path);
}

export function checkEach<T>(
  items: readonly T[] | undefined,
  path: FieldPath,
  check: (item: T, path: FieldPath) => Errors,
): Errors {
  if (items === undefined) return [];
  return items.flatMap((item, index) => check(item, path.index(index)));
}

/** A path below some folder: no way out of it (validateLocalDescendingPath). */
export function checkDescendingPath(value: string, path: FieldPath): Errors {
  if (value.startsWith('/')) return [invalidValue(path, value, 'must be a relative path')];
  return checkNoBacksteps(value, path);
}

export function checkNoBacksteps(value: string, path: FieldPath): Errors {
  return value.split('/').includes('..') ? [invalidValue(path, value, "must not contain '..'")] : [];
}
