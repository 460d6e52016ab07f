import type { Event, Pod } from '../../core/api/generated/core-v1.ts';
import { events, pods } from '../../core/api/generated/resources.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { silentLogger } from '../../core/machinery/logger.ts';
import { seededRandom } from '../../core/machinery/random.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { createAgent, type Agent } from '../../node-agent/cmd/agent.ts';
import { simulatedVolumes } from '../../node-agent/volumes/simulated-volumes.ts';
import type { PodBuilder } from '../builders/pod.ts';
import { createTestApi, type TestApi } from '../environment/api.ts';
import { ScriptedRuntime } from '../environment/scripted-runtime.ts';

export const sceneNode = 'a';

/** A node agent with a node's rights on the real API in process, a runtime that follows a script, and time that stands still. */
export interface KubeletScene extends AsyncDisposable {
  readonly api: TestApi;
  readonly clock: SteppedClock;
  readonly runtime: ScriptedRuntime;
  readonly agent: Agent;
  create(builder: PodBuilder): Promise<Pod>;
  /** Undefined when it is gone. */
  pod(name?: string): Promise<Pod | undefined>;
  delete(name?: string, gracePeriodSeconds?: number): Promise<void>;
  /** The reasons of a Pod's events, in order of first appearance. */
  reasons(name?: string): Promise<string[]>;
  events(): Promise<readonly Event[]>;
  /** The agent dies and another one starts; containers go on. */
  restartAgent(): Promise<void>;
  stopAgent(): Promise<void>;
  startAgent(): Promise<void>;
}

export interface SceneOptions {
  readonly dataDirectory: string;
  /** Real files; without them nothing but the script and the clock counts. */
  readonly files?: boolean;
}

export async function kubeletScene({ dataDirectory, files = false }: SceneOptions): Promise<KubeletScene> {
  const clock = new SteppedClock();
  const api = await createTestApi({ clock, rbac: true });
  const runtime = new ScriptedRuntime(clock);
  const { client } = api;
  const user = { name: `system:node:${sceneNode}`, groups: ['system:nodes', 'system:authenticated'] };
  let current = await start();

  async function start() {
    const agent = await createAgent({
      client: createClient(api.verbs, { user }),
      runtime,
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      nodeName: sceneNode,
      dataDirectory,
      labels: {},
      nodeIps: ['192.0.2.1'],
      maxPods: 110,
      podPidsLimit: undefined,
      clusterDns: [],
      clusterDomain: 'cluster.local',
      offlineImages: 'fail',
      ...(files ? {} : { volumes: simulatedVolumes }),
    });
    const stop = new AbortController();
    const ended = agent.run(stop.signal);
    await agent.registered;
    return { agent, stop, ended };
  }
  const stopAgent = async () => {
    current.stop.abort();
    await current.ended;
  };
  const startAgent = async () => {
    current = await start();
  };
  return {
    api,
    clock,
    runtime,
    get agent() {
      return current.agent;
    },
    create: (builder) => client.create(pods, builder.onNode(sceneNode).build()),
    async pod(name = 'web') {
      const { items } = await client.list(pods, { namespace: 'default' });
      return items.find(({ metadata }) => metadata.name === name);
    },
    async delete(name = 'web', gracePeriodSeconds) {
      const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
      await client.delete(pods, { namespace: 'default', name }, options);
    },
    async reasons(name = 'web') {
      const { items } = await client.list(events, { namespace: 'default' });
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .sort((a, b) => compare(a.metadata.name, b.metadata.name))
        .map(({ reason = '' }) => reason);
    },
    events: async () => (await client.list(events, { namespace: 'default' })).items,
    stopAgent,
    startAgent,
    async restartAgent() {
      await stopAgent();
      await startAgent();
    },
    async [Symbol.asyncDispose]() {
      await stopAgent();
      await api.close();
    },
  };
}

/** Names end in a time in hex, of one length. */
function compare(a = '', b = ''): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
