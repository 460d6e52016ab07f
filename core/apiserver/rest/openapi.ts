import { StatusError } from '../../api/errors.ts';
import { acceptsGnostic, gnosticMediaType } from '../../api/openapi/gnostic.ts';
import type { RemoteVersion } from '../aggregation/remote-discovery.ts';
import type { OpenApiDocuments } from '../openapi.ts';
import { sendDocument } from './documents.ts';
import type { Exchange } from './exchange.ts';

/** `/openapi/v2`, `/openapi/v3` and the documents below it. `path` is what follows "/openapi/". */
export async function serveOpenApi(
  exchange: Exchange,
  documents: OpenApiDocuments,
  path: string,
  remotes: readonly RemoteVersion[],
): Promise<void> {
  if (path === 'v2') {
    const accept = exchange.request.headers.accept ?? '';
    if (acceptsGnostic(accept)) return sendDocument(exchange, documents.version2Protobuf(), gnosticMediaType);
    return sendDocument(exchange, documents.version2());
  }
  if (path === 'v3') {
    const { paths } = await documents.index();
    for (const { group, version, openApi } of remotes)
      if (openApi !== undefined) paths[`apis/${group}/${version}`] = { serverRelativeURL: openApi };
    return exchange.sendJson(200, { paths });
  }
  if (!path.startsWith('v3/'))
    throw new StatusError('NotFound', 'the server could not find the requested resource');
  const document = documents.version3(path.slice('v3/'.length));
  const wanted = exchange.url.searchParams.get('hash');
  if (wanted !== null && wanted !== document.hash) {
    exchange.response.setHeader('location', `/openapi/${path}?hash=${document.hash}`);
    return exchange.send(301, 'text/plain; charset=utf-8', '');
  }
  // Under its hash a document never changes.
  if (wanted !== null) exchange.response.setHeader('cache-control', 'public, immutable');
  return sendDocument(exchange, document);
}
