import type { Pod } from '../../api/generated/core-v1.ts';
import type { AnyContainer } from './check.ts';

const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

/**
 * Whether an update changes anything that a level is about. Of what there is to change that are images and containers
 * that are added; a Pod that was let in before the level was raised can otherwise be kept up.
 */
export function isSignificant(pod: Pod, old: Pod): boolean {
  const changed = (now: readonly AnyContainer[] = [], before: readonly AnyContainer[] = []) =>
    now.length !== before.length ||
    now.some((container, at) => containerChanged(pod, container, old, before[at]));
  if (changed(pod.spec.containers, old.spec.containers)) return true;
  if (changed(pod.spec.initContainers, old.spec.initContainers)) return true;
  return (pod.spec.ephemeralContainers ?? []).some((container) => {
    const before = old.spec.ephemeralContainers?.find(({ name }) => name === container.name);
    return containerChanged(pod, container, old, before);
  });
}

function containerChanged(
  pod: Pod,
  container: AnyContainer,
  old: Pod,
  before: AnyContainer | undefined,
): boolean {
  if (container.image !== before?.image || before === undefined) return true;
  const key = `${seccompPrefix}${container.name}`;
  return pod.metadata.annotations?.[key] !== old.metadata.annotations?.[key];
}
