import type { Change, Condition, KeyValue, Write } from '../storage.ts';
import type { Compare, RequestOp, WireEvent, WireKeyValue } from './messages.ts';
import { int64 } from './messages.ts';
import { etcdRevisionOf, revisionAt } from './revisions.ts';

/** Everything whose key starts with `prefix`, as etcd's half-open range of bytes. */
export function prefixRange(prefix: string): { readonly key: Buffer; readonly rangeEnd: Buffer } {
  const key = Buffer.from(prefix);
  const end = Buffer.from(key);
  for (let length = end.length; length > 0; length--) {
    const byte = end[length - 1]!;
    if (byte === 0xff) continue;
    end[length - 1] = byte + 1;
    return { key, rangeEnd: end.subarray(0, length) };
  }
  // One zero byte stands for "the smallest key" and for "no end".
  return { key: zero, rangeEnd: zero };
}

const zero = Buffer.from([0]);

export function keyAfter(key: string): Buffer {
  return Buffer.from(`${key}\0`);
}

export function keyValue(wire: WireKeyValue): KeyValue {
  const key = wire.key.toString();
  return {
    key,
    value: ownCopy(wire.value),
    modRevision: revisionAt(int64(wire.modRevision), wire.key),
    createRevision: revisionAt(int64(wire.createRevision), wire.key),
  };
}

export function change(event: WireEvent): Change {
  const previous = event.prevKv === null ? undefined : keyValue(event.prevKv);
  if (event.type === 0) return { kind: 'put', entry: keyValue(event.kv), previous };
  const key = event.kv.key.toString();
  return { kind: 'delete', key, revision: revisionAt(int64(event.kv.modRevision), event.kv.key), previous };
}

export function compare({ key, modRevision }: Condition): Compare {
  return { key: Buffer.from(key), result: 0, target: 2, modRevision: etcdRevisionOf(modRevision) };
}

export function writeOp(write: Write): RequestOp {
  const key = Buffer.from(write.key);
  return write.kind === 'put' ? { requestPut: { key, value: write.value } } : { requestDeleteRange: { key } };
}

/** A decoded value is a window into the message it came in; kept, it would keep the whole message alive. */
function ownCopy(value: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(value.length);
  copy.set(value);
  return copy;
}
