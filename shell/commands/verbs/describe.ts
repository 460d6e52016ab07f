import { isNotFound } from '../../../core/api/errors.ts';
import type { KubernetesObject } from '../../../core/api/object.ts';
import { describeObject } from '../../../core/printers/describe/describe-object.ts';
import { sanitizeLine } from '../../../core/printers/sanitize.ts';
import type { Command, Invocation } from '../command.ts';
import { completeTargets } from '../complete-targets.ts';
import { errorText } from '../errors.ts';
import { parseTargets } from '../targets.ts';
import type { Target } from '../targets.ts';

export const describe: Command = {
  name: 'describe',
  summary: 'Show one object in full, with what happened to it',
  usage: '(TYPE [NAME_PREFIX ...] | TYPE/NAME ...) [flags]',
  examples: [
    { says: 'A Pod and its events', line: 'describe pod web-1' },
    { says: 'A node and what runs on it', line: 'describe node wheelhouse' },
  ],
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'boolean', help: 'In every namespace' },
    { name: 'selector', short: 'l', type: 'string', help: 'Only objects with these labels' },
    { name: 'show-events', type: 'boolean', help: 'Show events (default true)' },
  ],
  complete: completeTargets,

  async run(invocation) {
    const { words, flags, session, io } = invocation;
    const targets = parseTargets(words, await session.resources(io.signal));
    let code = 0;
    let shown = 0;
    for (const target of targets) {
      const { objects, errors } = await find(invocation, target);
      for (const object of objects) {
        const lines = await describeObject(session.cluster.client, target.resource, object, {
          nowMs: Date.now(),
          events: !flags.given('show-events') || flags.boolean('show-events'),
          signal: io.signal,
        });
        await io.stdout.write(
          `${shown++ > 0 ? '\n\n' : ''}${lines.map((line) => `${sanitizeLine(line)}\n`).join('')}`,
        );
      }
      for (const error of errors) {
        code = 1;
        await io.stderr.write(`${errorText(error)}\n`);
      }
    }
    if (shown === 0 && code === 0)
      await io.stderr.write(`No resources found in ${session.namespace} namespace.\n`);
    return code;
  },
};

/** A name that does not exist may be the beginning of several, as in kubectl. */
async function find(
  { flags, session, io }: Invocation,
  { resource, names }: Target,
): Promise<{ objects: readonly KubernetesObject[]; errors: readonly unknown[] }> {
  const { client } = session.cluster;
  const namespace = resource.namespaced && !flags.boolean('all-namespaces') ? session.namespace : undefined;
  const selector = flags.string('selector');
  const list = async () =>
    (
      await client.list(resource, {
        namespace,
        signal: io.signal,
        ...(selector === undefined ? {} : { labelSelector: selector }),
      })
    ).items;
  if (names.length === 0) return { objects: await list(), errors: [] };
  const objects: KubernetesObject[] = [];
  const errors: unknown[] = [];
  for (const name of names) {
    try {
      objects.push(await client.get(resource, { namespace, name }, { signal: io.signal }));
    } catch (error) {
      const matching = isNotFound(error)
        ? (await list()).filter(({ metadata }) => metadata.name?.startsWith(name))
        : [];
      if (matching.length === 0) errors.push(error);
      objects.push(...matching);
    }
  }
  return { objects, errors };
}
