import { nodes } from '../../core/api/generated/resources.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { readPidFile } from '../../core/machinery/process/process-id.ts';
import { nodeStatus } from '../../core/printers/tables/core.ts';
import { administratorTls } from './credentials.ts';
import { dockerAnswers } from './host.ts';
import { readState } from './profile.ts';
import type { Profile, ProfileState } from './profile.ts';
import { agentSpec, coreEndpoint, coreSpec, supervisorSpec } from './programs.ts';

export interface ClusterReport {
  readonly healthy: boolean;
  /** Part, state and details. */
  readonly rows: readonly (readonly [part: string, state: string, details: string])[];
}

const answerWithinMs = 3_000;

/** What runs of a local cluster and whether it is well. Undefined when the profile does not exist. */
export async function clusterStatus(
  profile: Profile,
  signal: AbortSignal,
): Promise<ClusterReport | undefined> {
  const state = readState(profile);
  if (state === undefined) return undefined;
  const within = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
  const [core, docker] = await Promise.all([
    askCore(profile, state, within),
    state.runtime === 'docker' ? dockerAnswers() : Promise.resolve(true),
  ]);
  const processes = [supervisorSpec(profile), coreSpec(profile, state), agentSpec(profile, state)].map(
    (spec) => {
      const id = readPidFile(spec.pidFile);
      return {
        name: spec.name,
        id,
        details: id === undefined ? `log: ${spec.logFile}` : `process ${id.pid}`,
      };
    },
  );
  return {
    healthy: core.ready && docker && processes.every(({ id }) => id !== undefined),
    rows: [
      ['PART', 'STATE', 'DETAILS'],
      ['cluster', core.ready ? 'ready' : 'not ready', profile.name],
      ...processes.map(
        ({ name, id, details }) => [name, id === undefined ? 'stopped' : 'running', details] as const,
      ),
      [
        'api',
        core.answers ? 'answers' : 'does not answer',
        core.answers ? coreEndpoint(state) : core.details,
      ],
      [
        'store',
        state.store,
        state.store === 'etcd' ? `etcd on 127.0.0.1:${state.etcdPort}` : 'no etcd: kept by core itself',
      ],
      state.runtime === 'docker'
        ? ['runtime', docker ? 'docker' : 'docker (not answering)', '']
        : ['runtime', 'simulated', 'no container really runs'],
      ...core.nodes,
    ],
  };
}

async function askCore(profile: Profile, state: ProfileState, signal: AbortSignal) {
  const connection = connect({
    endpoint: coreEndpoint(state),
    tls: administratorTls(profile),
    deadlineMs: answerWithinMs,
  });
  try {
    const { items } = await createClient(connection.verbs).list(nodes, { signal });
    const rows = items.map((node) => [`node ${node.metadata.name}`, nodeStatus(node), ''] as const);
    const ready = rows.length > 0 && rows.every(([, status]) => status.startsWith('Ready'));
    return { answers: true, ready, nodes: rows, details: '' };
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    return { answers: false, ready: false, nodes: [], details };
  } finally {
    connection.close();
  }
}
