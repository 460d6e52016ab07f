import type { UserInfo } from '../../api/verbs.ts';
import { unauthorized } from './identity.ts';

/** What a proxy says by which header; upstream's flags --requestheader-*. */
export interface RequestHeaderNames {
  /** The first of them that says something names the user. */
  readonly username: readonly string[];
  readonly uid: readonly string[];
  /** What any of them says is a group. */
  readonly group: readonly string[];
  /** What follows it in a header's name is the key of an extra. */
  readonly extraPrefix: readonly string[];
}

/** What kubeadm sets, and what extension servers expect of an aggregator. */
export const standardRequestHeaders: RequestHeaderNames = {
  username: ['X-Remote-User'],
  uid: ['X-Remote-Uid'],
  group: ['X-Remote-Group'],
  extraPrefix: ['X-Remote-Extra-'],
};

/** A header of a request, its name in lower case; a header that is given twice is there twice. */
export type HeaderLine = readonly [name: string, value: string];

/** Reads who a user is from a proxy's headers (upstream: authentication/request/headerrequest). Believes everybody. */
export class RequestHeaders {
  readonly #names: RequestHeaderNames;
  readonly #identifying: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  constructor(names: RequestHeaderNames) {
    const lower = (list: readonly string[]) => list.map((name) => name.toLowerCase());
    const { username, uid, group, extraPrefix } = standardRequestHeaders;
    this.#names = {
      username: lower(names.username),
      uid: lower(names.uid),
      group: lower(names.group),
      extraPrefix: lower(names.extraPrefix),
    };
    this.#identifying = new Set([
      ...lower([...username, ...uid, ...group]),
      ...this.#names.username,
      ...this.#names.uid,
      ...this.#names.group,
    ]);
    this.#prefixes = [...new Set([...lower(extraPrefix), ...this.#names.extraPrefix])];
  }

  /** Whether a header says who somebody is, whoever sends it: those of the standard always do. */
  identifies(name: string): boolean {
    return this.#identifying.has(name) || this.#prefixes.some((prefix) => name.startsWith(prefix));
  }

  /** Undefined where the headers name nobody. */
  userOf(lines: readonly HeaderLine[]): UserInfo | undefined {
    const { username, uid: uidHeaders, group, extraPrefix } = this.#names;
    const first = (names: readonly string[]) =>
      names.map((wanted) => lines.find(([name]) => name === wanted)?.[1] ?? '').find((value) => value !== '');
    const name = first(username);
    if (name === undefined) return undefined;
    const uid = first(uidHeaders);
    const groups = group.flatMap((wanted) =>
      lines.filter(([header, value]) => header === wanted && value !== '').map(([, value]) => value),
    );
    const extra = extrasOf(lines, extraPrefix);
    return {
      name,
      ...(uid === undefined ? {} : { uid }),
      groups: withAuthenticated(name, groups),
      ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
    };
  }
}

function extrasOf(
  lines: readonly HeaderLine[],
  prefixes: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const extra = new Map<string, string[]>();
  for (const prefix of prefixes)
    for (const [name, value] of lines) {
      if (!name.startsWith(prefix)) continue;
      const key = unescaped(name.slice(prefix.length));
      const values = extra.get(key) ?? [];
      values.push(value);
      extra.set(key, values);
    }
  return extra;
}

/** A header's key may carry any text, percent-encoded; what is not encoded well stands for itself. */
export function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Upstream: authentication/group/authenticated_group_adder.go. */
function withAuthenticated(name: string, groups: readonly string[]): readonly string[] {
  const [authenticated, unauthenticated] = ['system:authenticated', 'system:unauthenticated'];
  if (name === 'system:anonymous' || groups.includes(authenticated) || groups.includes(unauthenticated))
    return groups;
  return [...groups, authenticated];
}

/** Headers as Node has them raw: bytes of UTF-8, one pair after another. */
export function linesOf(raw: readonly string[]): readonly HeaderLine[] {
  const lines: HeaderLine[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2)
    lines.push([raw[i]!.toLowerCase(), Buffer.from(raw[i + 1]!, 'latin1').toString('utf8')]);
  return lines;
}

/**
 * gRPC's metadata: values of names that end in -bin are bytes of UTF-8. A text that was sent twice arrives as one with
 * a comma, so whoever says two groups, or has a comma to say, says it in bytes: no name can be taken for two. Keys with
 * escapes are no names of metadata; gRPC leaves them out.
 */
export function linesOfMetadata(
  metadata: Readonly<Record<string, readonly (string | Buffer)[]>>,
  headers: RequestHeaders,
): readonly HeaderLine[] {
  return Object.entries(metadata).flatMap(([key, values]) => {
    const name = key.endsWith(binary) ? key.slice(0, -binary.length) : key;
    if (!headers.identifies(name)) return [];
    return values.map((value): HeaderLine => {
      if (typeof value !== 'string') return [name, value.toString('utf8')];
      if (value.includes(',')) throw unauthorized();
      return [name, value];
    });
  });
}

const binary = '-bin';
