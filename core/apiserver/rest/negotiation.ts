import { StatusError } from '../../api/errors.ts';

/** How a client wants an answer. */
export interface Representation {
  /** "object" as it is, "Table" or "PartialObjectMetadata" of meta.k8s.io/v1, or a discovery document. */
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata' | 'APIGroupDiscoveryList';
  readonly format: 'json' | 'yaml';
}

interface MediaType {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const converted = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'];

/**
 * The first alternative of an Accept header that can be served, in the client's order. `convertible` says whether
 * objects may become Tables and metadata here. Throws NotAcceptable when nothing fits.
 */
export function negotiate(
  accept: string | undefined,
  offers: { readonly discovery?: boolean; readonly objects?: boolean },
): Representation {
  for (const { type, parameters } of mediaTypes(accept ?? '')) {
    const format = formatOf(type);
    if (format === undefined) continue;
    const { as, g, v } = parameters;
    if (as === undefined) return { as: 'object', format };
    if (format === 'yaml') continue;
    if (offers.objects === true && converted.includes(as) && g === 'meta.k8s.io' && v === 'v1') {
      return { as: as === 'Table' ? 'Table' : 'PartialObjectMetadata', format };
    }
    if (
      offers.discovery === true &&
      as === 'APIGroupDiscoveryList' &&
      g === 'apidiscovery.k8s.io' &&
      v === 'v2'
    ) {
      return { as, format };
    }
  }
  throw new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}

function formatOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

function mediaTypes(header: string): readonly MediaType[] {
  if (header.trim() === '') return [{ type: '*/*', parameters: {} }];
  return header
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
}
