import { StatusError } from '../../api/errors.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { SubresourceFact } from '../../api/schema/facts.ts';
import type { CollectionTarget } from '../../api/verbs.ts';
import { isStored } from '../../registry/registry.ts';
import type { Registry } from '../../registry/registry.ts';
import type { ResourceStore } from '../../registry/resource-store.ts';
import type { RequestVerb } from './authorize.ts';
import type { SubresourceHandler } from './subresources/subresource.ts';

/** What a target's address leads to. */
export interface Endpoint {
  /** As asked for. Differs from the store's where a kind is served in several forms. */
  readonly declaration: KindDeclaration;
  readonly store: ResourceStore;
  readonly subresource:
    | {
        readonly name: string;
        readonly fact: SubresourceFact;
        /** Undefined for a part of the object seen by itself. */
        readonly handler: SubresourceHandler | undefined;
      }
    | undefined;
}

const noHandlers: ReadonlyMap<string, SubresourceHandler> = new Map();

/** Finds what serves a verb: exactly what discovery says, nothing else. `handlers` are those of subresources, by name. */
export function endpointOf(
  scheme: Scheme,
  registry: Registry,
  target: CollectionTarget,
  verb: RequestVerb,
  handlers = noHandlers,
): Endpoint {
  const declaration = scheme.byResource(target.group, target.version, target.resource);
  if (declaration === undefined || isMisplaced(declaration, target)) throw noSuchResource();
  const store = registry.storeOf(declaration);
  const { subresource: name = '' } = target;
  if (store === undefined)
    throw isStored(declaration) || name !== '' ? noSuchResource() : notAllowed(declaration, verb);
  if (name === '') {
    if (!declaration.verbs.includes(verb)) throw notAllowed(declaration, verb);
    return { declaration, store, subresource: undefined };
  }
  const { subresources = {} } = declaration;
  // Whatever is asked for, "constructor" too.
  const fact = Object.hasOwn(subresources, name) ? subresources[name] : undefined;
  if (fact === undefined) throw noSuchResource();
  // Streams have front ends of their own.
  if (fact.connect === true || name === 'log') throw notAllowed(declaration, verb);
  if (!fact.verbs.includes(verb)) throw notAllowed(declaration, verb);
  return { declaration, store, subresource: { name, fact, handler: handlers.get(name) } };
}

/** The declaration of a kind that is served but not stored, where the target names one. */
export function virtualKind(scheme: Scheme, target: CollectionTarget): KindDeclaration | undefined {
  const declaration = scheme.byResource(target.group, target.version, target.resource);
  if (declaration === undefined || isStored(declaration) || (target.subresource ?? '') !== '')
    return undefined;
  return isMisplaced(declaration, target) ? undefined : declaration;
}

/** What belongs to no namespace is not found in one: there, the rights of one namespace would count for it. */
function isMisplaced({ namespaced }: KindDeclaration, { namespace }: CollectionTarget): boolean {
  return !namespaced && namespace !== undefined;
}

/** All namespaces at once are read; what is written or has a name is in one of them. Throws what upstream answers. */
export function checkNamespace(
  scheme: Scheme,
  target: CollectionTarget & { readonly name?: string },
  verb: RequestVerb,
): void {
  if (target.namespace !== undefined || verb === 'list' || verb === 'watch') return;
  const kind = scheme.byResource(target.group, target.version, target.resource);
  if (kind?.namespaced !== true) return;
  const ofAll = verb === 'deletecollection' || (verb === 'create' && target.name === undefined);
  throw ofAll ? notAllowed(kind, verb) : noSuchResource();
}

function noSuchResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource');
}

export function notAllowed({ group, plural, kind, custom }: KindDeclaration, verb: string): StatusError {
  if (custom?.terminating === true)
    return new StatusError(
      'MethodNotAllowed',
      `${verb} not allowed while custom resource definition is terminating`,
      { target: { group, kind: plural } },
    );
  return new StatusError(
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind ${JSON.stringify(group === '' ? plural : `${plural}.${group}`)}`,
    { target: { group, kind } },
  );
}
