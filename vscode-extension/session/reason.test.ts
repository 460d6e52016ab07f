import { expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { reasonOf } from './reason.ts';

test('a refusal is told with the fields it is about, unless it names them itself', () => {
  const causes = [
    { field: 'spec.replicas', message: 'must not be negative' },
    { field: 'spec.template', message: 'is required' },
  ];
  const refused = new StatusError('Invalid', 'web is invalid: spec.template is required', { causes });
  expect(reasonOf(refused)).toBe(
    'web is invalid: spec.template is required\nspec.replicas: must not be negative',
  );
});

test('what was given up is told with why', () => {
  const gaveUp = (cause: unknown) =>
    reasonOf(new StatusError('Timeout', 'Cannot get pods: the request was cancelled', { cause }));
  expect(gaveUp(new Error('the connection to "dev" was closed'))).toBe(
    'Cannot get pods: the request was cancelled: the connection to "dev" was closed',
  );
  expect(gaveUp(undefined)).toBe('Cannot get pods: the request was cancelled');
  const transport = Object.assign(new Error('4 DEADLINE_EXCEEDED'), { code: 4, details: 'too late' });
  expect(gaveUp(transport)).toBe('Cannot get pods: the request was cancelled');
});

test('what is no error of the server is told as it is, and harmless', () => {
  expect(reasonOf(new Error('bad \u001b[2Jbase64'))).toBe('bad base64');
  expect(reasonOf('gone')).toBe('gone');
});
