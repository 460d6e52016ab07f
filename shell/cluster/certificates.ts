import { readPidFile } from '../../core/machinery/process/process-id.ts';
import { runProgram } from './host.ts';
import { writeProfileKubeconfig } from './kubeconfig.ts';
import type { Profile, ProfileState } from './profile.ts';
import { coreProgram, coreSpec } from './programs.ts';

const withinMs = 120_000;
const waitSeconds = 60;

/**
 * Replaces the cluster's authorities by new ones that are believed beside them, or forgets the old ones; waits for a
 * running core to follow, and writes the administrator's kubeconfig anew. What core says of it.
 */
export async function replaceAuthorities(
  profile: Profile,
  state: ProfileState,
  step: 'rotate' | 'forget',
  signal: AbortSignal,
): Promise<string> {
  const isRunning = readPidFile(coreSpec(profile, state).pidFile) !== undefined;
  const { command, args } = coreProgram(profile, [
    `${step}-authorities`,
    `--data-dir=${profile.coreDirectory}`,
    `--timeout=${isRunning ? waitSeconds : 0}`,
  ]);
  const said = await runProgram(command, args, { timeoutMs: withinMs, signal });
  writeProfileKubeconfig(profile, state);
  return said;
}
