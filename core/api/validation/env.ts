import { configMapKeyProblems, dns1123SubdomainProblems, envVarNameProblems } from '../../machinery/names.ts';
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../generated/core-v1.ts';
import { checkFormat, checkName } from './common.ts';
import type { Errors } from './common.ts';
import { invalidValue, notSupported, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

/** A variable of a container's environment (ValidateEnv). */
export function validateEnvVar({ name, value, valueFrom }: EnvVar, path: FieldPath): Errors {
  const errors = checkName(name, envVarNameProblems, path.child('name'));
  if (valueFrom !== undefined) errors.push(...validateSource(valueFrom, value, path.child('valueFrom')));
  return errors;
}

const sourceNames = [
  'fieldRef',
  'resourceFieldRef',
  'configMapKeyRef',
  'secretKeyRef',
  'fileKeyRef',
] as const;

function validateSource(source: EnvVarSource, value: string | undefined, path: FieldPath): Errors {
  const errors: Errors = [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  if (fieldRef !== undefined) errors.push(...validateFieldRef(fieldRef, envFields, path.child('fieldRef')));
  if (resourceFieldRef !== undefined)
    errors.push(
      ...validateResourceFieldRef(resourceFieldRef, { volume: false }, path.child('resourceFieldRef')),
    );
  if (configMapKeyRef !== undefined)
    errors.push(...validateKeyRef(configMapKeyRef, path.child('configMapKeyRef')));
  if (secretKeyRef !== undefined) errors.push(...validateKeyRef(secretKeyRef, path.child('secretKeyRef')));
  const given = sourceNames.filter((name) => source[name] !== undefined);
  if (given.length === 0) {
    const text =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalidValue(path, '', text));
  } else if (value !== undefined && value !== '') {
    errors.push(invalidValue(path, '', 'may not be specified when `value` is not empty'));
  } else if (given.length > 1) {
    errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

function validateKeyRef({ name, key }: { name?: string | undefined; key: string }, path: FieldPath): Errors {
  return [
    ...checkName(name, dns1123SubdomainProblems, path.child('name')),
    ...checkName(key, configMapKeyProblems, path.child('key')),
  ];
}

const envFields: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);

export const volumeFields: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.uid',
]);

const knownFields: ReadonlySet<string> = new Set([...envFields, ...volumeFields]);

/** A field of the Pod, or one label or annotation of it (validateObjectFieldSelector). */
export function validateFieldRef(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  allowed: ReadonlySet<string>,
  path: FieldPath,
): Errors {
  if (apiVersion === undefined || apiVersion === '') return [required(path.child('apiVersion'))];
  const at = path.child('fieldPath');
  if (fieldPath === '') return [required(at)];
  const subscript = /^(metadata\.(?:labels|annotations))\['([^']+)'\]$/.exec(fieldPath);
  if (subscript !== null) return [];
  if (!knownFields.has(fieldPath))
    return [
      invalidValue(at, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`),
    ];
  return allowed.has(fieldPath) ? [] : [notSupported(at, fieldPath, [...allowed].sort())];
}

const containerResources: readonly string[] = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

/** A resource of a container. A volume belongs to no container, so there its name is needed. */
export function validateResourceFieldRef(
  { containerName, resource, divisor }: ResourceFieldSelector,
  { volume }: { readonly volume: boolean },
  path: FieldPath,
): Errors {
  if (volume && (containerName === undefined || containerName === ''))
    return [required(path.child('containerName'))];
  if (resource === '') return [required(path.child('resource'))];
  if (!containerResources.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource))
    return [notSupported(path.child('resource'), resource, containerResources)];
  return validateDivisor(resource, divisor ?? '0', path.child('divisor'));
}

const divisors: Readonly<Record<string, readonly string[]>> = {
  cpu: ['1m', '1'],
  memory: ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
};

function validateDivisor(resource: string, divisor: string, path: FieldPath): Errors {
  if (divisor === '0') return [];
  const kind = resource.endsWith('.cpu') ? 'cpu' : 'memory';
  if (divisors[kind]?.includes(divisor) === true) return [];
  const text = `only divisor's values ${divisors[kind]?.join(', ')} are supported with the ${kind} resource`;
  return [invalidValue(path, divisor, text)];
}

/** All keys of a ConfigMap or Secret as variables (ValidateEnvFrom). */
export function validateEnvFrom({ prefix, configMapRef, secretRef }: EnvFromSource, path: FieldPath): Errors {
  const errors = checkFormat(prefix, envVarNameProblems, path.child('prefix'));
  if (configMapRef !== undefined)
    errors.push(
      ...checkName(configMapRef.name, dns1123SubdomainProblems, path.child('configMapRef').child('name')),
    );
  if (secretRef !== undefined)
    errors.push(
      ...checkName(secretRef.name, dns1123SubdomainProblems, path.child('secretRef').child('name')),
    );
  if (configMapRef === undefined && secretRef === undefined)
    errors.push(invalidValue(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
  else if (configMapRef !== undefined && secretRef !== undefined)
    errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'));
  return errors;
}
