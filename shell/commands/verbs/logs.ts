import type { Pod } from '../../../core/api/generated/core-v1.ts';
import { pods } from '../../../core/api/generated/resources.ts';
import { parseDurationMs } from '../../../core/machinery/duration.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { completeNames } from '../complete-targets.ts';
import type { LogsOptions } from '../../../core/api/streams.ts';
import { errorText } from '../errors.ts';
import { LogPrinter } from '../log-printer.ts';
import { podsBehind } from '../pod-of.ts';
import { parseObject } from '../targets.ts';

/** kubectl follows at most this many logs at once. */
const mostFollowed = 5;
/** With a selector, kubectl shows this many lines of each unless told otherwise. */
const selectedTail = 10;

export const logs: Command = {
  name: 'logs',
  summary: 'Show or follow what containers print',
  usage: '(POD | TYPE/NAME | -l LABELS) [-c CONTAINER] [flags]',
  examples: [
    { says: 'Follow a Pod', line: 'logs -f web-1' },
    { says: 'Why it crashed: the run before', line: 'logs web-1 --previous' },
    { says: 'The last 20 lines of every Pod of an app', line: 'logs -l app=web --tail=20 --prefix' },
  ],
  flags: [
    { name: 'follow', short: 'f', type: 'boolean', help: 'Go on as long as the container runs' },
    { name: 'previous', short: 'p', type: 'boolean', help: 'The run before this one' },
    { name: 'container', short: 'c', type: 'string', help: 'Container of the Pod' },
    { name: 'all-containers', type: 'boolean', help: 'Every container of the Pod' },
    { name: 'tail', type: 'integer', help: 'Only the last lines' },
    { name: 'since', type: 'string', help: 'Only what is younger than this, such as 5m' },
    { name: 'since-time', type: 'string', help: 'Only what was printed after this time (RFC 3339)' },
    { name: 'timestamps', type: 'boolean', help: 'Begin every line with its time' },
    { name: 'prefix', type: 'boolean', help: 'Begin every line with its Pod and container' },
    { name: 'limit-bytes', type: 'integer', help: 'At most this many bytes' },
    { name: 'selector', short: 'l', type: 'string', help: 'The Pods with these labels' },
    {
      name: 'max-log-requests',
      type: 'integer',
      help: `How many logs may be followed at once (default ${mostFollowed})`,
    },
    { name: 'ignore-errors', type: 'boolean', help: 'Go on when one of several logs cannot be read' },
  ],
  complete: (request) => completeNames(request, 'pods'),

  async run(invocation) {
    const { flags, io } = invocation;
    const sources = await logSources(invocation);
    const most = flags.integer('max-log-requests') ?? mostFollowed;
    if (flags.boolean('follow') && sources.length > most) {
      throw new UsageError(
        `you are attempting to follow ${sources.length} log streams, but maximum allowed concurrency is ${most}, use --max-log-requests to increase the limit`,
      );
    }
    if (sources.length === 0)
      await io.stderr.write(`No resources found in ${invocation.session.namespace} namespace.\n`);
    const read = (source: LogSource) => readLog(invocation, source, sources.length > 1);
    if (flags.boolean('follow')) {
      const codes = await Promise.all(sources.map(read));
      return Math.max(0, ...codes);
    }
    let code = 0;
    for (const source of sources) code = Math.max(code, await read(source));
    return code;
  },
};

interface LogSource {
  readonly pod: string;
  readonly container: string | undefined;
}

async function logSources({ words, flags, session, io }: Invocation): Promise<readonly LogSource[]> {
  const selector = flags.string('selector');
  const { client } = session.cluster;
  const namespace = session.namespace;
  if (selector !== undefined) {
    if (words.length > 0) throw new UsageError('only a selector (-l) or a POD name is allowed');
    const { items } = await client.list(pods, { namespace, labelSelector: selector, signal: io.signal });
    return items.flatMap((pod) =>
      containersOf(pod, flags.boolean('all-containers'), flags.string('container')),
    );
  }
  const [first, second] = words;
  const { resource, name } = parseObject(
    first === undefined ? [] : [first],
    await session.resources(io.signal),
    'pod',
  );
  const container = flags.string('container') ?? (first?.includes('/') ? undefined : second);
  if (resource.kind !== 'Pod') {
    const { pods: items } = await podsBehind(session, resource, name, io.signal);
    const [pod] = items;
    if (pod === undefined)
      throw new Error(`timed out waiting for the condition: ${resource.kind} "${name}" has no Pods`);
    if (items.length > 1)
      await io.stderr.write(`Found ${items.length} pods, using pod/${pod.metadata.name}\n`);
    return containersOf(pod, flags.boolean('all-containers'), container);
  }
  if (!flags.boolean('all-containers')) return [{ pod: name, container }];
  return containersOf(await client.get(pods, { namespace, name }, { signal: io.signal }), true, container);
}

function containersOf(pod: Pod, all: boolean, container: string | undefined): readonly LogSource[] {
  const name = pod.metadata.name ?? '';
  if (!all) return [{ pod: name, container }];
  const { initContainers = [], containers } = pod.spec;
  return [...(initContainers ?? []), ...containers].map((each) => ({ pod: name, container: each.name }));
}

async function readLog(
  invocation: Invocation,
  { pod, container }: LogSource,
  several: boolean,
): Promise<number> {
  const { flags, session, io } = invocation;
  const prefix = flags.boolean('prefix')
    ? `[pod/${pod}${container === undefined ? '' : `/${container}`}] `
    : '';
  const printer = new LogPrinter(io.stdout, prefix);
  try {
    const where = { namespace: session.namespace, name: pod };
    for await (const chunk of session.cluster.containers.logs(
      { signal: io.signal },
      where,
      logsOptions(invocation, container),
    )) {
      await printer.write(chunk);
    }
    await printer.end();
    return 0;
  } catch (error) {
    if (io.signal.aborted) return 130;
    await io.stderr.write(`${errorText(error, several ? `pod "${pod}"` : undefined)}\n`);
    return flags.boolean('ignore-errors') ? 0 : 1;
  }
}

function logsOptions({ flags }: Invocation, container: string | undefined): LogsOptions {
  const since = flags.string('since');
  const tail = flags.integer('tail') ?? (flags.given('selector') ? selectedTail : undefined);
  return {
    container,
    follow: flags.boolean('follow'),
    previous: flags.boolean('previous'),
    timestamps: flags.boolean('timestamps'),
    // kubectl: -1 means all lines.
    tailLines: tail === undefined || tail < 0 ? undefined : tail,
    sinceSeconds: since === undefined ? undefined : Math.max(1, Math.ceil(parseDurationMs(since) / 1000)),
    sinceTime: flags.string('since-time'),
    limitBytes: flags.integer('limit-bytes'),
  };
}
