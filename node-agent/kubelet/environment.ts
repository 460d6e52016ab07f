import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVar,
  Pod,
  Secret,
} from '../../core/api/generated/core-v1.ts';
import { envVarNameProblems } from '../../core/machinery/names.ts';
import { expand } from './expansion.ts';
import { podField, resourceField, type FieldContext } from './pod-fields.ts';

/** ConfigMaps and Secrets that a Pod names; undefined when there is none of that name. */
export interface ConfigSource {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}

/** A container cannot be configured: it waits with CreateContainerConfigError and this message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface EnvironmentContext extends FieldContext {
  readonly config: ConfigSource;
  /** Variables of Services, which all others override. */
  readonly serviceVariables: ReadonlyMap<string, string>;
}

/**
 * A container's environment, in order and final (upstream: makeEnvironmentVariables). Later ones override earlier
 * ones and may refer to them.
 * @throws {ConfigError}
 */
export async function environmentOf(
  pod: Pod,
  container: Container,
  context: EnvironmentContext,
): Promise<ReadonlyMap<string, string>> {
  const own = new Map<string, string>();
  for (const source of container.envFrom ?? []) await addAll(own, pod, source, context);
  const lookUp = (name: string) => own.get(name) ?? context.serviceVariables.get(name);
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, pod, container, context, lookUp);
    if (value !== undefined) own.set(variable.name, value);
  }
  for (const [name, value] of context.serviceVariables) if (!own.has(name)) own.set(name, value);
  return own;
}

/** Command and arguments with the environment's values in place of `$(NAME)`. */
export function expandedCommand(
  container: Container,
  environment: ReadonlyMap<string, string>,
): { command: readonly string[]; args: readonly string[] } {
  const resolve = (text: string) => expand(text, (name) => environment.get(name));
  return { command: (container.command ?? []).map(resolve), args: (container.args ?? []).map(resolve) };
}

async function addAll(
  into: Map<string, string>,
  pod: Pod,
  source: EnvFromSource,
  { config }: EnvironmentContext,
): Promise<void> {
  const namespace = pod.metadata.namespace ?? '';
  const { prefix = '', configMapRef, secretRef } = source;
  if (configMapRef !== undefined) {
    const found = await config.configMap(namespace, configMapRef.name ?? '');
    if (found === undefined && configMapRef.optional !== true) throw missing('configmap', configMapRef.name);
    addValid(into, prefix, found?.data ?? {});
  }
  if (secretRef !== undefined) {
    const found = await config.secret(namespace, secretRef.name ?? '');
    if (found === undefined && secretRef.optional !== true) throw missing('secret', secretRef.name);
    const decoded = Object.entries(found?.data ?? {}).map(([key, value]) => [key, decodeText(value)]);
    addValid(into, prefix, Object.fromEntries(decoded) as Record<string, string>);
  }
}

function addValid(into: Map<string, string>, prefix: string, data: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(data)) {
    const name = prefix + key;
    if (envVarNameProblems(name).length === 0) into.set(name, value);
  }
}

async function valueOf(
  variable: EnvVar,
  pod: Pod,
  container: Container,
  context: EnvironmentContext,
  lookUp: (name: string) => string | undefined,
): Promise<string | undefined> {
  const { value, valueFrom } = variable;
  if (value !== undefined && value !== '') return expand(value, lookUp);
  if (valueFrom === undefined) return '';
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  const namespace = pod.metadata.namespace ?? '';
  try {
    if (fieldRef !== undefined) return podField(pod, fieldRef.fieldPath, context);
    if (resourceFieldRef !== undefined) return resourceField(pod, container, resourceFieldRef, context);
  } catch (error) {
    throw new ConfigError((error as Error).message, { cause: error });
  }
  if (configMapKeyRef !== undefined) {
    const { name = '', key, optional = false } = configMapKeyRef;
    const found = await context.config.configMap(namespace, name);
    if (found === undefined) return absent(optional, () => missing('configmap', name));
    return (
      ownValue(found.data, key) ??
      absent(optional, () => new ConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`))
    );
  }
  if (secretKeyRef !== undefined) {
    const { name = '', key, optional = false } = secretKeyRef;
    const found = await context.config.secret(namespace, name);
    if (found === undefined) return absent(optional, () => missing('secret', name));
    const encoded = ownValue(found.data, key);
    return encoded === undefined
      ? absent(optional, () => new ConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`))
      : decodeText(encoded);
  }
  throw new ConfigError(`env variable "${variable.name}": its valueFrom names no source this agent knows`);
}

function absent(optional: boolean, error: () => ConfigError): undefined {
  if (!optional) throw error();
  return undefined;
}

function missing(what: 'configmap' | 'secret', name = ''): ConfigError {
  return new ConfigError(`${what} "${name}" not found`);
}

function ownValue(data: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
}

function decodeText(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
