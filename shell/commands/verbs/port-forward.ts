import { isNotFound, StatusError } from '../../../core/api/errors.ts';
import type { Service } from '../../../core/api/generated/core-v1.ts';
import { forwardedPort, forwardPort } from '../../../core/client/operations/port-forward.ts';
import type { ForwardedPort } from '../../../core/client/operations/port-forward.ts';
import { deferred } from '../../../core/machinery/deferred.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { completeNames, completeTargets } from '../complete-targets.ts';
import { errorText } from '../errors.ts';
import { podsBehind } from '../pod-of.ts';
import { parseObject } from '../targets.ts';

export const portForward: Command = {
  name: 'port-forward',
  summary: 'Reach a port of a Pod at a port of this machine',
  usage: '(POD | TYPE/NAME) [LOCAL:]REMOTE ... [flags]',
  examples: [
    { says: 'Port 8080 of a Pod at the same port here', line: 'port-forward web-1 8080' },
    { says: 'A Service by the name of its port', line: 'port-forward service/web 8080:http' },
    { says: 'Any free port here', line: 'port-forward deployment/web :80' },
  ],
  flags: [
    {
      name: 'address',
      type: 'list',
      help: 'Addresses of this machine to listen on, separated by commas (default localhost)',
    },
  ],
  complete: (request) =>
    request.word.includes('/') ? completeTargets(request) : completeNames(request, 'pods'),

  async run(invocation) {
    const { words, session, io } = invocation;
    const [what, ...ports] = words;
    if (what === undefined || ports.length === 0)
      throw new UsageError('TYPE/NAME and list of ports are required for port-forward');
    const { resource, name } = parseObject([what], await session.resources(io.signal), 'pod');
    const {
      object,
      pods: [pod],
    } = await podsBehind(session, resource, name, io.signal);
    if (pod === undefined)
      throw new Error(`timed out waiting for the condition: ${resource.kind} "${name}" has no Pods`);
    const { phase = 'Pending' } = pod.status;
    if (phase !== 'Running')
      throw new Error(`unable to forward port because pod is not running. Current status=${phase}`);
    const service = resource.kind === 'Service' ? (object as Service) : undefined;
    const forwards = ports.map((text) => forwardedPort(text, pod, service));
    return forwardAll(invocation, pod.metadata.name ?? '', forwards);
  },
};

/** Forwards until the command is cancelled or the Pod is gone. */
async function forwardAll(
  { flags, session, io }: Invocation,
  pod: string,
  forwards: readonly ForwardedPort[],
): Promise<number> {
  const lost = new AbortController();
  const signal = AbortSignal.any([io.signal, lost.signal]);
  const over = deferred();
  signal.addEventListener('abort', () => over.resolve(), { once: true });
  const { namespace, cluster } = session;
  try {
    for (const forward of forwards) {
      let { local } = forward;
      const { remote } = forward;
      const options = {
        signal,
        open: (connection: AbortSignal) =>
          cluster.containers.portForward({ signal: connection }, { namespace, name: pod }, remote),
        onConnection: () => void io.stdout.write(`Handling connection for ${local}\n`),
        onError: (error: unknown) => {
          const doing = `an error occurred forwarding ${local} -> ${remote}`;
          void io.stderr.write(`${errorText(error, doing)}\n`);
          // What refuses one connection so refuses all.
          if (isNotFound(error) || (error instanceof StatusError && error.reason === 'BadRequest'))
            lost.abort();
        },
      };
      const given = flags.commaList('address');
      const listening = await forwardPort(given.length === 0 ? ['localhost'] : given, local, options);
      local = listening.port;
      for (const address of listening.addresses) {
        const shown = address.includes(':') ? `[${address}]` : address;
        await io.stdout.write(`Forwarding from ${shown}:${local} -> ${remote}\n`);
      }
    }
    await over.promise;
  } finally {
    lost.abort();
  }
  if (io.signal.aborted) return 0;
  throw new Error('lost connection to pod');
}
