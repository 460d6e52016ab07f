import type { Pod, PodAffinityTerm } from '../../api/generated/core-v1.ts';
import { selectorFromObject } from '../../machinery/label-selector.ts';
import type { ClusterView } from '../cluster/cluster-state.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import { withLabelKeys } from './label-keys.ts';

/** A term of affinity or anti-affinity, ready to be asked. */
export interface Term {
  readonly topologyKey: string;
  /** Negative where the Pods repel each other; 0 for required terms. */
  readonly weight: number;
  matches(this: void, facts: PodFacts): boolean;
}

/** What a Pod wants of the Pods near it. */
export interface Terms {
  readonly requiredAffinity: readonly Term[];
  readonly requiredAntiAffinity: readonly Term[];
  /** Affinity and anti-affinity, told apart by the sign of the weight. */
  readonly preferred: readonly Term[];
}

const compiled = new WeakMap<PodFacts, Terms>();

/** Reads a Pod's terms once. Namespaces are looked up in `cluster` each time a term is asked. */
export function termsOf(facts: PodFacts, cluster: ClusterView): Terms {
  const known = compiled.get(facts);
  if (known !== undefined) return known;
  const { podAffinity, podAntiAffinity } = facts.pod.spec.affinity ?? {};
  const read = (term: PodAffinityTerm, weight = 0) => readTerm(term, weight, facts.pod, cluster);
  const preferred = (weighted: typeof podAffinity, sign: 1 | -1) =>
    (weighted?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) =>
      read(podAffinityTerm, sign * weight),
    );
  const terms: Terms = {
    requiredAffinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((t) => read(t)),
    requiredAntiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((t) =>
      read(t),
    ),
    preferred: [...preferred(podAffinity, 1), ...preferred(podAntiAffinity, -1)],
  };
  compiled.set(facts, terms);
  return terms;
}

function readTerm(term: PodAffinityTerm, weight: number, owner: Pod, cluster: ClusterView): Term {
  const {
    topologyKey,
    labelSelector,
    namespaces = [],
    namespaceSelector,
    matchLabelKeys,
    mismatchLabelKeys,
  } = term;
  const selector = withLabelKeys(
    selectorFromObject(labelSelector),
    owner.metadata.labels,
    matchLabelKeys,
    mismatchLabelKeys,
  );
  const byLabels = namespaceSelector === undefined ? undefined : selectorFromObject(namespaceSelector);
  // Neither names nor a selector: the Pod's own namespace.
  const named = new Set(
    namespaces.length === 0 && byLabels === undefined ? [owner.metadata.namespace ?? ''] : namespaces,
  );
  return {
    topologyKey,
    weight,
    matches({ namespace, labels }) {
      if (!selector.matches(labels)) return false;
      if (named.has(namespace)) return true;
      if (byLabels === undefined) return false;
      return byLabels.isEverything || byLabels.matches(cluster.labelsOfNamespace(namespace));
    },
  };
}
