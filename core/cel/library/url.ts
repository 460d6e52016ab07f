import { traversal } from '../cost.ts';
import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Entries, Items, Opaque } from '../values.ts';
import type { Value } from '../values.ts';

class UrlValue extends Opaque {
  readonly typeName = 'kubernetes.URL';
  readonly parts: Parts;

  constructor(parts: Parts) {
    super();
    this.parts = parts;
  }

  override equals(other: UrlValue): boolean {
    return JSON.stringify(this.parts) === JSON.stringify(other.parts);
  }
}

interface Parts {
  readonly scheme: string;
  /** With its port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

const read = (text: string) => 20 + 10 * traversal(text.length);
const type = 'kubernetes.URL';

/** URLs, absolute or a path from the root (apiserver/pkg/cel/library/urls.go). */
export const urlFunctions: readonly Overload[] = [
  overload(
    `url(string): ${type}`,
    (text: string) => {
      const parts = parse(text);
      if (parts === undefined)
        throw new CelError(
          `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
        );
      return new UrlValue(parts);
    },
    read,
  ),
  overload('isURL(string): bool', (text: string) => parse(text) !== undefined, read),
  overload(`${type}.getScheme(): string`, ({ parts }: UrlValue) => parts.scheme),
  overload(`${type}.getHost(): string`, ({ parts }: UrlValue) => parts.host),
  overload(`${type}.getHostname(): string`, ({ parts }: UrlValue) =>
    parts.host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'),
  ),
  overload(`${type}.getPort(): string`, ({ parts }: UrlValue) => /:(\d*)$/.exec(parts.host)?.[1] ?? ''),
  overload(`${type}.getEscapedPath(): string`, ({ parts }: UrlValue) => parts.path),
  overload(
    `${type}.getQuery(): map<string, list<string>>`,
    ({ parts }: UrlValue) => {
      const values = new Map<string, string[]>();
      for (const [key, value] of new URLSearchParams(parts.query)) {
        const known = values.get(key);
        if (known === undefined) values.set(key, [value]);
        else known.push(value);
      }
      return new Entries([...values].map(([key, list]): [Value, Value] => [key, new Items(list)]));
    },
    ({ parts }: UrlValue) => 30 + 6 * parts.query.length,
  ),
];

/** As Go's url.ParseRequestURI splits it: nothing is put into another form. */
function parse(text: string): Parts | undefined {
  // oxlint-disable-next-line no-control-regex
  if (text === '' || /[\u0000-\u0020\u007f]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/s.exec(text);
  if (match === null) return undefined;
  const [, scheme = '', authority, path = '', query = ''] = match;
  if (scheme === '' && (authority !== undefined || !path.startsWith('/'))) return undefined;
  if (scheme !== '' && authority === undefined && !path.startsWith('/')) return undefined;
  const host = (authority ?? '').replace(/^.*@/, '');
  if (!/^(?:\[[0-9A-Fa-f:.%]+\]|[^\][:]*)(?::\d*)?$/.test(host)) return undefined;
  return { scheme: scheme.toLowerCase(), host, path, query };
}
