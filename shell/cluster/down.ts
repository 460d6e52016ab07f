import { rmSync } from 'node:fs';
import { systemClock } from '../../core/machinery/clock.ts';
import { stopProcess } from '../../core/machinery/process/supervised-process.ts';
import { runProgram } from './host.ts';
import type { Profile, ProfileState } from './profile.ts';
import { readState } from './profile.ts';
import { agentSpec, coreSpec, supervisorSpec } from './programs.ts';
import type { Progress } from './progress.ts';

/**
 * Stops the processes of a local cluster. Its data stays, and so do its containers: they are adopted at the next
 * `wh up`. Returns false when the profile does not exist.
 */
export async function bringDown(profile: Profile, progress: Progress): Promise<boolean> {
  const state = readState(profile);
  if (state === undefined) return false;
  await progress.step(`Stopping cluster "${profile.name}"`, () => stopProcesses(profile, state));
  return true;
}

/** The supervisor stops the others; they are stopped here too in case it was killed. */
export async function stopProcesses(profile: Profile, state: ProfileState): Promise<void> {
  await stopProcess(supervisorSpec(profile), systemClock);
  await stopProcess(agentSpec(profile, state), systemClock);
  await stopProcess(coreSpec(profile, state), systemClock);
}

/** Forgets a cluster and all its data. Its containers must be gone already. */
export function removeProfile(profile: Profile): void {
  rmSync(profile.directory, { recursive: true, force: true });
}

/** Removes every container of the cluster and what is mounted for it; the agent does it, because it made them. */
export async function removeContainers(
  profile: Profile,
  state: ProfileState,
  signal: AbortSignal,
): Promise<void> {
  const { command, args } = agentSpec(profile, state);
  await runProgram(command, [...args, '--remove-containers'], { timeoutMs: 120_000, signal });
}
