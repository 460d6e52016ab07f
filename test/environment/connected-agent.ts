import type { Verbs } from '../../core/api/verbs.ts';
import { createContainerStreams } from '../../core/apiserver/streaming/container-streams.ts';
import { SessionHub } from '../../core/apiserver/streaming/session-hub.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { pods } from '../../core/api/generated/resources.ts';
import { runAgentStreaming } from '../../node-agent/streaming/agent-streaming.ts';
import type { SessionHandlers } from '../../node-agent/streaming/session-handlers.ts';
import { pod } from '../builders/pod.ts';
import { serveGrpc } from './grpc.ts';
import type { GrpcApi } from './grpc.ts';
import { clientPair, createRestApi } from './rest.ts';
import type { RestApi } from './rest.ts';

const nodeName = 'node-a';

/** The API over REST, and a node's agent that reaches it over gRPC, as in a cluster; the handlers are its containers. */
export interface StreamingApi extends AsyncDisposable {
  readonly rest: RestApi;
  /** A Pod on the agent's node, running. */
  runPod(name: string): Promise<void>;
}

export interface RunningAgent {
  readonly stop: AbortController;
  /** Settles once it has stopped. */
  readonly run: Promise<void>;
}

/** The streaming half of a node's agent, which dials core as the node. It is not connected yet. */
export async function startAgent(
  rest: RestApi,
  grpc: GrpcApi,
  node: string,
  handlers: SessionHandlers,
): Promise<RunningAgent> {
  const stop = new AbortController();
  const connection = grpc.connect(
    await clientPair(rest.pki.clientCa, `O=system:nodes, CN=system:node:${node}`),
  );
  const about = { node, instance: 'agent', version: '0.0.0' };
  const run = runAgentStreaming(
    { ...about, connection, handlers, clock: systemClock, random: systemRandom },
    stop.signal,
  );
  return { stop, run };
}

export async function createStreamingApi(handlers: SessionHandlers): Promise<StreamingApi> {
  let connected = () => {};
  const isConnected = new Promise<void>((resolve) => (connected = resolve));
  const hub = new SessionHub({
    clock: systemClock,
    instance: 'core',
    version: '0.0.0',
    onNodeChange: () => connected(),
  });
  const get: Verbs['get'] = (...args) => rest.api.verbs.get(...args);
  const list: Verbs['list'] = (...args) => rest.api.verbs.list(...args);
  const containers = createContainerStreams({ verbs: { get, list }, hub });
  const rest: RestApi = await createRestApi({ containers });
  const grpc = await serveGrpc(rest, { streaming: { containers, agents: hub } });
  const agent = await startAgent(rest, grpc, nodeName, handlers);
  await isConnected;
  return {
    rest,
    async runPod(name) {
      const made = await rest.api.client.create(pods, pod().named(name).onNode(nodeName).build());
      await rest.api.client.updateStatus(pods, { ...made, status: { ...made.status, phase: 'Running' } });
    },
    async [Symbol.asyncDispose]() {
      agent.stop.abort();
      await agent.run;
      hub.stop();
      await grpc[Symbol.asyncDispose]();
      await rest[Symbol.asyncDispose]();
    },
  };
}
