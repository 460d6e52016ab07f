import type { Condition, Revision, Write } from './storage.ts';
import {
  StorageError,
  maxKeyBytes,
  maxTransactionBytes,
  maxTransactionKeys,
  maxValueBytes,
} from './storage.ts';

/** Refuses what no store accepts, in the same words for all of them, before anything is sent or changed. */
export function checkTransaction(conditions: readonly Condition[], writes: readonly Write[]): void {
  if (conditions.length > maxTransactionKeys || writes.length > maxTransactionKeys) {
    throw new StorageError(
      'too-large',
      `Cannot commit a transaction of ${conditions.length} conditions and ${writes.length} writes: at most ${maxTransactionKeys} of each`,
    );
  }
  let totalBytes = 0;
  const keys = new Set<string>();
  for (const write of writes) {
    if (keys.has(write.key)) throw new TypeError(`Cannot write "${write.key}" twice in one transaction`);
    keys.add(write.key);
    const keyBytes = Buffer.byteLength(write.key);
    if (keyBytes > maxKeyBytes) {
      throw new StorageError(
        'too-large',
        `Cannot store "${write.key.slice(0, 80)}…": its key is ${keyBytes} bytes, at most ${maxKeyBytes} are accepted`,
      );
    }
    if (write.key === '' || write.key.includes('\0')) {
      throw new TypeError(`Cannot store ${JSON.stringify(write.key)}: a key has characters, and none is NUL`);
    }
    totalBytes += keyBytes;
    if (write.kind !== 'put') continue;
    totalBytes += write.value.length;
    if (write.value.length > maxValueBytes) {
      throw new StorageError(
        'too-large',
        `Cannot store "${write.key}": its value is ${write.value.length} bytes, at most ${maxValueBytes} are accepted`,
      );
    }
  }
  if (totalBytes > maxTransactionBytes) {
    throw new StorageError(
      'too-large',
      `Cannot commit a transaction of ${totalBytes} bytes ("${writes[0]?.key}" and ${writes.length - 1} more): at most ${maxTransactionBytes} are accepted`,
    );
  }
}

export function compactedError(action: string, revision: Revision, oldest: Revision): StorageError {
  return new StorageError(
    'compacted',
    `Cannot ${action} revision ${revision}: history before ${oldest} is compacted`,
  );
}

export function futureError(action: string, revision: Revision, newest: Revision): StorageError {
  return new StorageError('future', `Cannot ${action} revision ${revision}: the newest is ${newest}`);
}

export function closedError(name: string): StorageError {
  return new StorageError('closed', `Cannot use the ${name} store: it is closed`);
}
