import { StatusError } from '../../api/errors.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { SubresourceFact } from '../../api/schema/facts.ts';
import type { CollectionTarget } from '../../api/verbs.ts';
import type { Registry } from '../../registry/registry.ts';
import type { ResourceStore } from '../../registry/resource-store.ts';
import type { RequestVerb } from './authorize.ts';

/** What a target's address leads to. */
export interface Endpoint {
  /** As asked for. Differs from the store's where a kind is served in several forms. */
  readonly declaration: KindDeclaration;
  readonly store: ResourceStore;
  readonly subresource: { readonly name: string; readonly fact: SubresourceFact } | undefined;
}

/** Finds what serves a verb: exactly what discovery says, nothing else. */
export function endpointOf(
  scheme: Scheme,
  registry: Registry,
  target: CollectionTarget,
  verb: RequestVerb,
): Endpoint {
  const declaration = scheme.byResource(target.group, target.version, target.resource);
  const store = declaration === undefined ? undefined : registry.storeOf(declaration);
  if (declaration === undefined || store === undefined) throw noSuchResource();
  if (target.subresource === undefined || target.subresource === '') {
    if (!declaration.verbs.includes(verb)) throw notAllowed(declaration, verb);
    return { declaration, store, subresource: undefined };
  }
  const fact = declaration.subresources?.[target.subresource];
  if (fact === undefined) throw noSuchResource();
  if (!fact.verbs.includes(verb)) throw notAllowed(declaration, verb);
  return { declaration, store, subresource: { name: target.subresource, fact } };
}

function noSuchResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource');
}

function notAllowed({ group, plural, kind }: KindDeclaration, verb: string): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind ${JSON.stringify(group === '' ? plural : `${plural}.${group}`)}`,
    { target: { group, kind } },
  );
}
