import type { KubernetesObject, Mutable } from '../api/object.ts';

/** Something outside the object that a write has taken for it, such as an address. */
export interface Reservation {
  /** The object is stored: what was taken is its own. */
  commit(): void;
  /** It may be stored: what was taken is free again when that would have shown. */
  leave(): void;
  /** It is certainly not: what was taken is free again. */
  rollback(): Promise<void>;
}

export interface ReserveOptions {
  /** Says what would be taken, and takes nothing. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Takes for an object what it needs and writes it into the object; `old` keeps what it has. Throws Invalid where it cannot. */
export interface Reserver {
  reserve(
    object: Mutable<KubernetesObject>,
    old: KubernetesObject | undefined,
    options: ReserveOptions,
  ): Promise<Reservation>;
}
