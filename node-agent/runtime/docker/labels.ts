import type { PodIdentity } from '../runtime.ts';

/**
 * The labels everything made here carries. Identity has the names Docker tools know from Kubernetes' own Docker
 * shim (pkg/kubelet/types/labels.go, dockershim/docker_service.go); what those lack has ours.
 */
export const label = {
  podUid: 'io.kubernetes.pod.uid',
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  containerName: 'io.kubernetes.container.name',
  /** "podsandbox" or "container". */
  type: 'io.kubernetes.docker.type',
  sandboxId: 'io.kubernetes.sandbox.id',
  /** Keeps clusters that share one Docker apart. */
  owner: 'wheelhouse.dev/owner',
  attempt: 'wheelhouse.dev/attempt',
  /** "true" on a sandbox whose containers see each other's processes. */
  sharedPids: 'wheelhouse.dev/shared-pids',
} as const;

export type Labels = Readonly<Record<string, string>>;

/** What a label set says it is on. Undefined when it is not one of ours or incomplete. */
export type Identity =
  | { readonly kind: 'sandbox'; readonly pod: PodIdentity; readonly attempt: number }
  | {
      readonly kind: 'container';
      readonly pod: PodIdentity;
      readonly attempt: number;
      readonly name: string;
      readonly sandboxId: string;
    };

const reserved: ReadonlySet<string> = new Set(Object.values(label));

export function sandboxLabels(
  owner: string,
  config: { readonly pod: PodIdentity; attempt: number; shareProcessNamespace: boolean; labels: Labels },
): Record<string, string> {
  return {
    ...config.labels,
    ...podLabels(owner, config.pod, config.attempt),
    [label.containerName]: 'POD',
    [label.type]: 'podsandbox',
    [label.sharedPids]: String(config.shareProcessNamespace),
  };
}

export function containerLabels(
  owner: string,
  sandbox: { readonly id: string; readonly pod: PodIdentity },
  config: { readonly name: string; readonly attempt: number; readonly labels: Labels },
): Record<string, string> {
  return {
    ...config.labels,
    ...podLabels(owner, sandbox.pod, config.attempt),
    [label.containerName]: config.name,
    [label.type]: 'container',
    [label.sandboxId]: sandbox.id,
  };
}

export function identityOf(labels: Labels): Identity | undefined {
  const uid = labels[label.podUid];
  const name = labels[label.podName];
  const namespace = labels[label.podNamespace];
  const attempt = Number(labels[label.attempt]);
  if (uid === undefined || name === undefined || namespace === undefined) return undefined;
  if (!Number.isSafeInteger(attempt) || attempt < 0) return undefined;
  const pod = { uid, name, namespace };
  if (labels[label.type] === 'podsandbox') return { kind: 'sandbox', pod, attempt };
  const containerName = labels[label.containerName];
  const sandboxId = labels[label.sandboxId];
  if (containerName === undefined || sandboxId === undefined) return undefined;
  return { kind: 'container', pod, attempt, name: containerName, sandboxId };
}

/** The labels the caller gave, and those the image brought along. */
export function callersLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !reserved.has(key)));
}

/**
 * The Docker name of a sandbox ("POD") or container, unique for one owner: as the Docker shim's
 * `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`, with the owner as the seventh part.
 */
export function dockerName(owner: string, containerName: string, pod: PodIdentity, attempt: number): string {
  const parts = ['k8s', containerName, pod.name, pod.namespace, pod.uid, String(attempt), owner];
  return parts.map((part) => part.replaceAll(/[^a-zA-Z0-9.-]/g, '-')).join('_');
}

/** A filter for Docker's lists and events. */
export function ownedBy(owner: string, ...more: readonly string[]): { label: string[] } {
  return { label: [`${label.owner}=${owner}`, ...more] };
}

function podLabels(owner: string, pod: PodIdentity, attempt: number): Record<string, string> {
  return {
    [label.podUid]: pod.uid,
    [label.podName]: pod.name,
    [label.podNamespace]: pod.namespace,
    [label.owner]: owner,
    [label.attempt]: String(attempt),
  };
}
