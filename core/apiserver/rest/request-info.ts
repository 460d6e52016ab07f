import type { IncomingMessage } from 'node:http';
import { badRequest } from '../../api/errors.ts';
import type { CollectionTarget } from '../../api/verbs.ts';

/** What a path of the API names (upstream: endpoints/request/requestinfo.go). */
export type RequestPath =
  | { readonly kind: 'root' }
  /** "/api" or "/apis". */
  | { readonly kind: 'groups'; readonly prefix: 'api' | 'apis' }
  /** "/apis/GROUP". */
  | { readonly kind: 'group'; readonly group: string }
  /** "/api/v1" or "/apis/GROUP/VERSION". */
  | { readonly kind: 'group-version'; readonly group: string; readonly version: string }
  | {
      readonly kind: 'resource';
      readonly target: CollectionTarget;
      readonly name: string | undefined;
      /** What follows the subresource, as in `pods/web/proxy/index.html`; "" for none. */
      readonly rest: string;
      /** The deprecated "/watch/" form of a collection. */
      readonly watch: boolean;
    }
  | { readonly kind: 'other'; readonly path: string };

/**
 * Throws BadRequest for what no address can be. Whatever begins with a slash is a path: one with two of them names no
 * other host.
 */
export function urlOf({ url = '/' }: Pick<IncomingMessage, 'url'>): URL {
  if (url.startsWith('/')) return new URL(`https://core${url}`);
  try {
    return new URL(url, 'https://core');
  } catch (cause) {
    throw badRequest(`the address ${JSON.stringify(url)} cannot be read`, { cause });
  }
}

/** Undefined where a part cannot be decoded. */
export function parsePath(path: string): RequestPath | undefined {
  const parts: string[] = [];
  try {
    const decoded = path.includes('%') ? decodeURIComponent : (part: string) => part;
    for (const part of path.split('/')) if (part !== '') parts.push(decoded(part));
  } catch {
    return undefined;
  }
  const [prefix] = parts;
  if (prefix === undefined) return { kind: 'root' };
  if (prefix !== 'api' && prefix !== 'apis') return { kind: 'other', path };
  if (parts.length === 1) return { kind: 'groups', prefix };
  if (prefix === 'apis' && parts.length === 2) return { kind: 'group', group: parts[1] ?? '' };
  const [group, version, ...rest] = prefix === 'api' ? ['', ...parts.slice(1)] : parts.slice(1);
  if (group === undefined || version === undefined) return undefined;
  if (rest.length === 0) return { kind: 'group-version', group, version };
  return resourcePath(group, version, rest);
}

function resourcePath(group: string, version: string, parts: readonly string[]): RequestPath {
  const watch = parts[0] === 'watch' && parts.length > 1;
  const words = watch ? parts.slice(1) : parts;
  // "namespaces/NAME/…" is the namespace of what follows, unless what follows is a subresource of the namespace.
  const scoped =
    words[0] === 'namespaces' && words.length > 2 && !['status', 'finalize'].includes(words[2] ?? '');
  const namespace = scoped ? words[1] : undefined;
  const [resource = '', name, subresource, ...rest] = scoped ? words.slice(2) : words;
  const target: CollectionTarget = {
    group,
    version,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return { kind: 'resource', target, name, rest: rest.join('/'), watch };
}
