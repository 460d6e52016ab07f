import type { KubernetesObject, Mutable } from '../api/object.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import type { UserInfo } from '../api/verbs.ts';
import type { ObjectSchema } from '../machinery/schema.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One request as the plug-ins see it. */
export interface AdmissionRequest {
  readonly operation: Operation;
  readonly declaration: KindDeclaration;
  /** "" for the object itself. */
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** What will be stored; only `mutate` may change it. Absent for deletions. */
  readonly object: Mutable<KubernetesObject> | undefined;
  /** What is stored; absent for creations. */
  readonly old: KubernetesObject | undefined;
  /** Absent: the process itself. */
  readonly user: UserInfo | undefined;
  /** Nothing outside the object may change. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
  readonly warn: (text: string) => void;
  /** What clients see where that is not the object as it is stored; absent where it is. */
  readonly view?: AdmissionView | undefined;
  /** The options of the write as its body had them, such as a CreateOptions. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Lets plug-ins see once more what others have changed after them. */
  readonly pass?: MutationPass | undefined;
  /** Notes something for the audit log; keys such as "pod-security.kubernetes.io/enforce-policy". */
  readonly annotate: (key: string, value: string) => void;
}

/** A form of what is written: another version of the kind, or what a subresource shows of the object. */
export interface AdmissionView {
  /** The form of the kind that was asked for. */
  readonly requested: KindDeclaration;
  /** What bodies are, where that is no object of the kind: a Scale, a Binding, a PodExecOptions. */
  readonly body?:
    | {
        readonly group: string;
        readonly version: string;
        readonly kind: string;
        readonly schema: ObjectSchema;
      }
    | undefined;
  /** What the subresource shows of an object in its stored form. */
  readonly show?: ((object: KubernetesObject) => KubernetesObject) | undefined;
  /** The whole object, with what the subresource changes of it. */
  readonly change?:
    ((object: KubernetesObject, shown: KubernetesObject) => Mutable<KubernetesObject>) | undefined;
}

/** One walk through the plug-ins that change objects. */
export interface MutationPass {
  /** The second walk: something was changed from outside after plug-ins had seen it. */
  readonly isSecond: boolean;
  /** Has all plug-ins see the object once more. */
  again(): void;
}

/** One rule about what may be stored. Both parts refuse by throwing a `StatusError`. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Asked first and often: says quickly whether the plug-in cares. */
  handles(request: AdmissionRequest): boolean;
  /** Changes `request.object`. Must be idempotent: a lost race runs it again. */
  mutate?(request: AdmissionRequest): void | Promise<void>;
  /** Sees the final object. */
  validate?(request: AdmissionRequest): void | Promise<void>;
}

/** The plug-ins in their order: all may change the object, then all may refuse it. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    let again = false;
    await this.#mutate({ ...request, pass: { isSecond: false, again: () => (again = true) } });
    if (again) await this.#mutate({ ...request, pass: { isSecond: true, again: () => {} } });
  }

  async #mutate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      // Most decide at once: a turn for each of them would be much of what they cost together.
      const changed =
        plugin.mutate !== undefined && plugin.handles(request) ? plugin.mutate(request) : undefined;
      if (changed !== undefined) await changed;
    }
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      const passed =
        plugin.validate !== undefined && plugin.handles(request) ? plugin.validate(request) : undefined;
      if (passed !== undefined) await passed;
    }
  }
}
