import { alteredInteger } from './integers.ts';

/** A JSON object as the parser made it: its keys are its own, its values are JSON values. */
export type JsonObject = Readonly<Record<string, unknown>>;

export interface ParseLimits {
  /** Bytes of the text; 3 MiB unless given, upstream's limit of a request body. */
  readonly maxBytes?: number;
  /** Levels of nesting; 512 unless given. Far above any real object, far below what overflows a stack. */
  readonly maxDepth?: number;
}

/** The text is not JSON, or more of it than allowed. */
export class JsonParseError extends Error {
  override readonly name = 'JsonParseError';
}

const defaultMaxBytes = 3 * 1024 * 1024;
const defaultMaxDepth = 512;

/**
 * Parses JSON from an untrusted source. A member called "__proto__" is refused: as a plain property it would
 * be read correctly here and change prototypes wherever code later copies it. So is an integer of 64 bits that a double
 * cannot hold: another number would be stored than was sent.
 * @throws JsonParseError
 */
export function parseJson(source: Uint8Array | string, limits: ParseLimits = {}): unknown {
  const { maxBytes = defaultMaxBytes, maxDepth = defaultMaxDepth } = limits;
  if (source.length > maxBytes) {
    throw new JsonParseError(`Cannot parse JSON of ${source.length} bytes: the limit is ${maxBytes}`);
  }
  const text = typeof source === 'string' ? source : decode(source);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JsonParseError(`Cannot parse JSON: ${withoutExcerpt((cause as Error).message)}`, { cause });
  }
  // V8 parses without recursion, so the depth can be checked on the result.
  checkValue(value, maxDepth);
  const altered = alteredInteger(text);
  if (altered !== undefined)
    throw new JsonParseError(`Cannot parse JSON: the integer ${altered} cannot be kept exactly`);
  return value;
}

/** True for objects, false for arrays, null and scalars. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object's own member, never something inherited such as "constructor". */
export function ownMember(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Equality of JSON values: the order of members does not count; an undefined member counts as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!deepEqual(a[i], b[i])) return false;
    return true;
  }
  if (!isObject(a) || !isObject(b)) return false;
  let members = 0;
  for (const key in a) {
    if (a[key] === undefined) continue;
    members++;
    if (!Object.hasOwn(b, key) || !deepEqual(a[key], b[key])) return false;
  }
  for (const key in b) if (b[key] !== undefined) members--;
  return members === 0;
}

/** Freezes a value and all within it: shared objects are read-only, and tests find out who forgets. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}

/** JSON with the members of every object sorted by key: equal values give equal text. */
export function canonicalStringify(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalStringify(item ?? null)).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalStringify(value[key])}`);
  return `{${members.join(',')}}`;
}

/** "spec.containers[0].image"; keys that are no identifiers are quoted: `metadata.labels["a/b"]`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The steps of a path that `formatPath` wrote. Never fails: what it cannot make out becomes a step as it stands. */
export function parsePath(text: string): (string | number)[] {
  const steps: (string | number)[] = [];
  for (const [, name, index, quoted] of text.matchAll(/\.?([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)) {
    if (index !== undefined) steps.push(Number(index));
    else steps.push(quoted === undefined ? (name as string) : (JSON.parse(quoted) as string));
  }
  return steps;
}

/** Whether objects and lists stand in one another more than `maxDepth` levels deep. */
export function exceedsDepth(value: unknown, maxDepth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (maxDepth === 0) return true;
  for (const key in value) if (exceedsDepth((value as JsonObject)[key], maxDepth - 1)) return true;
  return false;
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function checkValue(value: unknown, depthLeft: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depthLeft === 0) throw new JsonParseError('Cannot parse JSON: it is nested too deeply');
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, depthLeft - 1);
    return;
  }
  for (const key in value) {
    if (key === '__proto__') throw new JsonParseError('Cannot parse JSON: a member is called "__proto__"');
    const member = (value as JsonObject)[key];
    if (typeof member === 'object') checkValue(member, depthLeft - 1);
  }
}

/** The engine quotes what stands around the mistake, which may be a password. */
function withoutExcerpt(message: string): string {
  return message.replace(/(?:, )?(?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '');
}
