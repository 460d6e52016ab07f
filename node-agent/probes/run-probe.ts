import type { Probe } from '../../core/api/generated/core-v1.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { checkGrpc, checkHttp, checkTcp, resolvePort, type CheckResult } from './checks.ts';
import type { ProbeTarget } from './probe-target.ts';
import { runCommand } from './run-command.ts';

/** One check of whatever kind the probe asks for. Rejects when its signal aborts an exec. */
export async function runProbe(
  runtime: Pick<ContainerRuntime, 'exec' | 'dial'>,
  probe: Probe,
  { container, containerId, sandboxId, podIp }: ProbeTarget,
  signal: AbortSignal,
): Promise<CheckResult> {
  const connect = { runtime, sandboxId, podIp };
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (exec !== undefined) {
    const { exitCode, output } = await runCommand(runtime, containerId, exec.command ?? [], signal);
    return exitCode === 0 ? { kind: 'success' } : { kind: 'failure', message: output };
  }
  if (httpGet !== undefined) {
    return await checkHttp(connect, { ...httpGet, port: resolvePort(httpGet.port, container) }, signal);
  }
  if (tcpSocket !== undefined) {
    return await checkTcp(connect, { ...tcpSocket, port: resolvePort(tcpSocket.port, container) }, signal);
  }
  if (grpc !== undefined) return await checkGrpc(connect, grpc, signal);
  return { kind: 'success' };
}
