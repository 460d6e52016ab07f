import * as wire from '../../api/generated/wheelhouse.ts';
import type { Encoded, EncodedList } from '../../api/verbs.ts';
import type { BoundedSender } from '../../machinery/bounded-sender.ts';
import type { ChangeType } from '../recent-encodings.ts';
import { watchBudget } from '../watch-budget.ts';

/** Large enough that a message costs little, small enough that a slow reader holds little. */
const chunkBytes = 256 * 1024;

const itemsTag = 0x0a;

/** Sends the stored bytes of a list in chunks; the last one carries revision and continuation. */
export async function sendList(list: EncodedList, out: BoundedSender): Promise<void> {
  let chunk: Buffer[] = [];
  let size = 0;
  for (const item of list.items) {
    const { bytes } = item;
    if (size > 0 && size + bytes.length > chunkBytes) {
      if (!(await out.send(encodeItems(chunk, 0)))) return;
      chunk = [];
      size = 0;
    }
    chunk.push(bytes);
    size += bytes.length;
  }
  const end = wire.ListChunk.encode({
    resourceVersion: list.resourceVersion,
    continue: list.continue,
    remainingItemCount: list.remainingItemCount,
  });
  const last = encodeItems(chunk, end.length);
  end.copy(last, last.length - end.length);
  await out.send(last);
}

/** The `items` of a ListChunk, with room for other fields behind them: fields may stand in any order. */
function encodeItems(items: readonly Buffer[], spareBytes: number): Buffer {
  let size = spareBytes;
  for (const item of items) size += 1 + varintBytes(item.length) + item.length;
  const message = Buffer.allocUnsafe(size);
  let at = 0;
  for (const item of items) {
    message[at++] = itemsTag;
    at = writeVarint(message, item.length, at);
    at += item.copy(message, at);
  }
  return message;
}

const eventTypes = {
  ADDED: wire.WatchEventType.ADDED,
  MODIFIED: wire.WatchEventType.MODIFIED,
  DELETED: wire.WatchEventType.DELETED,
} as const;

/** An event as a WatchBatch of its own; batches of several are made by joining them, as the format allows. */
export function encodeEvent(type: ChangeType, { bytes, resourceVersion }: Encoded): Buffer {
  return wire.WatchBatch.encode({ events: [{ type: eventTypes[type], json: bytes, resourceVersion }] });
}

export function encodeBookmark(resourceVersion: string, initialEventsEnd: boolean): Buffer {
  return wire.WatchBatch.encode({
    events: [{ type: wire.WatchEventType.BOOKMARK, resourceVersion, initialEventsEnd }],
  });
}

/** Sends encoded events in messages of bounded size. False when nobody reads any more. */
export async function sendEvents(events: Iterable<Buffer>, out: BoundedSender): Promise<boolean> {
  let batch: Buffer[] = [];
  let size = 0;
  for (const event of events) {
    if (size > 0 && size + event.length > chunkBytes) {
      if (!(await sendJoined(batch, size, out))) return false;
      batch = [];
      size = 0;
    }
    batch.push(event);
    size += event.length;
  }
  return batch.length === 0 || sendJoined(batch, size, out);
}

async function sendJoined(batch: readonly Buffer[], size: number, out: BoundedSender): Promise<boolean> {
  await watchBudget.spend(size);
  const [only] = batch;
  return out.send(batch.length === 1 && only !== undefined ? only : Buffer.concat(batch));
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++;
  return bytes;
}

function writeVarint(target: Buffer, value: number, start: number): number {
  let at = start;
  let rest = value;
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}
