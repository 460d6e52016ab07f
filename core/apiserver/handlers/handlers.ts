import type { AdmissionChain, AdmissionView } from '../../admission/chain.ts';
import { isAlreadyExists, isNotFound, StatusError } from '../../api/errors.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
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
import type { Clock } from '../../machinery/clock.ts';
import type { JsonObject } from '../../machinery/json.ts';
import type { Registry } from '../../registry/registry.ts';
import type { StoredList } from '../../registry/resource-store.ts';
import type { StoredObject } from '../../registry/stored-object.ts';
import { nameIn } from '../requests/attributes.ts';
import type { Authorizer, RequestVerb } from './authorize.ts';
import { checkAccess } from './authorize.ts';
import type { DecodeOptions, ParsedBody } from './body.ts';
import { checkNames, decodeBody, parseBody } from './body.ts';
import { formOf } from './conversion.ts';
import { customFormOf } from './custom-form.ts';
import { endpointOf, notAllowed, virtualKind } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { applied, managerOf, setEntries } from './ownership.ts';
import { PlainObject } from './plain-object.ts';
import { readConfiguration, readPatch } from './patches.ts';
import type { SubresourceHandler } from './subresources/subresource.ts';
import { subresourceHandlers } from './subresources/table.ts';
import type { VirtualResource, VirtualResources } from './virtual.ts';
import { watchStore } from '../../registry/watching.ts';
import { WritePath } from './write-path.ts';
import type { WritePathOptions, WriteRequest } from './write-path.ts';

export interface HandlersOptions {
  readonly scheme: Scheme;
  readonly registry: Registry;
  readonly admission: AdmissionChain;
  readonly authorizer: Authorizer;
  /** What serves the kinds that are not stored. */
  readonly virtual: VirtualResources;
  /** Subresources that need more than the object they belong to, by name. */
  readonly subresources?: ReadonlyMap<string, SubresourceHandler> | undefined;
  readonly reservers: WritePathOptions['reservers'];
  readonly clock: Clock;
}

/**
 * The API: every request of every front end and every component passes here, in one order: authorize, decode,
 * admit, store.
 */
export function createHandlers(options: HandlersOptions): Verbs {
  return new Handlers(options);
}

/** Deletions of one deletecollection that run at once. */
const deletionsAtOnce = 16;
const maxApplyAttempts = 5;
/** For objects made from what is stored or was read before: their fields were reported then. */
const quiet: DecodeOptions = { fieldValidation: 'Ignore' };

class Handlers implements Verbs {
  readonly #options: HandlersOptions;
  readonly #writePath: WritePath;

  constructor(options: HandlersOptions) {
    this.#options = options;
    this.#writePath = new WritePath(options);
  }

  async get(call: Call, target: ObjectTarget, options: GetOptions = {}): Promise<Encoded> {
    const virtual = await this.#enterVirtual(call, target, 'get');
    if (virtual?.resource.get !== undefined) return new PlainObject(await virtual.resource.get(call, target));
    const endpoint = await this.#enter(call, target, 'get');
    const stored = await endpoint.store.get(target.namespace, target.name, options, call.signal);
    return shownIn(call, endpoint, stored);
  }

  async list(call: Call, target: CollectionTarget, options: ListOptions = {}): Promise<EncodedList> {
    const virtual = await this.#enterVirtual(call, named(target, options), 'list');
    if (virtual?.resource.list !== undefined) {
      const objects = await virtual.resource.list(call, target, options);
      return { items: objects.map((object) => new PlainObject(object)), resourceVersion: '' };
    }
    const endpoint = await this.#enter(call, named(target, options), 'list');
    // The cluster's own parts go on with what there is.
    if (call.user !== undefined) await endpoint.store.checkReadable(target.namespace, call.signal);
    const form = formOf(endpoint.declaration);
    const found = await endpoint.store.list(
      target.namespace,
      form?.translate(options) ?? options,
      call.signal,
      endpoint.declaration.custom === undefined ? undefined : endpoint.declaration,
    );
    return listOf(call, endpoint, found);
  }

  async *watch(
    call: Call,
    target: CollectionTarget,
    options: WatchOptions,
  ): AsyncGenerator<readonly WatchEvent[], void, undefined> {
    const { store, declaration } = await this.#enter(call, named(target, options), 'watch');
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

  async create(
    call: Call,
    target: CollectionTarget & { readonly name?: string },
    body: Body,
    options: WriteOptions = {},
  ): Promise<Encoded> {
    const virtual = await this.#enterVirtual(call, target, 'create');
    if (virtual?.resource.create !== undefined) {
      const asking = decodeOptions(call, options);
      const object = decodeBody(virtual.kind, parseBody(body, asking), asking);
      checkNames(virtual.kind, object, { namespace: target.namespace });
      const request = { call, dryRun: options.dryRun === true, given: options };
      await this.#writePath.admitVirtual(request, virtual.kind, target.namespace, object);
      return new PlainObject(await virtual.resource.create(call, target, object, options));
    }
    const endpoint = await this.#enter(call, target, 'create');
    const decoding = decodeOptions(call, options);
    const parsed = parseBody(body, decoding);
    const special = this.#specialOf(endpoint);
    if (special !== undefined)
      return this.#createSubresource(call, target, endpoint, special, parsed, options);
    const { declaration, store, subresource } = endpoint;
    if (subresource !== undefined)
      throw new StatusError(
        'MethodNotAllowed',
        `create is not supported on ${target.resource}/${subresource.name}`,
      );
    const object = decodeBody(declaration, parsed, decoding);
    checkNames(declaration, object, { namespace: target.namespace });
    const request = this.#request(call, endpoint, options);
    const created = await this.#writePath.holding(request, () =>
      store.create(wished(endpoint, object), {
        signal: call.signal,
        dryRun: options.dryRun,
        admit: (admitted) => this.#admitCreate(request, admitted),
      }),
    );
    return shownIn(call, endpoint, created);
  }

  async update(call: Call, target: ObjectTarget, body: Body, options: WriteOptions = {}): Promise<Encoded> {
    const endpoint = await this.#enter(call, target, 'update');
    const decoding = decodeOptions(call, options);
    const parsed = parseBody(body, decoding);
    let decoded: Mutable<KubernetesObject> | undefined = this.#decode(endpoint, target, parsed, decoding);
    const { uid } = decoded.metadata;
    return this.#change(call, target, endpoint, options, { uid }, () => {
      // A second attempt must not see what the first one changed.
      const object = decoded ?? this.#decode(endpoint, target, parsed, { ...decoding, warn: undefined });
      decoded = undefined;
      return object;
    });
  }

  async patch(call: Call, target: ObjectTarget, patch: Patch, options: PatchOptions = {}): Promise<Encoded> {
    const endpoint = await this.#enter(call, target, 'patch');
    if (patch.type === 'apply') return this.#apply(call, target, endpoint, patch, options);
    const decoding = decodeOptions(call, options);
    if (patch.type === 'strategic' && endpoint.declaration.custom !== undefined) throw noStrategicMerge();
    const ready = readPatch(patch, (this.#specialOf(endpoint)?.kind ?? endpoint.declaration).schema);
    return this.#change(call, target, endpoint, options, {}, (old) => {
      const value = ready.apply(shown(endpoint, old).object as unknown as JsonObject);
      return this.#decode(endpoint, target, { value, duplicates: [] }, decoding);
    });
  }

  /** Server-side apply (KEP-555): creates what is not there. */
  async #apply(
    call: Call,
    target: ObjectTarget,
    endpoint: Endpoint,
    patch: Patch,
    options: PatchOptions,
  ): Promise<Encoded> {
    const { declaration, store } = endpoint;
    const special = this.#specialOf(endpoint);
    if (special !== undefined && special.change === undefined)
      throw new StatusError(
        'UnsupportedMediaType',
        `apply is not supported on ${target.resource}/${target.subresource}`,
      );
    const kind = special?.kind ?? declaration;
    const read = readConfiguration(declaration, kind, patch, target, options, call.warn);
    const configuration = special?.configuration?.(endpoint, read) ?? read;
    const request = { ...this.#request(call, endpoint, options), ownersKnown: true };
    const writer = {
      manager: request.manager,
      subresource: request.subresource,
      nowMs: this.#options.clock.now(),
    };
    const next = (old: Encoded | undefined) => {
      const live = old === undefined ? undefined : ownForm(endpoint, old).object;
      const result = applied(declaration, writer, configuration, live, options.force === true);
      const decoded = decodeBody(declaration, { value: result.object, duplicates: [] }, quiet);
      checkNames(declaration, decoded, target);
      // What was applied to another form of the object can have changed no more than that form shows.
      const narrows = old !== undefined && special?.configuration === undefined;
      const changed = (narrows ? special?.change?.(endpoint, old, decoded) : undefined) ?? decoded;
      setEntries(changed, result.managedFields);
      return wished(endpoint, changed);
    };
    const write = { signal: call.signal, dryRun: options.dryRun };
    for (let attempt = 1; ; attempt++) {
      try {
        const updated = await this.#writePath.holding(request, () =>
          store.update(target.namespace, target.name, {
            ...write,
            change: async (stored) => {
              const old = await asWritten(call, endpoint, stored);
              return await this.#admitUpdate(request, next(old), old.object);
            },
          }),
        );
        return await shownIn(call, endpoint, updated);
      } catch (error) {
        if (!isNotFound(error) || endpoint.subresource !== undefined) throw error;
        if (declaration.custom?.terminating === true) throw notAllowed(declaration, 'create');
      }
      try {
        const created = await this.#writePath.holding(request, () =>
          store.create(next(undefined), {
            ...write,
            admit: (object) => this.#admitCreate(request, object),
          }),
        );
        return await shownIn(call, endpoint, created);
      } catch (error) {
        // Somebody was faster: then there is something to update.
        if (!isAlreadyExists(error) || attempt === maxApplyAttempts) throw error;
      }
    }
  }

  async delete(call: Call, target: ObjectTarget, options: DeleteOptions = {}): Promise<DeleteResult> {
    const endpoint = await this.#enter(call, target, 'delete');
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
    const endpoint = await this.#enter(call, target, 'deletecollection');
    const form = formOf(endpoint.declaration);
    const found = await endpoint.store.list(
      target.namespace,
      form?.translate(list) ?? list,
      call.signal,
      endpoint.declaration.custom === undefined ? undefined : endpoint.declaration,
    );
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
    await Promise.all(Array.from({ length: Math.min(deletionsAtOnce, found.items.length) }, worker));
    return listOf(call, endpoint, found);
  }

  async #enterVirtual(
    call: Call,
    target: CollectionTarget & { readonly name?: string },
    verb: RequestVerb,
  ): Promise<{ readonly kind: KindDeclaration; readonly resource: VirtualResource } | undefined> {
    const { scheme, virtual } = this.#options;
    const kind = virtualKind(scheme, target);
    const resource = virtual.get(`${target.group}/${target.resource}`);
    if (kind === undefined || resource === undefined) return undefined;
    await this.#authorize(call, target, verb);
    // Who may not even ask does not learn what could be asked.
    if (!kind.verbs.includes(verb)) throw notAllowed(kind, verb);
    return { kind, resource };
  }

  async #enter(
    call: Call,
    target: CollectionTarget & { readonly name?: string },
    verb: RequestVerb,
  ): Promise<Endpoint> {
    await this.#authorize(call, target, verb);
    const { scheme, registry } = this.#options;
    const endpoint = endpointOf(scheme, registry, target, verb);
    const warning = endpoint.declaration.custom?.warning;
    if (warning !== undefined) call.warn?.(warning);
    return endpoint;
  }

  /** Admission of a new object; resolves to the form of it that is stored. */
  async #admitCreate(
    request: WriteRequest,
    object: Mutable<KubernetesObject>,
  ): Promise<Mutable<KubernetesObject>> {
    await this.#writePath.admitCreate(request, object);
    return (await customFormOf(request.declaration)?.toStored(object, request.call.signal)) ?? object;
  }

  /** As `#admitCreate`, for a change of `old`. */
  async #admitUpdate(
    request: WriteRequest,
    object: Mutable<KubernetesObject>,
    old: KubernetesObject,
  ): Promise<Mutable<KubernetesObject>> {
    await this.#writePath.admitUpdate(request, object, old);
    return (await customFormOf(request.declaration)?.toStored(object, request.call.signal)) ?? object;
  }

  async #authorize(
    call: Call,
    { group, version, resource, subresource, namespace, name }: CollectionTarget & { readonly name?: string },
    verb: RequestVerb,
  ): Promise<void> {
    call.signal?.throwIfAborted();
    const { user } = call;
    if (user === undefined) return;
    const request = { user, verb, group, version, resource, subresource, namespace, name };
    await checkAccess(this.#options.authorizer, request, call.tracker);
  }

  #delete(
    call: Call,
    endpoint: Endpoint,
    target: ObjectTarget,
    options: DeleteOptions,
  ): Promise<DeleteResult> {
    const request = this.#request(call, endpoint, options);
    return endpoint.store.delete(target.namespace, target.name, options, {
      signal: call.signal,
      dryRun: options.dryRun,
      admit: async (old) => {
        const [asked] = (await endpoint.declaration.custom?.convert(
          [old],
          endpoint.declaration.version,
          call.signal,
        )) ?? [old];
        await this.#writePath.admitDelete(request, asked ?? old);
      },
    });
  }

  /** `next` makes what the client wants from what there is; called again when the race for the write was lost. */
  async #change(
    call: Call,
    target: ObjectTarget,
    endpoint: Endpoint,
    options: WriteOptions,
    preconditions: { readonly uid?: string | undefined },
    next: (old: Encoded) => Mutable<KubernetesObject>,
  ): Promise<Encoded> {
    const { store } = endpoint;
    const special = this.#specialOf(endpoint);
    const request = this.#request(call, endpoint, options);
    const stored = await this.#writePath.holding(request, () =>
      store.update(target.namespace, target.name, {
        signal: call.signal,
        dryRun: options.dryRun,
        preconditions,
        change: async (found) => {
          const old = await asWritten(call, endpoint, found);
          const wanted = next(old);
          const object = special?.change?.(endpoint, old, wanted) ?? wished(endpoint, wanted);
          return await this.#admitUpdate(request, object, old.object);
        },
      }),
    );
    return shownIn(call, endpoint, stored);
  }

  async #createSubresource(
    call: Call,
    target: CollectionTarget & { readonly name?: string },
    endpoint: Endpoint,
    special: SubresourceHandler,
    parsed: ParsedBody,
    options: WriteOptions,
  ): Promise<Encoded> {
    const { name } = target;
    if (special.create === undefined || name === undefined)
      throw new StatusError(
        'MethodNotAllowed',
        `create is not supported on ${target.resource}/${target.subresource}`,
      );
    const body = decodeBody(special.kind ?? endpoint.declaration, parsed, decodeOptions(call, options));
    await this.#writePath.admitCreateAt(
      this.#request(call, endpoint, options),
      { namespace: target.namespace, name },
      body,
    );
    return special.create({
      call,
      endpoint,
      target: { ...target, name },
      body,
      dryRun: options.dryRun === true,
      clock: this.#options.clock,
      storeOf: (resource) => this.#options.registry.storeFor(resource),
      delete: (deletion) =>
        this.#delete(call, { ...endpoint, subresource: undefined }, { ...target, name }, deletion),
    });
  }

  #specialOf({ subresource }: Endpoint): SubresourceHandler | undefined {
    if (subresource === undefined) return undefined;
    return this.#options.subresources?.get(subresource.name) ?? subresourceHandlers.get(subresource.name);
  }

  #decode(
    endpoint: Endpoint,
    target: ObjectTarget,
    parsed: ParsedBody,
    decoding: DecodeOptions,
  ): Mutable<KubernetesObject> {
    const kind = this.#specialOf(endpoint)?.kind ?? endpoint.declaration;
    const object = decodeBody(kind, parsed, decoding);
    checkNames(endpoint.declaration, object, target);
    return object;
  }

  #request(call: Call, endpoint: Endpoint, options: WriteOptions | DeleteOptions): WriteRequest {
    const { declaration: asked, store, subresource } = endpoint;
    // Versions of a custom kind have rules of their own; other forms go by those of what is stored.
    const declaration = asked.custom === undefined ? store.declaration : asked;
    const { dryRun = false } = options;
    const fieldManager = 'fieldManager' in options ? options.fieldManager : undefined;
    const manager = managerOf(fieldManager, call.userAgent);
    const managerNamed = fieldManager !== undefined && fieldManager !== '';
    const view = viewOf(endpoint, this.#specialOf(endpoint));
    return {
      call,
      store,
      declaration,
      subresource: subresource?.name ?? '',
      dryRun,
      manager,
      managerNamed,
      given: options,
      view,
    };
  }
}

/** What whoever is asked about a write sees of it; undefined where that is the object as it is stored. */
function viewOf(
  { declaration, store }: Endpoint,
  special: SubresourceHandler | undefined,
): AdmissionView | undefined {
  if (declaration === store.declaration && special?.kind === undefined) return undefined;
  const requested = { requested: declaration, body: special?.kind };
  if (special?.show === undefined) return requested;
  return {
    ...requested,
    show: (object) => special.show?.(declaration, object) ?? object,
    change: (object, body) =>
      special.change?.({ declaration }, { object }, body as Mutable<KubernetesObject>) ??
      (body as Mutable<KubernetesObject>),
  };
}

/** Who asks for one object by its name asks for that name, which a rule may grant (requestinfo.go). */
function named(
  target: CollectionTarget,
  { fieldSelector }: Pick<ListOptions, 'fieldSelector'>,
): CollectionTarget & { readonly name?: string } {
  if (fieldSelector === undefined) return target;
  const name = nameIn(fieldSelector);
  return name === undefined ? target : { ...target, name };
}

/** A stored object in the form that was asked for. */
function shown(endpoint: Endpoint, stored: Encoded): Encoded {
  const special = subresourceHandlers.get(endpoint.subresource?.name ?? '');
  return special?.view?.(endpoint, stored) ?? ownForm(endpoint, stored);
}

/** The whole object in the version that was asked for. */
function ownForm({ declaration }: Endpoint, stored: Encoded): Encoded {
  return formOf(declaration)?.show(stored) ?? stored;
}

/** As `shown`, for custom kinds too, whose versions may have to be asked of somebody. */
function shownIn(call: Call, endpoint: Endpoint, stored: StoredObject): Encoded | Promise<Encoded> {
  return endpoint.declaration.custom === undefined
    ? shown(endpoint, stored)
    : shownCustom(call, endpoint, stored);
}

async function shownCustom(call: Call, endpoint: Endpoint, stored: StoredObject): Promise<Encoded> {
  return shown(endpoint, await asWritten(call, endpoint, stored));
}

/** What writes start from: a custom resource in the version they are in, of other kinds what is stored. */
async function asWritten(call: Call, { declaration }: Endpoint, stored: StoredObject): Promise<Encoded> {
  return (await customFormOf(declaration)?.show(stored, call.signal)) ?? stored;
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

/** What a client sent, completed, in the form that is stored. */
function wished(
  { declaration, store }: Endpoint,
  object: Mutable<KubernetesObject>,
): Mutable<KubernetesObject> {
  declaration.applyDefaults?.(object);
  const form = formOf(declaration);
  if (form === undefined) return object;
  const stored = form.toStored(object);
  store.declaration.applyDefaults?.(stored);
  return stored;
}

async function listOf(
  call: Call,
  { declaration }: Endpoint,
  { items, resourceVersion, continue: more, remainingItemCount }: StoredList,
): Promise<EncodedList> {
  const form = formOf(declaration);
  const custom = customFormOf(declaration);
  const asked = form === undefined ? items : items.map((item) => form.show(item));
  return {
    items: custom === undefined ? asked : await custom.showAll(items, call.signal),
    resourceVersion,
    ...(more === undefined ? {} : { continue: more }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}

function decodeOptions(call: Call, { fieldValidation }: WriteOptions): DecodeOptions {
  return { fieldValidation, warn: call.warn };
}
