import { deepEqual, exceedsDepth, isObject } from '../../machinery/json.ts';
import type { JsonObject } from '../../machinery/json.ts';

/** What is merged of an OpenAPI 2 document. */
export interface OpenApi2Document {
  readonly paths: JsonObject;
  readonly definitions: JsonObject;
}

const reference = '#/definitions/';
const deepest = 200;

/** Of another server's document, the paths below "/apis/GROUP/VERSION" and what they refer to. Throws where it is none. */
export function readOpenApi2(body: Buffer, group: string, version: string): OpenApi2Document {
  const value: unknown = JSON.parse(body.toString('utf8'));
  if (!isObject(value) || value['swagger'] !== '2.0' || !isObject(value['paths']))
    throw new Error('it is no OpenAPI 2 document');
  if (exceedsDepth(value, deepest)) throw new Error(`it is nested deeper than ${deepest}`);
  const prefix = `/apis/${group}/${version}/`;
  const own = Object.entries(value['paths']).filter(([path]) => path === prefix || path.startsWith(prefix));
  const paths = Object.fromEntries(own);
  const all = isObject(value['definitions']) ? value['definitions'] : {};
  // With those that no path refers to: clients find kinds by what their definitions say.
  const used = new Set(
    Object.keys(all).filter((name) => name !== '__proto__' && isOf(all[name], group, version)),
  );
  const waiting: unknown[] = [paths, ...[...used].map((name) => all[name])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    for (const name of referencesOf(next)) {
      if (used.has(name) || name === '__proto__' || !Object.hasOwn(all, name)) continue;
      used.add(name);
      waiting.push(all[name]);
    }
  return { paths, definitions: Object.fromEntries([...used].map((name) => [name, all[name]])) };
}

function isOf(definition: unknown, group: string, version: string): boolean {
  if (!isObject(definition)) return false;
  const kinds = definition['x-kubernetes-group-version-kind'];
  return (
    Array.isArray(kinds) &&
    kinds.some((kind) => isObject(kind) && kind['group'] === group && kind['version'] === version)
  );
}

function referencesOf(value: unknown): string[] {
  const found: string[] = [];
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, member] of Object.entries(next)) {
      if (key === '$ref' && typeof member === 'string' && member.startsWith(reference))
        found.push(member.slice(reference.length));
      else if (member !== null) waiting.push(member);
    }
  }
  return found;
}

/** With what users' servers have; a definition that has another meaning there gets another name. */
export function withRemotePaths(local: object, remotes: readonly OpenApi2Document[]): object {
  if (remotes.length === 0) return local;
  const whole = local as { readonly paths: JsonObject; readonly definitions: JsonObject };
  const paths: Record<string, unknown> = { ...whole.paths };
  const definitions: Record<string, unknown> = { ...whole.definitions };
  for (const remote of remotes) {
    const names = new Map<string, string>();
    for (const [name, definition] of Object.entries(remote.definitions))
      names.set(name, nameFor(name, definition, definitions));
    for (const [name, definition] of Object.entries(remote.definitions))
      definitions[names.get(name) ?? name] = renamed(definition, names);
    for (const [path, item] of Object.entries(remote.paths)) paths[path] ??= renamed(item, names);
  }
  return { ...whole, paths, definitions };
}

function nameFor(name: string, definition: unknown, taken: Readonly<Record<string, unknown>>): string {
  let free = name;
  for (let number = 2; Object.hasOwn(taken, free) && !deepEqual(taken[free], definition); number++)
    free = `${name}_v${number}`;
  return free;
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key !== '$ref' || typeof member !== 'string' || !member.startsWith(reference))
        return [key, renamed(member, names)];
      const name = member.slice(reference.length);
      return [key, `${reference}${names.get(name) ?? name}`];
    }),
  );
}
