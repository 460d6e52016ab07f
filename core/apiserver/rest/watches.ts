import { isGone, StatusError } from '../../api/errors.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import type { Verbs, WatchEvent } from '../../api/verbs.ts';
import type { CollectionTarget, WatchOptions } from '../../api/verbs.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { nextTurn } from '../../machinery/next-turn.ts';
import { RecentMap } from '../../machinery/recent-map.ts';
import { PlainObject } from '../handlers/plain-object.ts';
import { RecentEncodings } from '../recent-encodings.ts';
import { watchBudget } from '../watch-budget.ts';
import { bookmarkRow, metadataOnly, tableColumns, tableRow } from './conversion.ts';
import type { IncludeObject } from './conversion.ts';
import type { Exchange } from './exchange.ts';
import type { Representation } from './negotiation.ts';

const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * Streams a watch as one JSON document a line, each flushed at once. What goes wrong after the first event is an
 * ERROR event, because the status line has been sent by then.
 */
export async function sendWatch(
  exchange: Exchange,
  verbs: Verbs,
  kind: KindDeclaration,
  target: CollectionTarget,
  options: WatchOptions,
  representation: Representation,
): Promise<void> {
  const encode = batchEncoder(exchange, kind, representation);
  const batches = verbs.watch(exchange.call, target, options)[Symbol.asyncIterator]();
  // The first step tells whether the watch can begin at all, so an error is still a proper answer.
  let next = batches.next();
  const refused = await Promise.race([
    next.then(
      () => undefined,
      (error: unknown) => ({ error }),
    ),
    // Long enough for a watch that is refused from what is known already, and for nothing else.
    nextTurn()
      .then(nextTurn)
      .then(() => undefined),
  ]);
  // A revision that is forgotten is an event, which clients look for (upstream: apiserver/pkg/storage/cacher).
  if (refused !== undefined && !isGone(refused.error)) throw refused.error;
  exchange.begin(200, 'application/json');
  exchange.response.flushHeaders();
  try {
    for (let step = await next; step.done !== true; step = await next) {
      if (step.value.length > 0 && !(await send(exchange, encode(step.value)))) break;
      next = batches.next();
    }
  } catch (error) {
    const { status } = StatusError.from(error);
    if (!exchange.signal.aborted)
      await exchange.write(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  } finally {
    await batches.return?.();
    exchange.response.end();
  }
}

async function send(exchange: Exchange, bytes: Buffer): Promise<boolean> {
  await watchBudget.spend(bytes.length);
  return exchange.write(bytes);
}

/** Events are encoded once and shared by all who watch in the plain form. */
const encodings = new RecentEncodings((type, { bytes }) => wrap(type, bytes));

/** Of several events together: those who watch the same are handed the same array at the same time. */
const joined = new RecentMap<readonly WatchEvent[], Buffer>(2 * 1024 * 1024);

function batchEncoder(
  exchange: Exchange,
  kind: KindDeclaration,
  representation: Representation,
): (events: readonly WatchEvent[]) => Buffer {
  const encode = eventEncoder(exchange, kind, representation);
  return (events) => {
    const [only] = events;
    if (only !== undefined && events.length === 1) return encode(only);
    if (representation.as !== 'object') return Buffer.concat(events.map(encode));
    const known = joined.get(events);
    if (known !== undefined) return known;
    const bytes = Buffer.concat(events.map(encode));
    // With the objects of the events, which the array holds.
    joined.set(events, bytes, 2 * bytes.length);
    return bytes;
  };
}

function eventEncoder(
  exchange: Exchange,
  kind: KindDeclaration,
  representation: Representation,
): (event: WatchEvent) => Buffer {
  const { as, metaVersion } = representation;
  const apiVersion = `meta.k8s.io/${metaVersion}`;
  if (as === 'Table') {
    const include = (exchange.url.searchParams.get('includeObject') ?? 'Metadata') as IncludeObject;
    let columns = JSON.stringify(tableColumns(kind));
    return (event) => {
      const isBookmark = event.type === 'BOOKMARK';
      const object = isBookmark ? new PlainObject(bookmarkOf(kind, event)) : event.object;
      const row = isBookmark
        ? bookmarkRow(kind, object, include, apiVersion)
        : tableRow(kind, object, include, exchange.clock.now(), apiVersion);
      const metadata = JSON.stringify({ resourceVersion: object.resourceVersion });
      const encoded = `{"type":"${event.type}","object":{"kind":"Table","apiVersion":"${apiVersion}","metadata":${metadata},"columnDefinitions":${columns},"rows":[${row.toString()}]}}\n`;
      columns = 'null';
      return Buffer.from(encoded);
    };
  }
  const plain = as !== 'PartialObjectMetadata';
  return (event) => {
    if (event.type === 'BOOKMARK') {
      const object = new PlainObject(bookmarkOf(kind, event));
      return wrap('BOOKMARK', plain ? object.bytes : metadataOnly(object, apiVersion));
    }
    return plain
      ? encodings.of(event.type, event.object)
      : wrap(event.type, metadataOnly(event.object, apiVersion));
  };
}

/** An object with nothing but a place to go on from. */
function bookmarkOf(
  kind: KindDeclaration,
  { resourceVersion, initialEventsEnd: isEnd }: Extract<WatchEvent, { type: 'BOOKMARK' }>,
): KubernetesObject {
  const annotations = isEnd ? { annotations: { [initialEventsEnd]: 'true' } } : {};
  // Go writes the time that is not there, and clients are used to it.
  const metadata = { resourceVersion, creationTimestamp: null, ...annotations } as object;
  return { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
}

const end = Buffer.from('}\n');

function wrap(type: string, object: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object, end]);
}
