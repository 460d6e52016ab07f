import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import type { Root, Type } from 'protobufjs';

/**
 * etcd's wire messages, from the .proto files in the etcd3 package. Requests are plain objects in the shape below;
 * in responses a field that was not sent has its default, and a 64-bit number may be a Long: see `int64`.
 */
let loaded: Root | undefined;

export const rangeMethod = method<RangeRequest, RangeResponse>('KV/Range', 'RangeRequest', 'RangeResponse');
export const txnMethod = method<TxnRequest, TxnResponse>('KV/Txn', 'TxnRequest', 'TxnResponse');
export const compactMethod = method<CompactRequest, HeaderResponse>(
  'KV/Compact',
  'CompactionRequest',
  'CompactionResponse',
);
export const watchMethod = method<WatchRequest, WatchResponse>(
  'Watch/Watch',
  'WatchRequest',
  'WatchResponse',
);

export interface Method<Request, Response> {
  readonly path: string;
  readonly encode: (request: Request) => Buffer;
  readonly decode: (bytes: Buffer) => Response;
}

export type Int64 = number | { toNumber(): number };

/** Revisions and counts stay far below 2^53. */
export function int64(value: Int64): number {
  const number = typeof value === 'number' ? value : value.toNumber();
  // The same number; but a Long makes a floating point number of it, which takes 16 bytes wherever it is kept.
  const small = number | 0;
  return small === number ? small : number;
}

export interface ResponseHeader {
  readonly revision: Int64;
}

/** Every response has one; protobuf leaves it open. */
export interface HeaderResponse {
  readonly header: ResponseHeader | null;
}

export interface RangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly limit?: number;
  readonly revision?: number;
  readonly countOnly?: boolean;
}

export interface WireKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: Int64;
  readonly modRevision: Int64;
}

export interface RangeResponse extends HeaderResponse {
  readonly kvs: readonly WireKeyValue[];
  readonly count: Int64;
}

export interface Compare {
  readonly key: Buffer;
  /** 0 is "equal". */
  readonly result: 0;
  /** 2 is "mod". */
  readonly target: 2;
  readonly modRevision: number;
}

export type RequestOp =
  | { readonly requestRange: RangeRequest }
  | { readonly requestPut: { readonly key: Buffer; readonly value: Buffer } }
  | { readonly requestDeleteRange: { readonly key: Buffer } }
  | { readonly requestTxn: TxnRequest };

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface TxnResponse extends HeaderResponse {
  readonly succeeded: boolean;
  readonly responses: readonly {
    readonly responseRange: RangeResponse | null;
    readonly responseTxn: TxnResponse | null;
  }[];
}

export interface CompactRequest {
  readonly revision: number;
}

export interface WatchRequest {
  readonly createRequest: {
    readonly key: Buffer;
    readonly rangeEnd?: Buffer;
    readonly startRevision: number;
    readonly prevKv: boolean;
    /** A batch larger than etcd's request limit may come in pieces instead of one message of any size. */
    readonly fragment: boolean;
  };
}

export interface WireEvent {
  /** 0 is a put, 1 a delete. */
  readonly type: number;
  readonly kv: WireKeyValue;
  readonly prevKv: WireKeyValue | null;
}

export interface WatchResponse extends HeaderResponse {
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: Int64;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly WireEvent[];
}

function method<Request extends object, Response>(
  path: string,
  requestName: string,
  responseName: string,
): Method<Request, Response> {
  // Reading the definitions takes 15 ms, which a core without etcd need not spend.
  let request: Type | undefined;
  let response: Type | undefined;
  const typeOf = (name: string) => (loaded ??= loadProto()).lookupType(`etcdserverpb.${name}`);
  return {
    path: `/etcdserverpb.${path}`,
    encode: (message) => (request ??= typeOf(requestName)).encode(message).finish() as Buffer,
    decode: (bytes) => (response ??= typeOf(responseName)).decode(bytes) as unknown as Response,
  };
}

function loadProto(): Root {
  const folder = join(dirname(createRequire(import.meta.url).resolve('etcd3/package.json')), 'proto');
  const proto = new protobuf.Root();
  proto.resolvePath = (_origin, target) => join(folder, target);
  return proto.loadSync('rpc.proto');
}
