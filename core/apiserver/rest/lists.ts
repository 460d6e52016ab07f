import type { ListMeta } from '../../api/generated/meta-v1.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import type { Encoded, EncodedList } from '../../api/verbs.ts';
import { nextTurn } from '../../machinery/next-turn.ts';
import type { Exchange } from './exchange.ts';
import { metadataOnly, tableColumns, tableRow } from './conversion.ts';
import type { IncludeObject } from './conversion.ts';
import { listWriter } from './formats.ts';
import type { ListWriter } from './formats.ts';
import type { Representation } from './negotiation.ts';

/** Pieces are joined up to this size before they are written; smaller ones where much is done for them. */
const pieceBytes = 256 * 1024;
const slowPieceBytes = 16 * 1024;

/** Sends a list in the form asked for. Objects are sent as the bytes that are stored, unless they are to look better. */
export async function sendList(
  exchange: Exchange,
  kind: KindDeclaration,
  list: EncodedList,
  representation: Representation,
): Promise<void> {
  const metadata = listMeta(list);
  const isEmpty = list.items.length === 0;
  const apiVersion = `meta.k8s.io/${representation.metaVersion}`;
  switch (representation.as) {
    case 'Table': {
      const include = (exchange.url.searchParams.get('includeObject') ?? 'Metadata') as IncludeObject;
      const nowMs = exchange.clock.now();
      const others = { kind: 'Table', apiVersion, metadata, columnDefinitions: tableColumns(kind) };
      const writer = listWriter(representation, others, 'rows', isEmpty);
      return sendItems(exchange, writer, list.items, (item) =>
        tableRow(kind, item, include, nowMs, apiVersion),
      );
    }
    case 'PartialObjectMetadata': {
      const others = { kind: 'PartialObjectMetadataList', apiVersion, metadata };
      const writer = listWriter(representation, others, 'items', isEmpty);
      return sendItems(exchange, writer, list.items, (item) => metadataOnly(item, apiVersion));
    }
    default: {
      const listKind = kind.custom?.listKind ?? `${kind.kind}List`;
      const others = { kind: listKind, apiVersion: apiVersionOf(kind), metadata };
      return sendItems(
        exchange,
        listWriter(representation, others, 'items', isEmpty),
        list.items,
        (item) => item.bytes,
      );
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

/** What is sent begins when there is a piece of it, or all: what is small is sent as it is. */
async function sendItems(
  exchange: Exchange,
  writer: ListWriter,
  items: readonly Encoded[],
  encode: (item: Encoded) => Buffer,
): Promise<void> {
  const { contentType, isSlow, head, between, tail } = writer;
  const enough = isSlow ? slowPieceBytes : pieceBytes;
  let pieces: Buffer[] = [Buffer.from(head)];
  let bytes = 0;
  let begun = false;
  for (const [index, item] of items.entries()) {
    if (index > 0) pieces.push(between);
    const encoded = writer.item(encode(item));
    pieces.push(encoded);
    bytes += encoded.length + 1;
    if (bytes < enough) continue;
    if (!begun) exchange.begin(200, contentType, { compressed: true });
    begun = true;
    if (!(await exchange.write(Buffer.concat(pieces)))) return;
    if (isSlow) await nextTurn();
    pieces = [];
    bytes = 0;
  }
  pieces.push(Buffer.from(tail));
  const last = Buffer.concat(pieces);
  if (begun) exchange.end(last);
  else exchange.send(200, contentType, last);
}
