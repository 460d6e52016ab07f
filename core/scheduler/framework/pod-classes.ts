import type { ClusterView } from '../cluster/cluster-state.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import { PodClass } from './pod-class.ts';
import type { Profile } from './profile.ts';

/** More at a time are kept twice: it costs little. */
const maxSharedKeys = 4096;

/** Each class keeps some 40 bytes a node: at 5,000 nodes these are 13 MB. */
const maxClasses = 64;

/** The classes of the Pods that were looked at last. */
export class PodClasses {
  readonly #profile: Profile;
  readonly #cluster: ClusterView;
  readonly #classes = new Map<string, PodClass>();
  /** Keys are long, and thousands of waiting Pods have the same. */
  readonly #sharedKeys = new Map<string, string>();
  /** Reading a Pod's key costs more than looking it up. */
  readonly #keys = new WeakMap<PodFacts, { readonly minded: boolean; readonly key: string }>();

  constructor(profile: Profile, cluster: ClusterView) {
    this.#profile = profile;
    this.#cluster = cluster;
  }

  of(facts: PodFacts): PodClass {
    const key = this.keyOf(facts);
    const known = this.#classes.get(key);
    if (known !== undefined) {
      this.#classes.delete(key);
      this.#classes.set(key, known);
      return known;
    }
    const made = new PodClass(this.#profile, facts, this.#cluster);
    this.#classes.set(key, made);
    for (const [oldest, podClass] of this.#classes) {
      if (this.#classes.size <= maxClasses) break;
      podClass.dispose();
      this.#classes.delete(oldest);
    }
    return made;
  }

  /** What the rules tell Pods apart by. Labels count only where Pods mind each other. */
  keyOf(facts: PodFacts): string {
    const minded = this.#cluster.mindedPods > 0;
    const known = this.#keys.get(facts);
    if (known?.minded === minded) return known.key;
    const key = this.#shared(classKey(facts, minded));
    this.#keys.set(facts, { minded, key });
    return key;
  }

  #shared(key: string): string {
    const known = this.#sharedKeys.get(key);
    if (known !== undefined) return known;
    if (this.#sharedKeys.size >= maxSharedKeys) this.#sharedKeys.clear();
    this.#sharedKeys.set(key, key);
    return key;
  }
}

function classKey({ pod: { spec }, namespace, labels, shape }: PodFacts, minded: boolean): string {
  const { requests, hostPorts } = shape;
  return JSON.stringify([
    requests,
    hostPorts,
    spec.nodeName,
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpreadConstraints,
    spec.containers.map(({ image }) => image),
    spec.initContainers?.map(({ image }) => image),
    // With the first Pod that minds others come rules for those that mind nobody themselves.
    minded,
    minded || shape.minds ? [namespace, labels] : undefined,
  ]);
}
