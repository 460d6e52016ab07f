import type { FieldError, FieldErrorReason } from '../errors.ts';
import type { FieldPath } from './field-path.ts';

/** The errors of validators, in upstream's words (apimachinery/pkg/util/validation/field/errors.go). */
export function required(path: FieldPath, detail = ''): FieldError {
  return error(path, 'FieldValueRequired', detail === '' ? 'Required value' : `Required value: ${detail}`);
}

export function invalidValue(path: FieldPath, value: unknown, detail: string): FieldError {
  return error(path, 'FieldValueInvalid', `Invalid value: ${shown(value)}: ${detail}`);
}

export function wrongType(path: FieldPath, value: unknown, detail: string): FieldError {
  return error(path, 'FieldValueTypeInvalid', `Invalid value: ${shown(value)}: ${detail}`);
}

export function notSupported(path: FieldPath, value: unknown, supported: readonly string[]): FieldError {
  const values = supported.map((text) => JSON.stringify(text)).join(', ');
  const message = `Unsupported value: ${shown(value)}${values === '' ? '' : `: supported values: ${values}`}`;
  return error(path, 'FieldValueNotSupported', message);
}

export function duplicate(path: FieldPath, value: unknown): FieldError {
  return error(path, 'FieldValueDuplicate', `Duplicate value: ${shown(value)}`);
}

export function forbiddenField(path: FieldPath, detail: string): FieldError {
  return error(path, 'FieldValueForbidden', `Forbidden: ${detail}`);
}

export function tooLong(path: FieldPath, maxBytes: number): FieldError {
  return error(path, 'FieldValueTooLong', `Too long: may not be more than ${maxBytes} bytes`);
}

export function tooMany(path: FieldPath, actual: number, max: number): FieldError {
  const items = max === 1 ? 'item' : 'items';
  return error(path, 'FieldValueTooMany', `Too many: ${actual}: must have at most ${max} ${items}`);
}

export function fieldNotFound(path: FieldPath, value: unknown): FieldError {
  return error(path, 'FieldValueNotFound', `Not found: ${shown(value)}`);
}

/** An "Invalid value" for each problem with a name or a format. */
export function invalidEach(path: FieldPath, value: unknown, problems: readonly string[]): FieldError[] {
  return problems.map((problem) => invalidValue(path, value, problem));
}

/** A value as an error quotes it: long ones are cut, so that an error never carries a megabyte back. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? quoted(value) : (JSON.stringify(value) ?? 'null');
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

const maxShown = 400;

function quoted(text: string): string {
  return JSON.stringify(text.length > maxShown ? `${text.slice(0, maxShown)}…` : text);
}

function error(path: FieldPath, reason: FieldErrorReason, message: string): FieldError {
  return { field: path.toString(), reason, message };
}
