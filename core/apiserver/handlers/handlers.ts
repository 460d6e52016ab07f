import { isNotFound, StatusError } from '../../api/errors.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { checkUnsafeDeletion, isUnsafeDeletion, refuseUnsafeCollection } from './unsafe-deletion.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
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
import type { JsonObject } from '../../machinery/json.ts';
import type { StoredList } from '../../registry/listing.ts';
import { watchStore } from '../../registry/watching.ts';
import { serverSideApply } from './apply.ts';
import { listOf, shown, shownIn, wished } from './asked-form.ts';
import type { DecodeOptions, ParsedBody } from './body.ts';
import { checkNamed, checkNames, decodeBody, parseBody } from './body.ts';
import { formOf } from './conversion.ts';
import { customFormOf } from './custom-form.ts';
import type { Endpoint } from './endpoint.ts';
import { Entry, named, narrowedTo } from './entry.ts';
import type { EntryOptions, EntryTarget } from './entry.ts';
import { checkPatchOptions } from './patch-options.ts';
import { readPatch } from './patches.ts';
import { PlainObject } from './plain-object.ts';
import { WritePath } from './write-path.ts';
import type { WritePathOptions } from './write-path.ts';
import { writeRequestOf } from './write-request.ts';
import { Writes } from './writes.ts';

export interface HandlersOptions extends EntryOptions, WritePathOptions {}

/**
 * The API: every request of every front end and every component passes here, in one order: authorize, decode,
 * admit, store.
 */
export function createHandlers(options: HandlersOptions): Verbs {
  return new Handlers(options);
}

/** Deletions of one deletecollection that run at once. */
const deletionsAtOnce = 16;

class Handlers implements Verbs {
  readonly #options: HandlersOptions;
  readonly #entry: Entry;
  readonly #writePath: WritePath;
  readonly #writes: Writes;

  constructor(options: HandlersOptions) {
    this.#options = options;
    this.#entry = new Entry(options);
    this.#writePath = new WritePath(options);
    this.#writes = new Writes(this.#writePath);
  }

  async get(call: Call, target: ObjectTarget, options: GetOptions = {}): Promise<Encoded> {
    const virtual = await this.#entry.enterVirtual(call, target, 'get');
    if (virtual?.resource.get !== undefined) return new PlainObject(await virtual.resource.get(call, target));
    const endpoint = await this.#entry.enter(call, target, 'get');
    const stored = await endpoint.store.get(target.namespace, target.name, options, call.signal);
    return shownIn(call, endpoint, stored);
  }

  async list(call: Call, target: CollectionTarget, options: ListOptions = {}): Promise<EncodedList> {
    const virtual = await this.#entry.enterVirtual(call, named(target, options), 'list');
    if (virtual?.resource.list !== undefined) {
      const objects = await virtual.resource.list(call, target, options);
      return { items: objects.map((object) => new PlainObject(object)), resourceVersion: '' };
    }
    const endpoint = await this.#entry.enter(call, named(target, options), 'list');
    // The cluster's own parts go on with what there is.
    if (call.user !== undefined) await endpoint.store.checkReadable(target.namespace, call.signal);
    return listOf(call, endpoint, await find(call, endpoint, target.namespace, options));
  }

  async *watch(
    call: Call,
    target: CollectionTarget,
    options: WatchOptions,
  ): AsyncGenerator<readonly WatchEvent[], void, undefined> {
    const { store, declaration } = await this.#entry.enter(call, named(target, options), 'watch');
    const form = formOf(declaration);
    const custom = customFormOf(declaration);
    if (custom !== undefined) {
      for await (const events of watchStore(store, call, target, options, this.#options.clock, declaration))
        yield await custom.showEvents(events, call.signal);
      return;
    }
    if (form === undefined) {
      yield* watchStore(store, call, target, options, this.#options.clock);
      return;
    }
    const batches = watchStore(store, call, target, form.translate(options), this.#options.clock);
    for await (const events of batches) yield form.showEvents(events);
  }

  async create(call: Call, target: EntryTarget, body: Body, options: WriteOptions = {}): Promise<Encoded> {
    const virtual = await this.#entry.enterVirtual(call, target, 'create');
    if (virtual?.resource.create !== undefined) {
      refuseNamed(target);
      const asking = decodeOptions(call, options);
      const object = decodeBody(virtual.kind, parseBody(body, asking), asking);
      checkNames(virtual.kind, object, { namespace: target.namespace });
      const request = { call, dryRun: options.dryRun === true, given: options };
      await this.#writePath.admitVirtual(request, virtual.kind, target.namespace, object);
      return new PlainObject(await virtual.resource.create(call, target, object, options));
    }
    const endpoint = await this.#entry.enter(call, target, 'create');
    if (endpoint.subresource === undefined) refuseNamed(target);
    const decoding = decodeOptions(call, options);
    const parsed = parseBody(body, decoding);
    if (endpoint.subresource !== undefined)
      return this.#createSubresource(call, target, endpoint, parsed, options);
    const { declaration } = endpoint;
    const object = decodeBody(declaration, parsed, decoding);
    checkNames(declaration, object, { namespace: target.namespace });
    return this.#writes.create(writeRequestOf(call, endpoint, options), endpoint, object);
  }

  async update(call: Call, target: ObjectTarget, body: Body, options: WriteOptions = {}): Promise<Encoded> {
    const endpoint = await this.#entry.enter(call, target, 'update');
    const decoding = decodeOptions(call, options);
    const parsed = parseBody(body, decoding);
    let decoded: Mutable<KubernetesObject> | undefined = decodeAt(endpoint, target, parsed, decoding, true);
    const { uid } = decoded.metadata;
    const made = () => {
      // A second attempt must not see what the first one changed.
      const object = decoded ?? decodeAt(endpoint, target, parsed, { ...decoding, warn: undefined });
      decoded = undefined;
      return object;
    };
    const request = writeRequestOf(call, endpoint, options);
    const mayCreate = () => this.#entry.allowed(call, target, 'create');
    const next = (old: Encoded) => changed(endpoint, old, made());
    return this.#writes.replace(request, endpoint, target, next, { uid }, made, mayCreate);
  }

  async patch(call: Call, target: ObjectTarget, patch: Patch, options: PatchOptions = {}): Promise<Encoded> {
    const endpoint = await this.#entry.enter(call, target, 'patch');
    checkPatchOptions(patch.type, options);
    if (patch.type === 'apply') {
      const mayCreate = () => this.#entry.allowed(call, target, 'create');
      const { clock } = this.#options;
      return serverSideApply(this.#writes, mayCreate, clock, call, target, endpoint, patch, options);
    }
    const decoding = decodeOptions(call, options);
    if (patch.type === 'strategic' && endpoint.declaration.custom !== undefined) throw noStrategicMerge();
    const ready = readPatch(patch, endpoint.subresource?.handler?.kind ?? endpoint.declaration, options);
    const { problems: duplicates, refuse } = ready;
    return this.#writes.update(writeRequestOf(call, endpoint, options), endpoint, target, (old) => {
      const value = ready.apply(shown(endpoint, old).object as unknown as JsonObject);
      return changed(
        endpoint,
        old,
        decodeAt(endpoint, target, { value, duplicates }, { ...decoding, refuse }),
      );
    });
  }

  async delete(call: Call, target: ObjectTarget, options: DeleteOptions = {}): Promise<DeleteResult> {
    const endpoint = await this.#entry.enter(call, target, 'delete');
    if (isUnsafeDeletion(options)) return this.#deleteUnreadable(call, endpoint, target);
    const { object, gone } = await this.#delete(call, endpoint, target, options);
    const custom = customFormOf(endpoint.declaration);
    if (custom !== undefined) return { object: await custom.show(object, call.signal), gone };
    return { object: formOf(endpoint.declaration)?.show(object) ?? object, gone };
  }

  async deleteCollection(
    call: Call,
    target: CollectionTarget,
    list: ListOptions = {},
    options: DeleteOptions = {},
  ): Promise<EncodedList> {
    const endpoint = await this.#entry.enter(call, narrowedTo(target, list), 'deletecollection');
    refuseUnsafeCollection(options);
    // A collection is not gone while something is left of it, so this holds for the cluster's own parts, too.
    await endpoint.store.checkReadable(target.namespace, call.signal);
    const found = await find(call, endpoint, target.namespace, list);
    const waiting = found.items.values();
    const worker = async () => {
      for (const { object } of waiting) {
        call.signal?.throwIfAborted();
        const { name = '', namespace } = object.metadata;
        const where = { ...target, name, ...(namespace === undefined ? {} : { namespace }) };
        await this.#delete(call, endpoint, where, options).catch((error: unknown) => {
          // Whoever deleted it first did what was asked.
          if (!isNotFound(error)) throw error;
        });
      }
    };
    const workers = Array.from({ length: Math.min(deletionsAtOnce, found.items.length) }, worker);
    // Nothing goes on behind the back of a client that was told of a failure.
    for (const result of await Promise.allSettled(workers))
      if (result.status === 'rejected') throw result.reason;
    return listOf(call, endpoint, found);
  }

  #delete(
    call: Call,
    endpoint: Endpoint,
    target: ObjectTarget,
    options: DeleteOptions,
  ): Promise<DeleteResult> {
    return this.#writes.delete(writeRequestOf(call, endpoint, options), endpoint, target, options);
  }

  /** Admission would have nothing to look at: whoever may do this knows what they do. */
  async #deleteUnreadable(
    call: Call,
    { declaration, store }: Endpoint,
    target: ObjectTarget,
  ): Promise<DeleteResult> {
    const { namespace, name } = target;
    await checkUnsafeDeletion(this.#options.authorizer, call, target);
    await store.deleteUnreadable(namespace, name, { signal: call.signal });
    const { kind } = declaration;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    return { object: new PlainObject({ apiVersion: apiVersionOf(declaration), kind, metadata }), gone: true };
  }

  async #createSubresource(
    call: Call,
    target: EntryTarget,
    endpoint: Endpoint,
    parsed: ParsedBody,
    options: WriteOptions,
  ): Promise<Encoded> {
    const { name } = target;
    const handler = endpoint.subresource?.handler;
    if (handler?.create === undefined || name === undefined)
      throw new StatusError(
        'MethodNotAllowed',
        `create is not supported on ${target.resource}/${target.subresource}`,
      );
    const body = decodeBody(handler.kind ?? endpoint.declaration, parsed, decodeOptions(call, options));
    checkNames(endpoint.declaration, body, { namespace: target.namespace });
    await this.#writePath.admitCreateAt(
      writeRequestOf(call, endpoint, options),
      { namespace: target.namespace, name },
      body,
    );
    return handler.create({
      call,
      endpoint,
      target: { ...target, name },
      body,
      dryRun: options.dryRun === true,
      clock: this.#options.clock,
      storeOf: (resource) => this.#options.registry.storeFor(resource),
      delete: ({ dryRun, ...deletion }) =>
        endpoint.store.delete(target.namespace, name, deletion, { signal: call.signal, dryRun }),
    });
  }
}

function find(
  { signal }: Call,
  { declaration, store }: Endpoint,
  namespace: string | undefined,
  options: ListOptions,
): Promise<StoredList> {
  const stored = formOf(declaration)?.translate(options) ?? options;
  return store.list(namespace, stored, signal, declaration.custom === undefined ? undefined : declaration);
}

function noStrategicMerge(): StatusError {
  const accepted = [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/apply-patch+yaml',
  ];
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** The object as it is to be, once the client wants it, or a part of it, so. */
function changed(
  endpoint: Endpoint,
  old: Encoded,
  wanted: Mutable<KubernetesObject>,
): Mutable<KubernetesObject> {
  return endpoint.subresource?.handler?.change?.(endpoint, old, wanted) ?? wished(endpoint, wanted);
}

/** Reads a body and checks that it belongs where it was sent to. */
function decodeAt(
  { declaration, subresource }: Endpoint,
  target: ObjectTarget,
  parsed: ParsedBody,
  decoding: DecodeOptions,
  needsName = false,
): Mutable<KubernetesObject> {
  const object = decodeBody(subresource?.handler?.kind ?? declaration, parsed, decoding);
  if (needsName) checkNamed(object, target.name);
  checkNames(declaration, object, target);
  return object;
}

function decodeOptions(call: Call, { fieldValidation }: WriteOptions): DecodeOptions {
  return { fieldValidation, warn: call.warn };
}

/** A rule that names objects would allow it, and the name in the body may be any. */
function refuseNamed({ name }: EntryTarget): void {
  if (name !== undefined)
    throw new StatusError('MethodNotAllowed', `create is not supported at the name ${JSON.stringify(name)}`);
}
