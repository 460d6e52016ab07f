import { badRequest } from '../../api/errors.ts';
import type { ContainerStatus, Pod } from '../../api/generated/core-v1.ts';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/**
 * The container that is meant: the one named, the one the Pod's annotation names, or the only one. Messages are
 * upstream's (registry/core/pod/strategy.go).
 */
export function chooseContainer(pod: Pod, named: string | undefined): string {
  const spec = pod.spec;
  const name = pod.metadata.name ?? '';
  const containers = (spec?.containers ?? []).map((container) => container.name);
  const inits = (spec?.initContainers ?? []).map((container) => container.name);
  const all = [
    ...containers,
    ...inits,
    ...(spec?.ephemeralContainers ?? []).map((container) => container.name),
  ];
  if (named !== undefined && named !== '') {
    if (all.includes(named)) return named;
    throw badRequest(`container ${named} is not valid for pod ${name}`);
  }
  const annotated = pod.metadata.annotations?.[defaultContainerAnnotation];
  if (annotated !== undefined && all.includes(annotated)) return annotated;
  const [only] = containers;
  if (only !== undefined && containers.length === 1) return only;
  const choices = containers.length === 0 ? '' : `, choose one of: [${containers.join(' ')}]`;
  const more = inits.length === 0 ? '' : ` or one of the init containers: [${inits.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${name}${choices}${more}`);
}

/** Refuses where there can be no log yet, in upstream's words (kubelet_pods.go, validateContainerLogStatus). */
export function requireLog(pod: Pod, container: string, previous: boolean): void {
  const where = `container "${container}" in pod "${pod.metadata.name}"`;
  const status = statusOf(pod, container);
  const last = status?.lastState?.terminated;
  if (previous) {
    if (last !== undefined) return;
    throw badRequest(`previous terminated ${where} not found`);
  }
  const { running, terminated, waiting } = status?.state ?? {};
  if (running !== undefined || terminated !== undefined || last !== undefined) return;
  throw badRequest(`${where} is waiting to start: ${waitingFor(waiting?.reason)}`);
}

/** In the words of kubectl, which asks before it calls; other clients do not. */
export function requireAlive(pod: Pod): void {
  const phase = pod.status?.phase;
  if (phase !== 'Succeeded' && phase !== 'Failed') return;
  throw badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`);
}

export function requireRunning(pod: Pod): void {
  const phase = pod.status?.phase ?? 'Pending';
  if (phase === 'Running') return;
  throw badRequest(`unable to forward port because pod is not running. Current status=${phase}`);
}

/** The node a Pod is on; without one there is nothing to stream from. */
export function nodeOf(pod: Pod): string {
  const node = pod.spec?.nodeName ?? '';
  if (node !== '') return node;
  throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}

function waitingFor(reason: string | undefined): string {
  switch (reason) {
    case 'ErrImagePull':
      return "image can't be pulled";
    case 'ImagePullBackOff':
      return 'trying and failing to pull image';
    default:
      return reason ?? 'ContainerCreating';
  }
}

function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  const all = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.find(({ name }) => name === container);
}
