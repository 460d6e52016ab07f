import type { KubernetesObject, Mutable } from '../api/object.ts';
import type { Preconditions } from './metadata.ts';
import type { StoredObject } from './stored-object.ts';

export interface WriteCall {
  readonly signal?: AbortSignal | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface CreateCall extends WriteCall {
  /** Admission that changes the object, and defaults again. Runs once, however many names are tried. */
  readonly admit?: ((object: Mutable<KubernetesObject>) => Promise<void>) | undefined;
  /**
   * Whatever may refuse the object: asked again under each further name that is generated (upstream: store.go,
   * createWithGenerateNameRetry). Resolves to what is to be stored where that is another form of the object.
   */
  readonly check?:
    ((object: Mutable<KubernetesObject>) => Promise<Mutable<KubernetesObject> | void>) | undefined;
}

export interface UpdateCall extends WriteCall {
  readonly preconditions?: Preconditions | undefined;
  /**
   * Makes the new object from the present one, validated and ready to be stored; called again when the race for
   * the write was lost. A `resourceVersion` in it makes the update conditional.
   */
  readonly change: (old: StoredObject) => Promise<Mutable<KubernetesObject>>;
}

export interface DeleteCall extends WriteCall {
  readonly admit?: ((old: KubernetesObject) => Promise<void>) | undefined;
}
