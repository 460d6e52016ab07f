import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { RecentMap } from '../../machinery/recent-map.ts';
import type { HashedDocument } from '../openapi.ts';
import { acceptsGzip } from './exchange.ts';
import type { Exchange } from './exchange.ts';

const compress = promisify(gzip);
const smallestCompressed = 1024;

/** By the hash of what is in them; enough for all that an ordinary cluster tells of itself. */
const compressed = new RecentMap<string, Promise<Buffer>>(2 * 1024 * 1024);

/**
 * Sends a document that seldom changes: nothing to whoever has it already, compressed to whoever can read that
 * (upstream: kube-openapi/pkg/handler3 and endpoints/discovery/aggregated/etag.go).
 */
export async function sendDocument(
  exchange: Exchange,
  document: HashedDocument,
  contentType = 'application/json',
): Promise<void> {
  const { bytes, hash } = document;
  const etag = `"${hash}"`;
  const { 'if-none-match': known, 'accept-encoding': codings = '' } = exchange.request.headers;
  exchange.response.setHeader('etag', etag);
  exchange.response.setHeader('vary', 'Accept, Accept-Encoding');
  if (known === etag || known === hash) {
    exchange.response.writeHead(304);
    exchange.response.end();
    return;
  }
  if (bytes.length < smallestCompressed || !acceptsGzip([codings].flat().join()))
    return exchange.send(200, contentType, bytes);
  const body = await compressedForm(document);
  exchange.response.setHeader('content-encoding', 'gzip');
  exchange.send(200, contentType, body);
}

/** Made once, also for those who ask while it is made. */
function compressedForm({ bytes, hash }: HashedDocument): Promise<Buffer> {
  const known = compressed.get(hash);
  if (known !== undefined) return known;
  const made = compress(bytes);
  // A tenth is what comes of such documents; how much it is shows when it is there.
  compressed.set(hash, made, bytes.length / 10);
  made.then(
    ({ length }) => compressed.set(hash, made, length),
    () => compressed.delete(hash),
  );
  return made;
}
