import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { Call, CollectionTarget, ListOptions } from '../../api/verbs.ts';
import type { Registry } from '../../registry/registry.ts';
import { nameIn } from '../requests/attributes.ts';
import { selectorsOf } from './asked-selectors.ts';
import type { AskedSelectors } from './asked-selectors.ts';
import type { Authorizer, RequestVerb } from './authorize.ts';
import { checkAccess } from './authorize.ts';
import { checkNamespace, endpointOf, notAllowed, virtualKind } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { SubresourceHandler } from './subresources/subresource.ts';
import { subresourceHandlers } from './subresources/table.ts';
import type { VirtualResource, VirtualResources } from './virtual.ts';

export interface EntryOptions {
  readonly scheme: Scheme;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
  /** What serves the kinds that are not stored. */
  readonly virtual: VirtualResources;
  /** Subresources that need more than the object they belong to, by name. */
  readonly subresources?: ReadonlyMap<string, SubresourceHandler> | undefined;
}

/** A collection, or one object of it. */
export type EntryTarget = CollectionTarget & {
  readonly name?: string;
  /** To what of the collection the request is narrowed. */
  readonly selectors?: AskedSelectors;
};

/** Where every request comes in: who may not do what they ask for gets no further, the others learn what serves it. */
export class Entry {
  readonly #options: EntryOptions;
  readonly #handlers: ReadonlyMap<string, SubresourceHandler>;

  constructor(options: EntryOptions) {
    this.#options = options;
    this.#handlers = new Map([...subresourceHandlers, ...(options.subresources ?? [])]);
  }

  async enter(call: Call, target: EntryTarget, verb: RequestVerb): Promise<Endpoint> {
    await this.#authorize(call, target, verb);
    const { scheme, registry } = this.#options;
    checkNamespace(scheme, target, verb);
    const endpoint = endpointOf(scheme, registry, target, verb, this.#handlers);
    const { custom, deprecation = custom?.warning } = endpoint.declaration;
    if (deprecation !== undefined) call.warn?.(deprecation);
    return endpoint;
  }

  /** Undefined where the target is stored, or nothing; then nobody was asked whether the caller may. */
  async enterVirtual(
    call: Call,
    target: EntryTarget,
    verb: RequestVerb,
  ): Promise<{ readonly kind: KindDeclaration; readonly resource: VirtualResource } | undefined> {
    const { scheme, virtual } = this.#options;
    const kind = virtualKind(scheme, target);
    const resource = virtual.get(`${target.group}/${target.resource}`);
    if (kind === undefined || resource === undefined) return undefined;
    await this.#authorize(call, target, verb);
    // Who may not even ask does not learn what could be asked.
    checkNamespace(scheme, target, verb);
    if (!kind.verbs.includes(verb)) throw notAllowed(kind, verb);
    if (kind.deprecation !== undefined) call.warn?.(kind.deprecation);
    return { kind, resource };
  }

  /** Rejects where the caller may not do this as well. */
  allowed(call: Call, target: EntryTarget, verb: RequestVerb): Promise<void> {
    return this.#authorize(call, target, verb);
  }

  async #authorize(
    call: Call,
    { group, version, resource, subresource, namespace, name, selectors }: EntryTarget,
    verb: RequestVerb,
  ): Promise<void> {
    call.signal?.throwIfAborted();
    const { user } = call;
    if (user === undefined) return;
    const request = { user, verb, group, version, resource, subresource, namespace, name, ...selectors };
    await checkAccess(this.#options.authorizer, request, call.tracker);
  }
}

/** Who asks for one object by its name asks for that name, which a rule may grant (requestinfo.go). */
export function named(
  target: CollectionTarget,
  options: Pick<ListOptions, 'fieldSelector' | 'labelSelector'>,
): EntryTarget {
  const { fieldSelector } = options;
  const name = fieldSelector === undefined ? undefined : nameIn(fieldSelector);
  const narrowed = narrowedTo(target, options);
  return name === undefined ? narrowed : { ...narrowed, name };
}

/** Who asks for less than all of a collection may be allowed just that. */
export function narrowedTo(
  target: CollectionTarget,
  options: Pick<ListOptions, 'fieldSelector' | 'labelSelector'>,
): EntryTarget {
  if (options.fieldSelector === undefined && options.labelSelector === undefined) return target;
  return { ...target, selectors: selectorsOf(options) };
}
