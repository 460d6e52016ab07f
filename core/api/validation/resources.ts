import { qualifiedNameProblems } from '../../machinery/names.ts';
import { Quantity } from '../../machinery/quantity.ts';
import type { ResourceRequirements } from '../generated/core-v1.ts';
import { notNegative } from './common.ts';
import type { Errors } from './common.ts';
import { invalidEach, invalidValue, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

const standardForContainers: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** What a container asks for and may use (ValidateContainerResourceRequirements). */
export function validateResources(resources: ResourceRequirements | undefined, path: FieldPath): Errors {
  if (resources === undefined) return [];
  const { limits = {}, requests = {} } = resources;
  const [limitsPath, requestsPath] = [path.child('limits'), path.child('requests')];
  const errors: Errors = [];
  for (const [name, limit] of Object.entries(limits))
    errors.push(...validateResource(name, limit, limitsPath.key(name)));
  for (const [name, request] of Object.entries(requests)) {
    errors.push(...validateResource(name, request, requestsPath.key(name)));
    errors.push(...compareWithLimit(name, request, limits[name], requestsPath, limitsPath));
  }
  return errors;
}

function compareWithLimit(
  name: string,
  request: string,
  limit: string | undefined,
  requestsPath: FieldPath,
  limitsPath: FieldPath,
): Errors {
  // Canonical texts: the same amount is the same text.
  if (request === limit) return [];
  const overcommits = isNative(name) && !name.startsWith('hugepages-');
  if (limit === undefined)
    return overcommits ? [] : [required(limitsPath, 'Limit must be set for non overcommitable resources')];
  if (!overcommits)
    return [invalidValue(requestsPath, request, `must be equal to ${name} limit of ${limit}`)];
  if (Quantity.parse(request).compare(Quantity.parse(limit)) <= 0) return [];
  return [invalidValue(requestsPath, request, `must be less than or equal to ${name} limit of ${limit}`)];
}

function validateResource(name: string, quantity: string, path: FieldPath): Errors {
  return [...validateResourceName(name, path), ...validateResourceQuantity(name, quantity, path)];
}

export function validateResourceName(name: string, path: FieldPath): Errors {
  if (standardForContainers.has(name)) return [];
  const errors = invalidEach(path, name, qualifiedNameProblems(name));
  if (errors.length > 0 || name.includes('/') || name.startsWith('hugepages-')) return errors;
  return [
    invalidValue(path, name, 'must be a standard resource type or fully qualified'),
    invalidValue(path, name, 'must be a standard resource for containers'),
  ];
}

export function validateResourceQuantity(name: string, text: string, path: FieldPath): Errors {
  if (text.startsWith('-')) return [invalidValue(path, text, notNegative)];
  // Devices and the like come whole.
  if (isNative(name) || /^\d+[kMGTPE]?i?$/.test(text) || Quantity.parse(text).toMilli() % 1000 === 0)
    return [];
  return [invalidValue(path, text, 'must be an integer')];
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}
