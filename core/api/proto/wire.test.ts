import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import * as wire from '../generated/wheelhouse.ts';

const source = readFileSync(resolve(import.meta.dirname, 'wheelhouse.proto'), 'utf8');
const { root } = protobuf.parse(source);
/** A third party's reading of the same definition. */
const oracle = (name: string) => root.lookupType(`wheelhouse.v1.${name}`);

const count = fc.oneof(fc.nat(), fc.constant(2 ** 32), fc.constant(Number.MAX_SAFE_INTEGER));
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

test('messages with every kind of field survive a round trip, and other libraries read them', () => {
  const messages = fc.record({
    target: fc.record({ group: fc.string(), name: fc.string({ unit: 'binary', maxLength: 400 }) }),
    options: fc.record({
      dryRun: fc.boolean(),
      gracePeriodSeconds: fc.option(fc.oneof(count, fc.integer({ max: 0 })), { nil: undefined }),
      uid: fc.string(),
    }),
  });
  fc.assert(
    fc.property(messages, (message) => {
      const encoded = wire.DeleteRequest.encode(message);
      const decoded = wire.DeleteRequest.decode(encoded);
      expect(decoded).toMatchObject(message);
      const read = oracle('DeleteRequest').toObject(oracle('DeleteRequest').decode(encoded), {
        longs: Number,
        defaults: false,
      });
      expect(read['options']?.gracePeriodSeconds).toBe(message.options.gracePeriodSeconds);
      expect(read['target']?.name ?? '').toBe(message.target.name);
      expect(Buffer.from(oracle('DeleteRequest').encode(read).finish()).toString('hex')).toBe(
        encoded.toString('hex'),
      );
    }),
  );
});

test('repeated bytes and absent optional numbers survive a round trip', () => {
  fc.assert(
    fc.property(fc.array(bytes), fc.option(count, { nil: undefined }), (items, remainingItemCount) => {
      const chunk = { items, resourceVersion: '7', continue: 'next', remainingItemCount };
      expect(wire.ListChunk.decode(wire.ListChunk.encode(chunk))).toEqual(chunk);
    }),
  );
});

test('a oneof keeps its case even when the value is a default', () => {
  const frame = { session: 9, kind: { case: 'endOfChannel', value: 0 } } as const;
  expect(wire.AgentFrame.decode(wire.AgentFrame.encode(frame))).toEqual(frame);
  expect(wire.AgentFrame.decode(Buffer.alloc(0))).toEqual({ session: 0, kind: undefined });
});

test('fields of a later version are passed over', () => {
  const later = protobuf.parse(`syntax = "proto3"; message Resize {
    uint32 columns = 1; string shape = 3; fixed64 ratio = 4; float depth = 5; uint32 rows = 2; }`);
  const encoded = later.root
    .lookupType('Resize')
    .encode({ columns: 80, shape: 'wide', ratio: 7, depth: 1.5, rows: 24 })
    .finish();
  expect(wire.Resize.decode(Buffer.from(encoded))).toEqual({ columns: 80, rows: 24 });
});

test('anything malformed throws a RangeError and nothing else', () => {
  const valid = wire.DeleteRequest.encode({ target: { group: 'apps', name: 'web' }, options: { uid: 'x' } });
  for (let length = 1; length < valid.length; length++) {
    const cut = valid.subarray(0, length);
    const outcome = attempt(() => wire.DeleteRequest.decode(cut));
    if (outcome !== undefined) expect(outcome).toBeInstanceOf(RangeError);
  }
  fc.assert(
    fc.property(bytes, (noise) => {
      const outcome = attempt(() => wire.WatchBatch.decode(noise));
      if (outcome !== undefined) expect(outcome).toBeInstanceOf(RangeError);
    }),
  );
});

function attempt(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
