import * as wire from '../../api/generated/wheelhouse.ts';
import type {
  Body,
  Call,
  CollectionTarget,
  DeleteOptions,
  DeleteResult,
  Encoded,
  EncodedList,
  GetOptions,
  ListOptions,
  ObjectTarget,
  Patch,
  PatchOptions,
  Verbs,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../api/verbs.ts';
import { StatusError } from '../../api/errors.ts';
import { ReceivedObject } from '../encoded.ts';
import { serverStream, unary, type CallTarget } from './calls.ts';

type EventType = Exclude<WatchEvent['type'], 'BOOKMARK'>;

const eventTypes: Readonly<Record<number, EventType>> = {
  [wire.WatchEventType.ADDED]: 'ADDED',
  [wire.WatchEventType.MODIFIED]: 'MODIFIED',
  [wire.WatchEventType.DELETED]: 'DELETED',
};

/** The verbs over the wire. */
export class RemoteVerbs implements Verbs {
  readonly #target: CallTarget;

  constructor(target: CallTarget) {
    this.#target = target;
  }

  async get(call: Call, target: ObjectTarget, options: GetOptions = {}): Promise<Encoded> {
    const request = { target: wireTarget(target), resourceVersion: options.resourceVersion };
    return received(await unary(this.#target, wire.Objects.get, request, call, doing('get', target)));
  }

  async list(call: Call, target: CollectionTarget, options: ListOptions = {}): Promise<EncodedList> {
    const request = { target: wireTarget(target), options };
    const { deadlineMs } = this.#target;
    return gather(
      serverStream(this.#target, wire.Objects.list, request, call, doing('list', target), deadlineMs),
      doing('list', target),
    );
  }

  async *watch(
    call: Call,
    target: CollectionTarget,
    options: WatchOptions,
  ): AsyncIterable<readonly WatchEvent[]> {
    const request = { target: wireTarget(target), ...options };
    try {
      const batches = serverStream(this.#target, wire.Objects.watch, request, call, doing('watch', target));
      for await (const batch of batches) yield batch.events.map(watchEvent);
    } catch (error) {
      if (!call.signal?.aborted) throw error;
    }
  }

  async create(
    call: Call,
    target: CollectionTarget & { readonly name?: string },
    body: Body,
    options?: WriteOptions,
  ): Promise<Encoded> {
    const request = { target: wireTarget(target), json: jsonOf(body), options };
    return received(await unary(this.#target, wire.Objects.create, request, call, doing('create', target)));
  }

  async update(call: Call, target: ObjectTarget, body: Body, options?: WriteOptions): Promise<Encoded> {
    const request = { target: wireTarget(target), json: jsonOf(body), options };
    return received(await unary(this.#target, wire.Objects.update, request, call, doing('update', target)));
  }

  async patch(call: Call, target: ObjectTarget, patch: Patch, options: PatchOptions = {}): Promise<Encoded> {
    const { force, ...write } = options;
    const { type, bytes } = patch;
    const request = { target: wireTarget(target), type, patch: bytes, options: write, force };
    return received(await unary(this.#target, wire.Objects.patch, request, call, doing('patch', target)));
  }

  async delete(call: Call, target: ObjectTarget, options: DeleteOptions = {}): Promise<DeleteResult> {
    const request = { target: wireTarget(target), options: deleteOptions(options) };
    const reply = await unary(this.#target, wire.Objects.delete, request, call, doing('delete', target));
    if (reply.object === undefined) throw incomplete(doing('delete', target));
    return { object: received(reply.object), gone: reply.gone };
  }

  async deleteCollection(
    call: Call,
    target: CollectionTarget,
    list: ListOptions = {},
    options: DeleteOptions = {},
  ): Promise<EncodedList> {
    const request = { target: wireTarget(target), list, options: deleteOptions(options) };
    const what = doing('delete', target);
    const { deadlineMs } = this.#target;
    return gather(
      serverStream(this.#target, wire.Objects.deleteCollection, request, call, what, deadlineMs),
      what,
    );
  }
}

async function gather(chunks: AsyncIterable<wire.ListChunk>, what: string): Promise<EncodedList> {
  const items: Encoded[] = [];
  let last: wire.ListChunk | undefined;
  for await (const chunk of chunks) {
    for (const bytes of chunk.items) items.push(new ReceivedObject(bytes));
    last = chunk;
  }
  // Lists of what is measured rather than stored have no resourceVersion.
  if (last === undefined) throw incomplete(what);
  return {
    items,
    resourceVersion: last.resourceVersion,
    ...(last.continue === '' ? {} : { continue: last.continue }),
    ...(last.remainingItemCount === undefined ? {} : { remainingItemCount: last.remainingItemCount }),
  };
}

function watchEvent(event: wire.WatchEvent): WatchEvent {
  const type = eventTypes[event.type];
  if (type !== undefined) return { type, object: new ReceivedObject(event.json) };
  const { resourceVersion, initialEventsEnd } = event;
  return { type: 'BOOKMARK', resourceVersion, initialEventsEnd };
}

function wireTarget(target: CollectionTarget & { readonly name?: string }): wire.TargetInit {
  return target;
}

function received({ json }: wire.ApiObject): Encoded {
  return new ReceivedObject(json);
}

function jsonOf(body: Body): Buffer {
  if (body.kind === 'object') return Buffer.from(JSON.stringify(body.object));
  if (body.contentType === 'application/json') return body.bytes;
  throw new StatusError(
    'UnsupportedMediaType',
    `Cannot send "${body.contentType}": only JSON goes over gRPC`,
  );
}

function deleteOptions({ preconditions, ...options }: DeleteOptions): wire.DeleteOptionsInit {
  return { ...options, uid: preconditions?.uid, resourceVersion: preconditions?.resourceVersion };
}

function doing(verb: string, target: CollectionTarget & { readonly name?: string }): string {
  const { group, resource, subresource, name } = target;
  const plural = group === '' ? resource : `${resource}.${group}`;
  const what = subresource === undefined ? plural : `${plural}/${subresource}`;
  return name === undefined ? `${verb} ${what}` : `${verb} ${what} "${name}"`;
}

function incomplete(what: string): StatusError {
  return new StatusError('InternalError', `Cannot ${what}: the core sent an incomplete answer`);
}
