import { isNotFound, StatusError } from '../../../core/api/errors.ts';
import type { Node } from '../../../core/api/generated/core-v1.ts';
import type { NodeMetrics, PodMetrics } from '../../../core/api/generated/metrics-v1beta1.ts';
import { metricsNodes, metricsPods, nodes } from '../../../core/api/generated/resources.ts';
import { quantityToMilli, quantityToNumber } from '../../../core/machinery/quantity.ts';
import { alignColumns } from '../../../core/printers/columns-text.ts';
import { sanitizeLine } from '../../../core/printers/sanitize.ts';
import { UsageError } from '../command.ts';
import type { Command, Flag, Invocation } from '../command.ts';

const commonFlags: readonly Flag[] = [
  { name: 'selector', short: 'l', type: 'string', help: 'Only objects with these labels' },
  { name: 'sort-by', type: 'string', choices: ['cpu', 'memory'], help: 'Most used first: cpu or memory' },
  { name: 'no-headers', type: 'boolean', help: 'Leave the heading out' },
];

const topNode: Command = {
  name: 'node',
  aliases: ['nodes', 'no'],
  summary: 'Show what Nodes use',
  usage: '[NAME] [flags]',
  examples: [{ says: 'The busiest first', line: 'top node --sort-by=cpu' }],
  flags: commonFlags,
  run: showNodes,
};

const topPod: Command = {
  name: 'pod',
  aliases: ['pods', 'po'],
  summary: 'Show what Pods use',
  usage: '[NAME] [flags]',
  examples: [{ says: 'Container by container', line: 'top pod -A --containers' }],
  flags: [
    ...commonFlags,
    { name: 'all-namespaces', short: 'A', type: 'boolean', help: 'In every namespace' },
    { name: 'containers', type: 'boolean', help: 'A row for every container' },
    { name: 'sum', type: 'boolean', help: 'Close with the sum of all rows' },
  ],
  run: showPods,
};

export const top: Command = {
  name: 'top',
  summary: 'Show how much processor time and memory is used',
  usage: '(node|pod) [NAME] [flags]',
  examples: [
    { says: 'Of every node', line: 'top nodes' },
    { says: 'Of the Pods here, container by container', line: 'top pods --containers --sort-by=memory' },
  ],
  flags: [],
  subcommands: [topNode, topPod],
  run: () => Promise.reject(new UsageError('say what to show: top node or top pod')),
};

/** Processor time in thousandths of a core and memory in bytes. */
interface Used {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
}

interface Row extends Used {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

async function showNodes({ words, flags, session, io }: Invocation): Promise<number> {
  const { client } = session.cluster;
  const { signal } = io;
  const name = onlyName(words);
  const labelSelector = flags.string('selector');
  const options = { signal, ...(labelSelector === undefined ? {} : { labelSelector }) };
  const [metrics, all] = await Promise.all([
    name === undefined
      ? client.list(metricsNodes, options).then(({ items }) => items)
      : client.get(metricsNodes, { name }, { signal }).then((one) => [one]),
    client.list(nodes, options).then(({ items }) => new Map(items.map((node) => [node.metadata.name, node]))),
  ]);
  if (metrics.length === 0) throw notYet();
  const rows = metrics
    .map((each) => ({
      name: each.metadata.name ?? '',
      ...usedBy(each.usage),
      node: all.get(each.metadata.name),
    }))
    .toSorted((a, b) => order(flags.string('sort-by'), a, b) || compare(a.name, b.name));
  await io.stdout.write(
    text(
      flags.boolean('no-headers') ? [] : ['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'],
      rows.map(({ name: node, cpuMilli, memoryBytes, node: object }) => [
        node,
        cores(cpuMilli),
        percent(cpuMilli, capacity(object, 'cpu', quantityToMilli)),
        mebibytes(memoryBytes),
        percent(memoryBytes, capacity(object, 'memory', quantityToNumber)),
      ]),
    ),
  );
  return 0;
}

async function showPods({ words, flags, session, io }: Invocation): Promise<number> {
  const { client } = session.cluster;
  const { signal } = io;
  const name = onlyName(words);
  const everywhere = flags.boolean('all-namespaces');
  const containers = flags.boolean('containers');
  const namespace = everywhere ? undefined : session.namespace;
  const labelSelector = flags.string('selector');
  const metrics =
    name === undefined
      ? (
          await client.list(metricsPods, {
            signal,
            ...(namespace === undefined ? {} : { namespace }),
            ...(labelSelector === undefined ? {} : { labelSelector }),
          })
        ).items
      : [await getPod(name)];
  async function getPod(pod: string): Promise<PodMetrics> {
    try {
      return await client.get(metricsPods, { namespace: session.namespace, name: pod }, { signal });
    } catch (error) {
      throw isNotFound(error) ? notYet(pod) : error;
    }
  }
  if (metrics.length === 0) {
    await io.stderr.write(`No resources found${everywhere ? '' : ` in ${session.namespace} namespace.`}\n`);
    return 0;
  }
  const rows = metrics
    .flatMap((each) => rowsOf(each, containers))
    .toSorted(
      (a, b) =>
        order(flags.string('sort-by'), a, b) ||
        compare(a.namespace, b.namespace) ||
        compare(a.pod, b.pod) ||
        compare(a.container, b.container),
    );
  const cells = (namespaceCell: string, pod: string, container: string, ...used: readonly string[]) => [
    ...(everywhere ? [namespaceCell] : []),
    pod,
    ...(containers ? [container] : []),
    ...used,
  ];
  const lines = rows.map(({ namespace: own, pod, container, cpuMilli, memoryBytes }) =>
    cells(own, pod, container, cores(cpuMilli), mebibytes(memoryBytes)),
  );
  if (flags.boolean('sum')) {
    const { cpuMilli, memoryBytes } = sumOf(rows);
    lines.push(
      cells('', '', '', '________', '________'),
      cells('', '', '', cores(cpuMilli), mebibytes(memoryBytes)),
    );
  }
  const heading = cells('NAMESPACE', containers ? 'POD' : 'NAME', 'NAME', 'CPU(cores)', 'MEMORY(bytes)');
  await io.stdout.write(text(flags.boolean('no-headers') ? [] : heading, lines));
  return 0;
}

function rowsOf({ metadata, containers }: PodMetrics, each: boolean): readonly Row[] {
  const { namespace = '', name: pod = '' } = metadata;
  const used = containers.map(({ name, usage }) => ({ namespace, pod, container: name, ...usedBy(usage) }));
  return each ? used : [{ namespace, pod, container: '', ...sumOf(used) }];
}

function usedBy({ cpu = '0', memory = '0' }: NodeMetrics['usage']): Used {
  return { cpuMilli: quantityToMilli(cpu), memoryBytes: quantityToNumber(memory) };
}

function sumOf(all: readonly Used[]): Used {
  return all.reduce<Used>(
    (sum, { cpuMilli, memoryBytes }) => ({
      cpuMilli: sum.cpuMilli + cpuMilli,
      memoryBytes: sum.memoryBytes + memoryBytes,
    }),
    { cpuMilli: 0, memoryBytes: 0 },
  );
}

/** Most used first; 0 where no order was asked for. */
function order(by: string | undefined, a: Used, b: Used): number {
  if (by === 'cpu') return b.cpuMilli - a.cpuMilli;
  if (by === 'memory') return b.memoryBytes - a.memoryBytes;
  return 0;
}

function onlyName(words: readonly string[]): string | undefined {
  if (words.length > 1) throw new UsageError(`name one object at most, not ${words.length}`);
  return words[0];
}

function capacity(
  node: Node | undefined,
  resource: string,
  read: (value: string | number) => number,
): number | undefined {
  const value = node?.status?.allocatable?.[resource];
  return value === undefined ? undefined : read(value);
}

function percent(used: number, of: number | undefined): string {
  return of === undefined || of === 0 ? '<unknown>' : `${Math.trunc((used / of) * 100)}%`;
}

function cores(milli: number): string {
  return `${Math.round(milli)}m`;
}

function mebibytes(bytes: number): string {
  return `${Math.trunc(bytes / 2 ** 20)}Mi`;
}

function notYet(pod?: string): StatusError {
  const message = pod === undefined ? 'metrics not available yet' : `Metrics not available for pod "${pod}"`;
  return new StatusError('NotFound', message);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function text(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = heading.length === 0 ? rows : [heading, ...rows];
  return alignColumns(all.map((row) => [...row]))
    .map((line) => `${sanitizeLine(line)}\n`)
    .join('');
}
