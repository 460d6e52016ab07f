import { events as eventResource } from '../../../core/api/generated/resources.ts';
import { kubernetesVersion } from '../../../core/api/schema/facts.ts';
import { alignColumns } from '../../../core/printers/columns-text.ts';
import { ageSince } from '../../../core/printers/age.ts';
import type { Event } from '../../../core/api/generated/core-v1.ts';
import { apiVersionOf } from '../../../core/api/resource.ts';
import { sanitizeLine } from '../../../core/printers/sanitize.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { parseObject } from '../targets.ts';

export const apiResources: Command = {
  name: 'api-resources',
  summary: 'List the kinds this cluster serves',
  usage: '[flags]',
  examples: [
    { says: 'All of them', line: 'api-resources' },
    { says: 'Names only, of one group', line: 'api-resources --api-group=apps -o name' },
  ],
  flags: [
    { name: 'api-group', type: 'string', help: 'Only this group' },
    {
      name: 'namespaced',
      type: 'boolean',
      help: 'Only kinds that live in namespaces (or, with =false, that do not)',
    },
    { name: 'verbs', type: 'list', help: 'Only kinds that know all of these verbs' },
    { name: 'no-headers', type: 'boolean', help: 'Leave the heading out' },
    {
      name: 'output',
      short: 'o',
      type: 'string',
      choices: ['wide', 'name'],
      help: 'Output format: wide or name',
    },
  ],

  async run({ flags, session, io }) {
    const index = await session.resources(io.signal);
    const group = flags.string('api-group');
    const wantedVerbs = flags.commaList('verbs');
    const shown = index.all
      .filter((resource) => group === undefined || resource.group === group)
      .filter((resource) => !flags.given('namespaced') || resource.namespaced === flags.boolean('namespaced'))
      .filter((resource) => wantedVerbs.every((verb) => resource.verbs.includes(verb)))
      .toSorted((a, b) => compare(a.group, b.group) || compare(a.plural, b.plural));
    if (flags.string('output') === 'name') {
      await io.stdout.write(
        shown.map(({ plural, group: own }) => `${own === '' ? plural : `${plural}.${own}`}\n`).join(''),
      );
      return 0;
    }
    const wide = flags.string('output') === 'wide';
    const header = [
      'NAME',
      'SHORTNAMES',
      'APIVERSION',
      'NAMESPACED',
      'KIND',
      ...(wide ? ['VERBS', 'CATEGORIES'] : []),
    ];
    const rows = shown.map((resource) => [
      resource.plural,
      resource.shortNames.join(','),
      apiVersionOf(resource),
      String(resource.namespaced),
      resource.kind,
      ...(wide ? [resource.verbs.join(','), resource.categories.join(',')] : []),
    ]);
    const lines = alignColumns(flags.boolean('no-headers') ? rows : [header, ...rows]);
    await io.stdout.write(lines.map((line) => `${sanitizeLine(line)}\n`).join(''));
    return 0;
  },
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export const version: Command = {
  name: 'version',
  summary: 'Show the version of this program and of the cluster',
  usage: '[--client]',
  examples: [{ says: 'Both', line: 'version' }],
  flags: [{ name: 'client', type: 'boolean', help: 'Do not ask the cluster' }],

  async run({ flags, session, io }) {
    await io.stdout.write(`Client Version: ${kubernetesVersion}+wheelhouse\n`);
    if (flags.boolean('client')) return 0;
    const server = await session.cluster.version(io.signal);
    await io.stdout.write(
      `Server Version: ${sanitizeLine(server.gitVersion)}\nWheelhouse: ${sanitizeLine(server.wheelhouseVersion)} on ${sanitizeLine(server.store)}\n`,
    );
    return 0;
  },
};

export const events: Command = {
  name: 'events',
  summary: 'Show what happened, oldest first',
  usage: '[--for TYPE/NAME] [flags]',
  examples: [
    { says: 'In this namespace', line: 'events' },
    { says: 'What happened to a Pod, warnings only', line: 'events --for pod/web-1 --types=Warning' },
    { says: 'As it happens', line: 'events -A --watch' },
  ],
  flags: [
    { name: 'for', type: 'string', help: 'Only what concerns this object (TYPE/NAME)' },
    { name: 'types', type: 'list', help: 'Only these types: Normal, Warning' },
    { name: 'all-namespaces', short: 'A', type: 'boolean', help: 'In every namespace' },
    { name: 'watch', short: 'w', type: 'boolean', help: 'Go on until Ctrl-C' },
    { name: 'no-headers', type: 'boolean', help: 'Leave the heading out' },
  ],
  run: showEvents,
};

async function showEvents(invocation: Invocation): Promise<number> {
  const { flags, session, io } = invocation;
  const everywhere = flags.boolean('all-namespaces');
  const namespace = everywhere ? undefined : session.namespace;
  const selector = await subjectSelector(invocation);
  const types = flags.commaList('types').map((type) => type.toLowerCase());
  for (const type of types) {
    if (type !== 'normal' && type !== 'warning')
      throw new UsageError(`valid --types are Normal or Warning, not "${type}"`);
  }
  const wanted = (event: Event) => types.length === 0 || types.includes((event.type ?? '').toLowerCase());
  const list = await session.cluster.client.list(eventResource, {
    namespace,
    signal: io.signal,
    ...selector,
  });
  const sorted = list.items.filter(wanted).toSorted((a, b) => lastTime(a) - lastTime(b));
  if (sorted.length === 0 && !flags.boolean('watch')) {
    await io.stderr.write(
      everywhere ? 'No events found.\n' : `No events found in ${session.namespace} namespace.\n`,
    );
    return 0;
  }
  const header = [...(everywhere ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'];
  const rows = sorted.map((event) => eventRow(event, everywhere));
  const lines = alignColumns(flags.boolean('no-headers') ? rows : [header, ...rows]);
  await io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  if (!flags.boolean('watch')) return 0;
  const watch = { namespace, resourceVersion: list.resourceVersion, signal: io.signal, ...selector };
  for await (const batch of session.cluster.client.watch(eventResource, watch)) {
    const news = batch.flatMap((event) =>
      event.type === 'ADDED' || event.type === 'MODIFIED' ? [event.object] : [],
    );
    const more = alignColumns(news.filter(wanted).map((event) => eventRow(event, everywhere)));
    await io.stdout.write(more.map((line) => `${line}\n`).join(''));
  }
  return 0;
}

async function subjectSelector({ flags, session, io }: Invocation): Promise<{ fieldSelector?: string }> {
  const subject = flags.string('for');
  if (subject === undefined) return {};
  const { resource, name } = parseObject([subject], await session.resources(io.signal), 'pod');
  return { fieldSelector: `involvedObject.kind=${resource.kind},involvedObject.name=${name}` };
}

function lastTime(event: Event): number {
  return (
    Date.parse(
      event.series?.lastObservedTime || event.lastTimestamp || event.eventTime || event.firstTimestamp || '',
    ) || 0
  );
}

function eventRow(event: Event, withNamespace: boolean): string[] {
  const { kind = '', name = '' } = event.involvedObject;
  const count = event.series?.count ?? event.count ?? 1;
  const now = Date.now();
  const last = ageSince(new Date(lastTime(event)).toISOString(), now);
  const first = event.firstTimestamp || event.eventTime;
  const seen = count > 1 && first ? `${last} (x${count} over ${ageSince(first, now)})` : last;
  return [
    ...(withNamespace ? [event.metadata.namespace ?? ''] : []),
    seen,
    event.type ?? '',
    event.reason ?? '',
    `${kind}/${name}`,
    event.message ?? '',
  ].map(sanitizeLine);
}
