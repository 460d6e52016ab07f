import type { Container, LifecycleHandler, Pod } from '../../core/api/generated/core-v1.ts';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { checkHttp, resolvePort } from '../probes/checks.ts';
import { runCommand } from '../probes/run-command.ts';

export interface HookTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly sandboxId: string;
  readonly podIp: string | undefined;
}

/**
 * Runs what a container asked to have run around its life (upstream: pkg/kubelet/lifecycle/handlers.go).
 * Resolves when it succeeded; rejects with why it did not, or with the signal's reason.
 */
export async function runHook(
  runtime: Pick<ContainerRuntime, 'exec' | 'dial'>,
  clock: Clock,
  handler: LifecycleHandler,
  target: HookTarget,
  signal: AbortSignal,
): Promise<void> {
  const { exec, httpGet, tcpSocket, sleep: pause } = handler;
  if (exec !== undefined) {
    const { exitCode, output } = await runCommand(runtime, target.containerId, exec.command ?? [], signal);
    if (exitCode !== 0) {
      const said = output.trim();
      throw new Error(
        `Exec lifecycle hook (${(exec.command ?? []).join(' ')}) for Container "${target.container.name}" in Pod ` +
          `"${target.pod.metadata.name}_${target.pod.metadata.namespace}(${target.pod.metadata.uid})" failed - error: ` +
          `command '${(exec.command ?? []).join(' ')}' exited with ${exitCode}: ${said}`,
      );
    }
  } else if (httpGet !== undefined) {
    const port = resolvePort(httpGet.port, target.container);
    const connect = { runtime, sandboxId: target.sandboxId, podIp: target.podIp };
    const result = await checkHttp(connect, { ...httpGet, port }, signal);
    // Any answer counts: upstream looks at transport errors only.
    if (result.kind === 'error') throw new Error(`Http lifecycle hook failed - error: ${result.message}`);
  } else if (pause !== undefined) {
    await sleep(clock, pause.seconds * 1000, signal);
  } else if (tcpSocket !== undefined) {
    throw new Error('Cannot run lifecycle hook: tcpSocket is not supported as a hook');
  }
}
