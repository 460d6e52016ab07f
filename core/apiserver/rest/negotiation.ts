import type { IncomingMessage } from 'node:http';
import { StatusError } from '../../api/errors.ts';

/** How a client wants an answer. */
export interface Representation {
  /** "object" as it is, "Table" or "PartialObjectMetadata" of meta.k8s.io, or a discovery document. */
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata' | 'APIGroupDiscoveryList';
  /** Of meta.k8s.io: the same members under either name. */
  readonly metaVersion: 'v1' | 'v1beta1';
  readonly format: 'json' | 'yaml';
  /** JSON over several lines, indented. */
  readonly pretty: boolean;
}

/** What can be answered. */
export interface Offers {
  readonly discovery?: boolean;
  /** Objects may become metadata, and Tables unless that is said apart. */
  readonly objects?: boolean;
  readonly tables?: boolean;
  /** One document after the other, which YAML is not written as. */
  readonly streamed?: boolean;
}

interface MediaType {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const converted = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'];

/**
 * The alternative of an Accept header that the client likes best of those that can be served. Throws NotAcceptable
 * when nothing fits (upstream: endpoints/handlers/negotiation).
 */
function negotiate(accept: string | undefined, offers: Offers): Representation {
  for (const { type, parameters } of mediaTypes(accept ?? '')) {
    const format = formatOf(type);
    if (format === undefined) continue;
    const { as, g, v, pretty } = parameters;
    const found = { format, metaVersion: v === 'v1beta1' ? v : 'v1', pretty: pretty === '1' } as const;
    if (as === undefined) {
      if (format === 'yaml' && offers.streamed === true) break;
      return { as: 'object', ...found };
    }
    if (
      offers.objects === true &&
      converted.includes(as) &&
      !(as === 'Table' && offers.tables === false) &&
      g === 'meta.k8s.io' &&
      (v === 'v1' || v === 'v1beta1')
    ) {
      if (format === 'yaml' && offers.streamed === true) break;
      return { as: as === 'Table' ? 'Table' : 'PartialObjectMetadata', ...found };
    }
    if (
      offers.discovery === true &&
      format === 'json' &&
      as === 'APIGroupDiscoveryList' &&
      g === 'apidiscovery.k8s.io' &&
      v === 'v2'
    ) {
      return { as, ...found };
    }
  }
  const accepted = offers.streamed === true ? 'application/json' : 'application/json, application/yaml';
  throw new StatusError('NotAcceptable', `only the following media types are accepted: ${accepted}`);
}

/** As `negotiate`, with what the query and the program that asks say. */
export function representationFor(request: IncomingMessage, offers: Offers): Representation {
  const found = negotiate(request.headers.accept, offers);
  return found.pretty || !isReadByPeople(request) ? found : { ...found, pretty: true };
}

/** By what upstream prints JSON for people to read, unless `?pretty=` says otherwise (isPrettyPrint). */
export function isReadByPeople({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): boolean {
  const query = url.indexOf('?');
  if (query >= 0 && url.includes('pretty', query)) {
    const asked = new URLSearchParams(url.slice(query)).get('pretty') ?? '';
    if (asked !== '') return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(asked);
  }
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '');
}

function formatOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

/** What is liked best first; of what is liked the same the first, but anything at all last (RFC 9110 section 12.5.1). */
function mediaTypes(header: string): readonly MediaType[] {
  if (header.trim() === '') return [{ type: '*/*', parameters: {} }];
  const types = header
    .split(',')
    .slice(0, 32)
    .map((text) => {
      const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
      const pairs = parameters.map((parameter): [string, string] => {
        const equals = parameter.indexOf('=');
        return [parameter.slice(0, equals).toLowerCase(), parameter.slice(equals + 1)];
      });
      return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) };
    });
  if (!header.includes('q=') && !header.includes('*')) return types;
  return types
    .filter((one) => qualityOf(one) > 0)
    .sort((a, b) => qualityOf(b) - qualityOf(a) || wildcardsOf(a) - wildcardsOf(b));
}

/** 1 where it is not said, or not well. */
function qualityOf({ parameters: { q } }: MediaType): number {
  const quality = q === undefined || q === '' ? NaN : Number(q);
  return quality >= 0 && quality <= 1 ? quality : 1;
}

function wildcardsOf({ type }: MediaType): number {
  return type.split('*').length - 1;
}
