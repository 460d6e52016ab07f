import { UsageError } from '../command.ts';
import type { Command } from '../command.ts';
import { completeTargets } from '../complete-targets.ts';
import { errorText } from '../errors.ts';
import { outputFlags } from '../output-format.ts';
import { resultText } from '../output.ts';
import { parseTargets } from '../targets.ts';

export const scale: Command = {
  name: 'scale',
  summary: 'Set how many Pods a workload has',
  usage: '(TYPE NAME ... | TYPE/NAME ...) --replicas=N [flags]',
  examples: [
    { says: 'Five Pods', line: 'scale deployment web --replicas=5' },
    { says: 'Only if there are two now', line: 'scale deployment/web --replicas=5 --current-replicas=2' },
  ],
  flags: [
    ...outputFlags,
    { name: 'replicas', type: 'integer', help: 'How many Pods there shall be' },
    { name: 'current-replicas', type: 'integer', help: 'Refuse unless there are this many now' },
  ],
  complete: completeTargets,

  async run({ words, flags, session, io }) {
    const replicas = flags.integer('replicas');
    if (replicas === undefined) throw new UsageError('required flag(s) "replicas" not set');
    if (replicas < 0) throw new UsageError(`--replicas=${replicas}: it must be 0 or more`);
    const targets = parseTargets(words, await session.resources(io.signal));
    let code = 0;
    for (const { resource, names } of targets) {
      if (!resource.subresources.includes('scale'))
        throw new UsageError(`${resource.plural} cannot be scaled`);
      if (names.length === 0) throw new UsageError(`name the ${resource.kind} to scale`);
      for (const name of names) {
        const where = { namespace: session.namespace, name };
        const options = { subresource: 'scale', signal: io.signal };
        try {
          const expected = flags.integer('current-replicas');
          // A test inside the patch, so that the check and the change are one.
          const patch = [
            ...(expected === undefined ? [] : [{ op: 'test', path: '/spec/replicas', value: expected }]),
            { op: 'replace', path: '/spec/replicas', value: replicas },
          ];
          const scaled = await session.cluster.client.patch(resource, where, 'json', patch, options);
          await io.stdout.write(resultText(resource, scaled, 'scaled', flags));
        } catch (error) {
          code = 1;
          await io.stderr.write(`${errorText(error)}\n`);
        }
      }
    }
    return code;
  },
};
