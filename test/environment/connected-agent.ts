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
import { clientPair, createRestApi } from './rest.ts';
import type { RestApi } from './rest.ts';

const nodeName = 'node-a';

/** The API over REST, and a node's agent that reaches it over gRPC, as in a cluster; the handlers are its containers. */
export interface StreamingApi extends AsyncDisposable {
  readonly rest: RestApi;
  /** A Pod on the agent's node, running. */
  runPod(name: string): Promise<void>;
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
  const stop = new AbortController();
  const identity = await clientPair(rest.pki.clientCa, `O=system:nodes, CN=system:node:${nodeName}`);
  const agent = runAgentStreaming(
    {
      node: nodeName,
      instance: 'agent',
      version: '0.0.0',
      connection: grpc.connect(identity),
      handlers,
      clock: systemClock,
      random: systemRandom,
    },
    stop.signal,
  );
  await isConnected;
  return {
    rest,
    async runPod(name) {
      const made = await rest.api.client.create(pods, pod().named(name).onNode(nodeName).build());
      await rest.api.client.updateStatus(pods, { ...made, status: { ...made.status, phase: 'Running' } });
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await agent;
      hub.stop();
      await grpc[Symbol.asyncDispose]();
      await rest[Symbol.asyncDispose]();
    },
  };
}
