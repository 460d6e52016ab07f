import type { ListMeta } from '../../api/generated/meta-v1.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import type { Encoded, EncodedList } from '../../api/verbs.ts';
import type { Exchange } from './exchange.ts';
import type { Representation } from './negotiation.ts';
import { metadataOnly, tableHead, tableRow } from './conversion.ts';
import type { IncludeObject } from './conversion.ts';

/** Pieces are joined up to this size before they are written. */
const pieceBytes = 256 * 1024;

/** Sends a list in the form asked for. Objects are sent as the bytes that are stored. */
export async function sendList(
  exchange: Exchange,
  kind: KindDeclaration,
  list: EncodedList,
  representation: Representation,
): Promise<void> {
  const metadata = JSON.stringify(listMeta(list));
  switch (representation.as) {
    case 'Table': {
      const include = (exchange.url.searchParams.get('includeObject') ?? 'Metadata') as IncludeObject;
      const nowMs = Date.now();
      const head = `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${metadata},"columnDefinitions":${tableHead(kind)},"rows":[`;
      return sendItems(exchange, head, list.items, (item) => tableRow(kind, item, include, nowMs));
    }
    case 'PartialObjectMetadata': {
      const head = `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":${metadata},"items":[`;
      return sendItems(exchange, head, list.items, (item) => metadataOnly(item));
    }
    default: {
      const head = `{"kind":"${kind.custom?.listKind ?? `${kind.kind}List`}","apiVersion":"${apiVersionOf(kind)}","metadata":${metadata},"items":[`;
      return sendItems(exchange, head, list.items, (item) => item.bytes);
    }
  }
}

function listMeta({ resourceVersion, continue: next, remainingItemCount }: EncodedList): ListMeta {
  return {
    resourceVersion,
    ...(next === undefined ? {} : { continue: next }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}

const comma = Buffer.from(',');

async function sendItems(
  exchange: Exchange,
  head: string,
  items: readonly Encoded[],
  encode: (item: Encoded) => Buffer,
): Promise<void> {
  exchange.begin(200, 'application/json');
  let pieces: Buffer[] = [Buffer.from(head)];
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    if (index > 0) pieces.push(comma);
    const encoded = encode(item);
    pieces.push(encoded);
    bytes += encoded.length + 1;
    if (bytes < pieceBytes) continue;
    if (!(await exchange.write(Buffer.concat(pieces)))) return;
    pieces = [];
    bytes = 0;
  }
  pieces.push(Buffer.from(']}\n'));
  exchange.response.end(Buffer.concat(pieces));
}
