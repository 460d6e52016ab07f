import { mkdirSync, readFileSync } from 'node:fs';
import { systemClock } from '../../core/machinery/clock.ts';
import { nameSuffix, systemRandom } from '../../core/machinery/random.ts';
import { readPidFile } from '../../core/machinery/process/process-id.ts';
import { startProcess, superviseProcess } from '../../core/machinery/process/supervised-process.ts';
import { chooseCoreFlags } from './core-flags.ts';
import { administratorTls } from './credentials.ts';
import { removeStaleDockerFiles } from './docker-daemon.ts';
import { stopProcesses } from './down.ts';
import { dockerAnswers } from './host.ts';
import { moveUserKubeconfigs, writeProfileKubeconfig } from './kubeconfig.ts';
import { choosePorts, describeTaken, replacePorts, takenPorts } from './ports.ts';
import { inspectHost, installPackages, planCluster } from './prerequisites.ts';
import type { Plan, Wishes } from './prerequisites.ts';
import { readState, writeState } from './profile.ts';
import type { Profile, ProfileState } from './profile.ts';
import { agentSpec, coreEndpoint, coreSpec, dockerDaemonSpec, supervisorSpec } from './programs.ts';
import type { Progress } from './progress.ts';
import { waitForCore, waitForNode } from './readiness.ts';

export interface UpOptions extends Wishes {
  readonly profile: Profile;
  /** `--NAME=VALUE` for core, in place of those it had; those stay where none is given. */
  readonly coreFlags?: readonly string[] | undefined;
  readonly progress: Progress;
  /** Asks a person; undefined where nobody can be asked or `--yes` was given. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
  readonly signal: AbortSignal;
}

const dockerStartMs = 30_000;
const coreStartMs = 60_000;
const nodeReadyMs = 60_000;
/** Others may take a port between the moment it is chosen and the moment it is used, but hardly so often. */
const mostStarts = 3;

/** Brings a local cluster up, or finds that it already is. Every step may be repeated after any interruption. */
export async function bringUp(options: UpOptions): Promise<ProfileState> {
  const { profile, progress, signal } = options;
  const existing = readState(profile);
  const plan = planCluster(await inspectHost(), existing, options);
  for (const compromise of plan.compromises) progress.say(`! ${compromise}`);
  const running = readPidFile(supervisorSpec(profile).pidFile) !== undefined;
  const coreFlags = chooseCoreFlags(options.coreFlags ?? [], existing?.coreFlags ?? [], running);
  await install(plan, options);
  let state = { ...(await chooseState(options, existing, plan)), coreFlags };
  mkdirSync(profile.logDirectory, { recursive: true, mode: 0o700 });
  writeState(profile, state);
  if (plan.startDocker) await startDocker(profile, progress, signal);
  for (let start = 1; ; start++) {
    try {
      await startSupervisor(profile, state, progress, signal);
      return state;
    } catch (error) {
      if (signal.aborted || start === mostStarts || (await takenPorts(profile, state)).length === 0)
        throw error;
    }
    state = { ...(await withFreePorts(profile, state, progress)), coreFlags };
    writeState(profile, state);
  }
}

async function install(plan: Plan, { progress, confirm, signal }: UpOptions): Promise<void> {
  if (plan.packages.length === 0) return;
  const what = plan.packages.join(' and ');
  progress.say(`Wheelhouse needs ${what}, which apt will install from Debian's archive.`);
  if (confirm !== undefined && !(await confirm(`Install ${what}? [Y/n] `))) {
    throw new Error(
      `${what} not installed: install it yourself, or choose "--store embedded --runtime simulated" to do without`,
    );
  }
  await progress.step(`Installing ${what}`, (update) => installPackages(plan.packages, update, signal));
}

/** Ports once chosen stay, so that a kubeconfig stays true over restarts; unless others have taken them meanwhile. */
async function chooseState(
  { profile, progress }: UpOptions,
  existing: ProfileState | undefined,
  plan: Plan,
): Promise<ProfileState> {
  const ownsDockerDaemon = plan.startDocker || (existing?.ownsDockerDaemon ?? false);
  if (existing !== undefined)
    return { ...(await withFreePorts(profile, existing, progress)), ownsDockerDaemon };
  const { store, runtime } = plan;
  const id = `${profile.name}-${nameSuffix(systemRandom, 8)}`;
  return { id, store, runtime, nodeName: profile.name, ...(await choosePorts()), ownsDockerDaemon };
}

async function withFreePorts(
  profile: Profile,
  state: ProfileState,
  progress: Progress,
): Promise<ProfileState> {
  const taken = await takenPorts(profile, state);
  if (taken.length === 0) return state;
  // What still runs, or tries to, knows the old ports. Containers go on.
  await stopProcesses(profile, state);
  const replaced = await replacePorts(state, taken);
  for (const each of taken)
    progress.say(`! ${describeTaken(each)}: port ${replaced[each.name]} is used instead`);
  if (replaced.restPort === state.restPort && replaced.corePort === state.corePort) return replaced;
  moveUserKubeconfigs(profile, replaced);
  progress.say(`! The cluster's kubeconfigs are rewritten; copies that were made of them name the old port`);
  return replaced;
}

async function startDocker(profile: Profile, progress: Progress, signal: AbortSignal): Promise<void> {
  await progress.step('Starting Docker', async () => {
    const spec = dockerDaemonSpec(profile);
    removeStaleDockerFiles();
    // A daemon that was killed a moment ago may take its containerd down under the new one: that is tried again.
    const answered = new AbortController();
    const trying = superviseProcess(spec, systemClock, answered.signal, () => undefined);
    try {
      await eventually(dockerStartMs, signal, dockerAnswers, () =>
        failure('Docker does not answer', spec.logFile),
      );
    } finally {
      answered.abort();
      await trying;
    }
  });
}

async function startSupervisor(
  profile: Profile,
  state: ProfileState,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const supervisor = supervisorSpec(profile);
  if (readPidFile(supervisor.pidFile) === undefined) startProcess(supervisor).unref();
  const endpoint = coreEndpoint(state);
  await progress.step(`Starting the control plane on ${state.store}`, () =>
    withLog(coreSpec(profile, state).logFile, () =>
      waitForCore(
        endpoint,
        () => administratorTls(profile),
        coreStartMs,
        signal,
        () => obstacle(profile, state),
      ),
    ),
  );
  // Core has made the certificates by now.
  writeProfileKubeconfig(profile, state);
  const title = `Waiting for node "${state.nodeName}" to be Ready on ${state.runtime}`;
  await progress.step(title, (update) =>
    withLog(agentSpec(profile, state).logFile, () =>
      waitForNode(endpoint, administratorTls(profile), state.nodeName, nodeReadyMs, signal, update),
    ),
  );
}

/** What is in the way of a core that does not answer. */
async function obstacle(profile: Profile, state: ProfileState): Promise<string | undefined> {
  const [taken] = await takenPorts(profile, state);
  return taken === undefined ? undefined : `${describeTaken(taken)}; the next "up" chooses another port`;
}

async function withLog<T>(logFile: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failure(error instanceof Error ? error.message : String(error), logFile, error);
  }
}

function failure(message: string, logFile: string, cause?: unknown): Error {
  const log = lastLines(logFile, 5);
  const tail = log === '' ? '' : `. The last it said:\n${log}`;
  return new Error(`${message} (log: ${logFile})${tail}`, { cause });
}

function lastLines(path: string, count: number): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

/** A daemon announces its socket to nobody, so it is asked until it answers or the deadline passes. */
async function eventually(
  deadlineMs: number,
  signal: AbortSignal,
  answers: () => Promise<boolean>,
  late: () => Error,
): Promise<void> {
  const endMs = systemClock.monotonicMs() + deadlineMs;
  while (!(await answers())) {
    signal.throwIfAborted();
    if (systemClock.monotonicMs() > endMs) throw late();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
