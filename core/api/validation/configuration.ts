import { deepEqual } from '../../machinery/json.ts';
import { configMapKeyProblems } from '../../machinery/names.ts';
import type { ConfigMap, Secret } from '../generated/core-v1.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidEach, invalidValue, required, tooLong } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateImmutable } from './object-meta.ts';

/** The most that the values of a ConfigMap or Secret may take together. */
const maxDataBytes = 1024 * 1024;

type Values = Readonly<Record<string, string>>;

/** ValidateConfigMap. */
export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): Errors {
  const path = FieldPath.root.child('data');
  const binaryPath = FieldPath.root.child('binaryData');
  const errors: Errors = [];
  let totalBytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...invalidEach(path.key(key), key, configMapKeyProblems(key)));
    if (Object.hasOwn(binaryData, key))
      errors.push(invalidValue(path.key(key), key, 'duplicate of key present in binaryData'));
    totalBytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...invalidEach(binaryPath.key(key), key, configMapKeyProblems(key)));
    totalBytes += base64Bytes(value);
  }
  if (totalBytes > maxDataBytes) errors.push(tooLong(FieldPath.root, maxDataBytes));
  return errors;
}

/** ValidateConfigMapUpdate: `immutable` is for good. */
export function validateConfigMapUpdate(configMap: ConfigMap, old: ConfigMap): Errors {
  return validateFrozen(configMap, old, ['data', 'binaryData']);
}

/** Types whose data must have some form (pkg/apis/core/types.go). */
const typeChecks: Readonly<Record<string, (secret: Secret) => Errors>> = {
  'kubernetes.io/service-account-token': ({ metadata }) => {
    const annotation = 'kubernetes.io/service-account.name';
    const name = metadata.annotations?.[annotation] ?? '';
    return name === '' ? [required(FieldPath.metadata.child('annotations').key(annotation))] : [];
  },
  'kubernetes.io/dockercfg': ({ data }) => jsonData(data, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': ({ data }) => jsonData(data, '.dockerconfigjson'),
  'kubernetes.io/basic-auth': ({ data }) => {
    if (data?.['username'] !== undefined || data?.['password'] !== undefined) return [];
    return [required(dataPath.key('username')), required(dataPath.key('password'))];
  },
  'kubernetes.io/ssh-auth': ({ data }) =>
    (data?.['ssh-privatekey'] ?? '') === '' ? [required(dataPath.key('ssh-privatekey'))] : [],
  'kubernetes.io/tls': ({ data }) =>
    ['tls.crt', 'tls.key']
      .filter((key) => data?.[key] === undefined)
      .map((key) => required(dataPath.key(key))),
};

const dataPath = FieldPath.root.child('data');

/** ValidateSecret. Values never appear in errors. */
export function validateSecret(secret: Secret): Errors {
  const errors: Errors = [];
  let totalBytes = 0;
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    errors.push(...invalidEach(dataPath.key(key), key, configMapKeyProblems(key)));
    totalBytes += base64Bytes(value);
  }
  if (totalBytes > maxDataBytes) errors.push(tooLong(dataPath, maxDataBytes));
  return [...errors, ...(typeChecks[secret.type ?? '']?.(secret) ?? [])];
}

/** ValidateSecretUpdate. */
export function validateSecretUpdate(secret: Secret, old: Secret): Errors {
  return [
    ...validateImmutable(secret.type, old.type, FieldPath.root.child('type')),
    ...validateFrozen(secret, old, ['data']),
  ];
}

function validateFrozen<T extends { readonly immutable?: boolean | undefined }>(
  object: T,
  old: T,
  members: readonly (keyof T & string)[],
): Errors {
  if (old.immutable !== true) return [];
  const errors: Errors = [];
  const text = 'field is immutable when `immutable` is set';
  if (object.immutable !== true) errors.push(forbiddenField(FieldPath.root.child('immutable'), text));
  for (const name of members)
    if (!deepEqual(object[name] ?? {}, old[name] ?? {}))
      errors.push(forbiddenField(FieldPath.root.child(name), text));
  return errors;
}

function jsonData(data: Values | undefined, key: string): Errors {
  const value = data?.[key];
  if (value === undefined) return [required(dataPath.key(key))];
  try {
    JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    return [];
  } catch {
    return [invalidValue(dataPath.key(key), '<secret contents redacted>', 'invalid JSON')];
  }
}

function base64Bytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length * 3) / 4 - padding;
}
