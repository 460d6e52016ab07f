import { conflict, isAlreadyExists, isNotFound } from '../../api/errors.ts';
import type { KubernetesObject, Mutable, ObjectName } from '../../api/object.ts';
import type { Call, DeleteOptions, DeleteResult, Encoded } from '../../api/verbs.ts';
import type { UpdateCall } from '../../registry/write-calls.ts';
import { asWritten, shownIn, wished } from './asked-form.ts';
import { customFormOf } from './custom-form.ts';
import type { Endpoint } from './endpoint.ts';
import type { WritePath, WriteRequest } from './write-path.ts';

const maxAttempts = 5;

/** Writes to an endpoint, whichever verb they came by: admitted, stored, and shown in the form that was asked for. */
export class Writes {
  readonly #path: WritePath;

  constructor(path: WritePath) {
    this.#path = path;
  }

  /** `object` is in the form that was asked for. */
  async create(
    request: WriteRequest,
    endpoint: Endpoint,
    object: Mutable<KubernetesObject>,
  ): Promise<Encoded> {
    const { call, dryRun } = request;
    const created = await this.#path.holding(request, () =>
      endpoint.store.create(wished(endpoint, object), {
        signal: call.signal,
        dryRun,
        admit: (given) => this.#path.admitCreate(request, given),
        check: async (admitted) => {
          await this.#path.checkCreate(request, admitted);
          return await toStored(request, admitted);
        },
      }),
    );
    return shownIn(call, endpoint, created);
  }

  /** `next` makes what is wished from what there is; called again when the race for the write was lost. */
  async update(
    request: WriteRequest,
    endpoint: Endpoint,
    { namespace, name }: ObjectName,
    next: (old: Encoded) => Mutable<KubernetesObject>,
    preconditions: UpdateCall['preconditions'] = {},
  ): Promise<Encoded> {
    const { call, dryRun } = request;
    const updated = await this.#path.holding(request, () =>
      endpoint.store.update(namespace, name, {
        signal: call.signal,
        dryRun,
        preconditions,
        change: async (found) => {
          const old = await asWritten(call, endpoint, found);
          const object = next(old);
          await this.#path.admitUpdate(request, object, old.object);
          return await toStored(request, object);
        },
      }),
    );
    return shownIn(call, endpoint, updated);
  }

  /**
   * As `update`; what is not there is created, where the kind allows that, for who may (`mayCreate` rejects for the
   * others). A precondition holds of nothing that is not there (registry/generic/registry/store.go: Update).
   */
  async replace(
    request: WriteRequest,
    endpoint: Endpoint,
    target: ObjectName,
    next: (old: Encoded) => Mutable<KubernetesObject>,
    { uid }: NonNullable<UpdateCall['preconditions']>,
    made: () => Mutable<KubernetesObject>,
    mayCreate: () => Promise<void>,
  ): Promise<Encoded> {
    const { declaration } = request;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.update(request, endpoint, target, next, { uid });
      } catch (error) {
        const creates = declaration.createOnUpdate === true && request.subresource === '';
        if (!isNotFound(error) || !creates || !(await isAbsent(request.call, endpoint, target))) throw error;
      }
      await mayCreate();
      if (uid !== undefined)
        throw conflict(
          declaration,
          target.name,
          `Precondition failed: UID in precondition: ${uid}, UID in object meta: `,
        );
      try {
        const object = made();
        // It is that of an object which has gone since.
        delete object.metadata.resourceVersion;
        return await this.create(request, endpoint, object);
      } catch (error) {
        // Somebody was faster: then there is something to update.
        if (!isAlreadyExists(error) || attempt === maxAttempts) throw error;
      }
    }
  }

  /** Resolves to what is stored, whichever form was asked for. */
  delete(
    request: WriteRequest,
    { store, declaration }: Endpoint,
    { namespace, name }: ObjectName,
    options: DeleteOptions,
  ): Promise<DeleteResult> {
    const { call, dryRun } = request;
    const { custom, version } = declaration;
    return store.delete(namespace, name, options, {
      signal: call.signal,
      dryRun,
      admit: async (old) => {
        const [asked] = (await custom?.convert([old], version, call.signal)) ?? [old];
        await this.#path.admitDelete(request, asked ?? old);
      },
    });
  }
}

/** Whether there is nothing to update: admission may have said of something else that it is not found. */
export async function isAbsent(
  { signal }: Call,
  { store }: Endpoint,
  { namespace, name }: ObjectName,
): Promise<boolean> {
  try {
    await store.get(namespace, name, {}, signal);
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

/** A custom resource in the version that is stored; other kinds are in the form of what is stored already. */
async function toStored(
  { declaration, call }: WriteRequest,
  object: Mutable<KubernetesObject>,
): Promise<Mutable<KubernetesObject>> {
  return (await customFormOf(declaration)?.toStored(object, call.signal)) ?? object;
}
