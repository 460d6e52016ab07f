import type { AdmissionChain, AdmissionRequest, AdmissionView, Operation } from '../../admission/chain.ts';
import { writeOptions } from './write-options.ts';
import type { GivenOptions } from './write-options.ts';
import { invalid } from '../../api/errors.ts';
import type { FieldError } from '../../api/errors.ts';
import type { KubernetesObject, Mutable, ObjectName } from '../../api/object.ts';
import type { KindDeclaration } from '../../api/scheme.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../api/validation/object-meta.ts';
import type { Call } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { mayBeStored } from '../../registry/errors.ts';
import type { Reservation, Reserver } from '../../registry/reservation.ts';
import type { ResourceStore } from '../../registry/resource-store.ts';
import { recordOwners } from './ownership.ts';
import { checkRevision } from '../../registry/metadata.ts';
import { prepareStatusUpdate, prepareUpdate, resetFields, writesStatus } from '../../registry/updates.ts';

export interface WritePathOptions {
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  /** By "group/plural": what kinds take outside of themselves. */
  readonly reservers: ReadonlyMap<string, Reserver>;
}

/** Who writes what, for admission. */
export interface WriteRequest {
  readonly call: Call;
  readonly store: ResourceStore;
  /** The rules that count: the store's, or of the version of a custom kind that was asked for. */
  readonly declaration: KindDeclaration;
  /** "" for the object itself. */
  readonly subresource: string;
  readonly dryRun: boolean;
  /** The field manager. */
  readonly manager: string;
  /** What the client asked for beside the object. */
  readonly given: GivenOptions;
  /** What the client sees where that is not the object as it is stored. */
  readonly view?: AdmissionView | undefined;
  /** An apply has worked out the owners already. */
  readonly ownersKnown?: boolean;
  /** What the write has taken so far. */
  held?: Reservation;
}

type AdmittedRequest = Pick<
  WriteRequest,
  'call' | 'declaration' | 'subresource' | 'dryRun' | 'view' | 'given'
>;

/** What happens between decoding and storing, the same for every front end and every kind of write. */
export class WritePath {
  readonly #admission: AdmissionChain;
  readonly #clock: Clock;
  readonly #reservers: ReadonlyMap<string, Reserver>;

  constructor({ admission, clock, reservers }: WritePathOptions) {
    this.#admission = admission;
    this.#clock = clock;
    this.#reservers = reservers;
  }

  /** Runs a write; what it took is the object's own once it is stored, and free again when it is not. */
  async holding<T>(request: WriteRequest, write: () => Promise<T>): Promise<T> {
    try {
      const result = await write();
      if (request.dryRun) await request.held?.rollback();
      else request.held?.commit();
      return result;
    } catch (error) {
      if (mayBeStored(error, request.call.signal)) request.held?.leave();
      // What cannot be freed now is found later; why the write failed is what its client has to know.
      else await request.held?.rollback().catch(() => undefined);
      throw error;
    } finally {
      delete request.held;
    }
  }

  /** Defaults stand already on the object: admission may change it, defaults fill in again. */
  async admitCreate(request: WriteRequest, object: Mutable<KubernetesObject>): Promise<void> {
    const { declaration } = request;
    if (declaration.custom !== undefined && declaration.subresources?.['status'] !== undefined)
      delete (object as { status?: unknown }).status;
    // What admission adds belongs to nobody: whoever applies it takes it without a conflict.
    this.#recordOwners(request, object, undefined);
    await this.#admission.mutate(this.#request(request, 'CREATE', object, undefined));
    declaration.applyDefaults?.(object);
  }

  /** Validation has the last word about what was admitted, under the name that it is to have. */
  async checkCreate(request: WriteRequest, object: Mutable<KubernetesObject>): Promise<void> {
    const { declaration } = request;
    refuseIf(declaration, object, [
      ...validateObjectMeta(object.metadata, declaration),
      ...(declaration.validate?.(object) ?? []),
      ...(request.view?.requested.conversion?.validate?.(object) ?? []),
      ...((await declaration.custom?.validate(members(object), undefined)) ?? []),
    ]);
    warnOf(request, object);
    await this.#admission.validate(this.#request(request, 'CREATE', object, undefined));
    await this.#reserve(request, object, undefined);
  }

  /** As both for a creation, and what the update may not touch is put back or refused. */
  async admitUpdate(
    request: WriteRequest,
    object: Mutable<KubernetesObject>,
    old: KubernetesObject,
  ): Promise<void> {
    const { store, subresource, declaration } = request;
    const context = { clock: this.#clock, subresource };
    const rules = { declaration, strategy: store.strategy };
    const ofStatus = writesStatus(subresource);
    // Nobody comes to own by way of the status what cannot be written there.
    const written = { ...object };
    if (ofStatus) prepareStatusUpdate(rules, written, old, context);
    this.#recordOwners(request, written, old);
    object.metadata = { ...object.metadata, managedFields: written.metadata.managedFields };
    const admission = this.#request(request, 'UPDATE', object, old);
    await this.#admission.mutate(admission);
    // Whoever builds on something old is told so before what they built is judged (upstream: registry/store.go).
    checkRevision(declaration, object, { resourceVersion: old.metadata.resourceVersion ?? '', object: old });
    declaration.applyDefaults?.(object);
    if (ofStatus) prepareStatusUpdate(rules, object, old, context);
    else prepareUpdate(rules, object, old, context);
    refuseIf(declaration, object, [
      ...(await validateUpdate(declaration, object, old, subresource)),
      ...(request.view?.requested.conversion?.validateUpdate?.(object, old) ?? []),
    ]);
    if (subresource === '') warnOf(request, object, old);
    await this.#admission.validate(admission);
    if (subresource === '') await this.#reserve(request, object, old);
  }

  /** Called again when the race for the write was lost, or the name was taken. */
  async #reserve(
    request: WriteRequest,
    object: Mutable<KubernetesObject>,
    old: KubernetesObject | undefined,
  ): Promise<void> {
    const { group, plural } = request.declaration;
    const reserver = this.#reservers.get(`${group}/${plural}`);
    if (reserver === undefined) return;
    await request.held?.rollback();
    delete request.held;
    const { dryRun, call } = request;
    request.held = await reserver.reserve(object, old, { dryRun, signal: call.signal });
  }

  /**
   * What is created at an object and is no form of it: a binding, an eviction, a token that is asked for. Plug-ins see
   * it under the name of the object it belongs to.
   */
  async admitCreateAt(
    request: WriteRequest,
    { namespace, name }: ObjectName,
    body: Mutable<KubernetesObject>,
  ): Promise<void> {
    const admission = { ...this.#request(request, 'CREATE', body, undefined), namespace, name };
    await this.#admission.mutate(admission);
    await this.#admission.validate(admission);
  }

  /** What is asked of something that is not stored: a review. */
  async admitVirtual(
    { call, dryRun, given }: Pick<WriteRequest, 'call' | 'dryRun' | 'given'>,
    declaration: KindDeclaration,
    namespace: string | undefined,
    object: Mutable<KubernetesObject>,
  ): Promise<void> {
    const asked = { call, dryRun, given, declaration, subresource: '' };
    const admission = { ...this.#request(asked, 'CREATE', object, undefined), namespace };
    await this.#admission.mutate(admission);
    await this.#admission.validate(admission);
  }

  /** Nothing can be changed of what goes, and yet those who change objects are asked, too. */
  async admitDelete(request: WriteRequest, old: KubernetesObject): Promise<void> {
    const admission = this.#request(request, 'DELETE', undefined, old);
    await this.#admission.mutate(admission);
    await this.#admission.validate(admission);
  }

  #recordOwners(
    { declaration, store, manager, subresource, ownersKnown = false }: WriteRequest,
    object: Mutable<KubernetesObject>,
    old: KubernetesObject | undefined,
  ): void {
    if (ownersKnown) return;
    const resets = resetFields({ declaration, strategy: store.strategy }, subresource);
    const writer = { manager, subresource, resets, nowMs: this.#clock.now() };
    recordOwners(declaration, writer, object, old);
  }

  #request(
    { call, declaration, subresource, dryRun, view, given }: AdmittedRequest,
    operation: Operation,
    object: Mutable<KubernetesObject> | undefined,
    old: KubernetesObject | undefined,
  ): AdmissionRequest {
    const { namespace, name = '' } = (object ?? old)?.metadata ?? {};
    return {
      operation,
      declaration,
      subresource,
      namespace,
      name,
      object,
      old,
      user: call.user,
      dryRun,
      signal: call.signal,
      view,
      options: writeOptions(operation, given, dryRun),
      warn: call.warn ?? (() => {}),
      annotate: (key, value) => call.tracker?.annotate(key, value),
    };
  }
}

async function validateUpdate(
  declaration: KindDeclaration,
  object: KubernetesObject,
  old: KubernetesObject,
  subresource: string,
): Promise<readonly FieldError[]> {
  const errors = [
    ...validateObjectMeta(object.metadata, declaration),
    ...validateObjectMetaUpdate(object.metadata, old.metadata),
  ];
  // The whole of a custom resource is judged, whichever part was written.
  if (declaration.custom !== undefined)
    return [...errors, ...(await declaration.custom.validate(members(object), members(old)))];
  if (writesStatus(subresource)) return [...errors, ...(declaration.validateStatus?.(object, old) ?? [])];
  errors.push(...(declaration.validate?.(object, old) ?? []));
  // Their handlers let nothing else change.
  if (subresource === 'ephemeralcontainers' || subresource === 'resize') return errors;
  // The rules about change may count on a valid object.
  return errors.length > 0 ? errors : (declaration.validateUpdate?.(object, old) ?? []);
}

function members(object: KubernetesObject): JsonObject {
  return object as unknown as JsonObject;
}

/** Costs nothing where nobody listens. */
function warnOf({ call, declaration }: WriteRequest, object: KubernetesObject, old?: KubernetesObject): void {
  if (call.warn === undefined || declaration.warnings === undefined) return;
  for (const warning of declaration.warnings(object, old)) call.warn(warning);
}

function refuseIf(
  declaration: KindDeclaration,
  object: KubernetesObject,
  errors: readonly FieldError[],
): void {
  if (errors.length > 0) throw invalid(declaration, object.metadata.name ?? '', errors);
}
