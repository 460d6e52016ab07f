import type { KubernetesObject, Mutable } from '../api/object.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import type { UserInfo } from '../api/verbs.ts';

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
  /** Notes something for the audit log; keys such as "pod-security.kubernetes.io/enforce-policy". */
  readonly annotate: (key: string, value: string) => void;
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
    for (const plugin of this.#plugins) {
      if (plugin.mutate !== undefined && plugin.handles(request)) await plugin.mutate(request);
    }
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.validate !== undefined && plugin.handles(request)) await plugin.validate(request);
    }
  }
}
