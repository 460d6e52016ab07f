import type { Pod } from '../../core/api/generated/core-v1.ts';
import { isObject, ownMember } from '../../core/machinery/json.ts';
import type { RegistryAuth } from '../runtime/runtime.ts';
import type { ConfigSource } from './environment.ts';
import { parseImageName } from './image-name.ts';

const dockerHub = 'docker.io';

/** The credentials a Pod's imagePullSecrets hold for the image's registry; undefined when there are none. */
export async function registryAuthFor(
  pod: Pod,
  image: string,
  config: ConfigSource,
): Promise<RegistryAuth | undefined> {
  const repository = parseImageName(image)?.repository;
  if (repository === undefined) return undefined;
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    const secret = await config.secret(pod.metadata.namespace ?? '', name ?? '');
    const data = secret?.data ?? {};
    const auth =
      match(decode(data['.dockerconfigjson']), repository, 'auths') ??
      match(decode(data['.dockercfg']), repository, undefined);
    if (auth !== undefined) return auth;
  }
  return undefined;
}

function decode(base64: string | undefined): unknown {
  if (base64 === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** The longest entry that names the image's registry, or a path in it. */
function match(config: unknown, repository: string, member: string | undefined): RegistryAuth | undefined {
  if (!isObject(config)) return undefined;
  const auths = member === undefined ? config : ownMember(config, member);
  if (!isObject(auths)) return undefined;
  const wanted = qualified(repository);
  const fitting = Object.keys(auths)
    .map((key) => ({ key, path: registryPath(key) }))
    .filter(({ path }) => wanted === path || wanted.startsWith(`${path}/`))
    .sort((a, b) => b.path.length - a.path.length);
  for (const { key } of fitting) {
    const auth = credentials(ownMember(auths, key), key);
    if (auth !== undefined) return auth;
  }
  return undefined;
}

function credentials(entry: unknown, serverAddress: string): RegistryAuth | undefined {
  if (!isObject(entry)) return undefined;
  const { auth } = entry;
  let { username, password } = entry;
  if (typeof auth === 'string' && auth !== '') {
    const [name, ...rest] = Buffer.from(auth, 'base64').toString('utf8').split(':');
    username = name;
    password = rest.join(':');
  }
  return typeof username === 'string' && typeof password === 'string'
    ? { username, password, serverAddress }
    : undefined;
}

/** "busybox" is "docker.io/library/busybox". */
function qualified(repository: string): string {
  const [first = '', ...rest] = repository.split('/');
  if (rest.length === 0) return `${dockerHub}/library/${first}`;
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  return isHost ? repository : `${dockerHub}/${repository}`;
}

/** Entries are written as hosts, with paths, or as the URLs of old. */
function registryPath(key: string): string {
  const path = key
    .replace(/^https?:\/\//, '')
    .replace(/\/(v1|v2)\/?$/, '')
    .replace(/\/+$/, '');
  return path === 'index.docker.io' || path === 'registry-1.docker.io' ? dockerHub : path;
}
