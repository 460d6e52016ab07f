import { systemClock } from '../../core/machinery/clock.ts';
import { rotateLog, stopProcess, superviseProcess } from '../../core/machinery/process/supervised-process.ts';
import type { ProcessSpec } from '../../core/machinery/process/supervised-process.ts';
import { untilMade } from './credentials.ts';
import { readState } from './profile.ts';
import type { Profile } from './profile.ts';
import { agentSpec, coreSpec, dockerDaemonSpec, nodeCertificate } from './programs.ts';

const rotateEveryMs = 60_000;

/**
 * Keeps a profile's processes running until SIGTERM, then stops them in order: the agent first, so that it does not
 * see its core vanish; containers keep running. Dies without harm: the processes go on and the next supervisor
 * adopts them.
 */
export async function runSupervisor(profile: Profile): Promise<number> {
  const state = readState(profile);
  if (state === undefined)
    throw new Error(`Cannot supervise profile "${profile.name}": it was never brought up`);
  const core = coreSpec(profile, state);
  const agent = agentSpec(profile, state);
  const specs = [...(state.ownsDockerDaemon ? [dockerDaemonSpec(profile)] : []), core, agent];

  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  process.once('SIGINT', () => stop.abort());
  // A terminal that closes must not take the cluster with it.
  process.on('SIGHUP', () => undefined);
  const rotation = setInterval(() => rotateLogs(specs), rotateEveryMs);
  const report = (text: string) => console.error(`${new Date().toISOString()} ${text}`);
  const keep = async (spec: ProcessSpec) => {
    // The agent is known by a certificate that core makes when it first starts.
    if (spec === agent) await untilMade(nodeCertificate(profile, state), stop.signal).catch(() => undefined);
    await superviseProcess(spec, systemClock, stop.signal, report);
  };
  await Promise.all(specs.map(keep));
  clearInterval(rotation);
  await stopProcess(agent, systemClock);
  await stopProcess(core, systemClock);
  return 0;
}

function rotateLogs(specs: readonly ProcessSpec[]): void {
  for (const { logFile } of specs) rotateLog(logFile);
}
