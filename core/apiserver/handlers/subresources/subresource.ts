import { badRequest } from '../../../api/errors.ts';
import type { KubernetesObject, Mutable } from '../../../api/object.ts';
import type { KindDeclaration } from '../../../api/scheme.ts';
import type { Call, DeleteOptions, DeleteResult, Encoded, ObjectTarget } from '../../../api/verbs.ts';
import type { JsonObject } from '../../../machinery/json.ts';
import type { Clock } from '../../../machinery/clock.ts';
import type { ResourceStore } from '../../../registry/resource-store.ts';
import type { KindToRead } from '../body.ts';
import type { Endpoint } from '../endpoint.ts';

/** A subresource that is more than a part of the object seen by itself (as status is). */
export interface SubresourceHandler {
  /** What its bodies are, when not objects of the kind itself. */
  readonly kind?: KindToRead;
  /** What of an object its bodies show, where they are not the object itself. */
  show?(declaration: KindDeclaration, object: KubernetesObject): KubernetesObject;
  /** What get, update and patch answer. */
  view?(endpoint: Endpoint, found: Encoded): Encoded;
  /** The object as the body wants it; throws where the body makes no sense. */
  change?(
    endpoint: Pick<Endpoint, 'declaration'>,
    old: Pick<Encoded, 'object'>,
    body: Mutable<KubernetesObject>,
  ): Mutable<KubernetesObject>;
  /** An applied configuration as one of the object; for those whose bodies are not of its kind. */
  configuration?(endpoint: Endpoint, configuration: JsonObject): JsonObject;
  create?(request: SubresourceCreate): Promise<Encoded>;
}

export interface SubresourceCreate {
  readonly call: Call;
  readonly endpoint: Endpoint;
  readonly target: ObjectTarget;
  readonly body: KubernetesObject;
  readonly dryRun: boolean;
  readonly clock: Clock;
  /** Where the objects of another kind are kept. */
  readonly storeOf: (resource: { readonly group: string; readonly plural: string }) => ResourceStore;
  /** Deletes the object the subresource belongs to: admitted already, as what was asked for. */
  readonly delete: (options: DeleteOptions) => Promise<DeleteResult>;
}

/** Who binds or evicts says of whom, besides in the address: a slip there ends something else. */
export function checkSameName({ kind, metadata }: KubernetesObject, { name }: ObjectTarget): void {
  if (metadata.name !== name) throw badRequest(`name in URL does not match name in ${kind} object`);
}

/** Of a body's metadata only what says what its writer has seen, and who writes: what it changes is elsewhere. */
export function writtenMetadata({
  resourceVersion,
  managedFields,
}: KubernetesObject['metadata']): Pick<KubernetesObject['metadata'], 'resourceVersion' | 'managedFields'> {
  return {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(managedFields === undefined ? {} : { managedFields }),
  };
}
