import type { KeyValue, Revision } from '../storage.ts';

/**
 * What the embedded store keeps on disk, in three tables:
 *
 * - current: key → modRevision, createRevision, value
 * - past: key NUL modRevision → createRevision, the revision that replaced it, value
 * - changes: revision → for each key changed in it: put or delete, the modRevision it replaced (0: none), key
 *
 * A value is written to `past` when it is replaced, so reading the present never meets old versions, and a compaction
 * finds what to delete through `changes`. Revisions are big-endian doubles, which sort as numbers do.
 */
const revisionBytes = 8;

export interface ChangeRecord {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  /** modRevision of the version that this change replaced; 0 when there was none. */
  readonly replaced: Revision;
}

export function revisionKey(revision: Revision): Buffer {
  const key = Buffer.allocUnsafe(revisionBytes);
  key.writeDoubleBE(revision);
  return key;
}

export function encodeCurrent(modRevision: Revision, createRevision: Revision, value: Buffer): Buffer {
  return withRevisions(modRevision, createRevision, value);
}

export function decodeCurrent(key: string, record: Buffer): KeyValue {
  return {
    key,
    value: record.subarray(2 * revisionBytes),
    modRevision: record.readDoubleBE(0),
    createRevision: record.readDoubleBE(revisionBytes),
  };
}

export function pastKey(key: string, modRevision: Revision): Buffer {
  const length = Buffer.byteLength(key);
  const encoded = Buffer.alloc(length + 1 + revisionBytes);
  encoded.write(key);
  encoded.writeDoubleBE(modRevision, length + 1);
  return encoded;
}

export function encodePast(entry: KeyValue, replacedAt: Revision): Buffer {
  return withRevisions(entry.createRevision, replacedAt, entry.value);
}

export function decodePast(
  encodedKey: Buffer,
  record: Buffer,
): { readonly entry: KeyValue; readonly replacedAt: Revision } {
  const length = encodedKey.length - 1 - revisionBytes;
  return {
    entry: {
      key: encodedKey.toString('utf8', 0, length),
      value: record.subarray(2 * revisionBytes),
      modRevision: encodedKey.readDoubleBE(length + 1),
      createRevision: record.readDoubleBE(0),
    },
    replacedAt: record.readDoubleBE(revisionBytes),
  };
}

export function encodeChanges(changes: readonly ChangeRecord[]): Buffer {
  return Buffer.concat(
    changes.map(({ kind, key, replaced }) => {
      const keyBytes = Buffer.byteLength(key);
      const record = Buffer.allocUnsafe(changeHeaderBytes + keyBytes);
      record.writeUInt8(kind === 'put' ? 0 : 1, 0);
      record.writeDoubleBE(replaced, 1);
      record.writeUInt16BE(keyBytes, 1 + revisionBytes);
      record.write(key, changeHeaderBytes);
      return record;
    }),
  );
}

export function decodeChanges(record: Buffer): ChangeRecord[] {
  const changes: ChangeRecord[] = [];
  for (let at = 0; at < record.length;) {
    const keyStart = at + changeHeaderBytes;
    const keyEnd = keyStart + record.readUInt16BE(at + 1 + revisionBytes);
    changes.push({
      kind: record.readUInt8(at) === 0 ? 'put' : 'delete',
      replaced: record.readDoubleBE(at + 1),
      key: record.toString('utf8', keyStart, keyEnd),
    });
    at = keyEnd;
  }
  return changes;
}

const changeHeaderBytes = 1 + revisionBytes + 2;

function withRevisions(one: Revision, two: Revision, value: Buffer): Buffer {
  const record = Buffer.allocUnsafe(2 * revisionBytes + value.length);
  record.writeDoubleBE(one, 0);
  record.writeDoubleBE(two, revisionBytes);
  value.copy(record, 2 * revisionBytes);
  return record;
}
