import type { Container, ContainerRestartRule, Pod } from '../../core/api/generated/core-v1.ts';
import { latestOf, type ObservedContainer, type ObservedPod } from './observed-pod.ts';

/** An init container that keeps running beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** Whether an exit asks for a new start: the container's own rules, then its policy, then the Pod's (KEP-5307). */
export function restartsAfterExit(pod: Pod, container: Container, exitCode: number): boolean {
  if (container.restartPolicyRules?.some((rule) => ruleMatches(rule, exitCode))) return true;
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  return policy === 'Always' || exitCode !== 0;
}

/** As upstream's ShouldContainerBeRestarted: also true of a container that never ran. */
export function shouldStart(pod: Pod, container: Container, observed: ObservedPod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const latest = latestOf(observed, container.name);
  if (latest === undefined || latest.state === 'created') return true;
  return latest.state === 'exited' && restartsAfterExit(pod, container, latest.exitCode);
}

/** An init container repeats until it succeeds, unless the Pod never restarts anything. */
export function initRestartsAfterFailure(pod: Pod, container: Container, exitCode: number): boolean {
  if (container.restartPolicyRules?.some((rule) => ruleMatches(rule, exitCode))) return true;
  return (container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always') !== 'Never';
}

export function hasSucceeded(container: ObservedContainer | undefined): boolean {
  return container?.state === 'exited' && container.exitCode === 0;
}

function ruleMatches({ action, exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  if (action !== 'Restart' || exitCodes === undefined) return false;
  const listed = exitCodes.values?.includes(exitCode) ?? false;
  return exitCodes.operator === 'In' ? listed : exitCodes.operator === 'NotIn' && !listed;
}
