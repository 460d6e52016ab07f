import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { createClient } from '../../core/client/typed-client.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { describeError, jsonLogger } from '../../core/machinery/logger.ts';
import { systemRandom, uuid } from '../../core/machinery/random.ts';
import { DockerRuntime } from '../runtime/docker/runtime.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { SimulatedRuntime } from '../runtime/simulated/runtime.ts';
import { runAgentStreaming } from '../streaming/agent-streaming.ts';
import { systemMounter } from '../volumes/mounts.ts';
import { createAgent, simulatedStateFile } from './agent.ts';
import { certificatesOf, onCertificateReplaced } from './certificate-files.ts';
import { readFlags, type AgentFlags } from './flags.ts';

const version = '0.1.0';
const removalDeadlineMs = 110_000;

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2));
  const logger = jsonLogger((line) => process.stderr.write(line), systemClock, flags.logLevel);
  const runtime = createRuntime(flags);
  const stop = new AbortController();
  // The clock's timers do not keep a process alive, and there are times with nothing else to wait for.
  const alive = setInterval(() => undefined, 2 ** 30);
  // Every part listens for the end; that many listeners are no leak.
  setMaxListeners(0, stop.signal);
  // A terminal that closes does not end a daemon.
  process.on('SIGHUP', () => undefined);
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => stop.abort(new Error(`received ${name}`)));
  }
  try {
    if (flags.removeContainers) {
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(removalDeadlineMs)]);
      await removeAll(runtime, flags.dataDirectory, signal);
      return 0;
    }
    const { certificates } = flags;
    const tls = certificates === undefined ? undefined : certificatesOf(certificates);
    // The name by which people know whoever writes what a node says.
    const userAgent = `kubelet/${version}`;
    using connection = connect({ endpoint: flags.core, tls, userAgent });
    if (certificates !== undefined)
      onCertificateReplaced(certificates, stop.signal, () => connection.redial());
    const agent = await createAgent({
      ...flags,
      client: createClient(connection.verbs, { userAgent }),
      runtime,
      clock: systemClock,
      random: systemRandom,
      logger,
    });
    logger.info('The node agent starts', { node: flags.nodeName, core: flags.core, runtime: flags.runtime });
    const streaming = runAgentStreaming(
      {
        connection,
        node: flags.nodeName,
        instance: uuid(systemRandom),
        version,
        handlers: agent.sessions,
        clock: systemClock,
        random: systemRandom,
        onState: (state, error) => {
          logger.info(`The stream to the core is ${state}`, why(error));
          if (state === 'connected') agent.kubelet.coreReturned();
        },
      },
      stop.signal,
    );
    await Promise.all([agent.run(stop.signal), streaming]);
    logger.info('The node agent ends; containers go on');
    return 0;
  } finally {
    clearInterval(alive);
    await runtime.close();
  }
}

function createRuntime(flags: AgentFlags): ContainerRuntime {
  if (flags.runtime === 'simulated') {
    return new SimulatedRuntime({ stateFile: simulatedStateFile(flags.dataDirectory) });
  }
  const socketPath = flags.dockerSocket;
  return new DockerRuntime({ owner: flags.owner, ...(socketPath === undefined ? {} : { socketPath }) });
}

function why(error: Error | undefined): Record<string, unknown> {
  return error === undefined ? {} : { why: error.message };
}

/** For `wh delete`: nothing of the cluster may go on. */
async function removeAll(
  runtime: ContainerRuntime,
  dataDirectory: string,
  signal: AbortSignal,
): Promise<void> {
  const sandboxes = await runtime.list(signal);
  await Promise.all(sandboxes.map(({ id }) => runtime.removeSandbox(id, signal)));
  for (const point of await systemMounter.below(resolve(dataDirectory))) await systemMounter.unmount(point);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(1);
  },
);
