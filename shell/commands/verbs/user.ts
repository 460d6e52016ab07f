import { readState } from '../../cluster/profile.ts';
import { createUser } from '../../cluster/users.ts';
import { certificateNameProblems } from '../../../core/machinery/names.ts';
import { UsageError } from '../command.ts';
import type { Command } from '../command.ts';

const create: Command = {
  name: 'create',
  summary: 'Make a kubeconfig for somebody, who may do what roles say',
  usage: 'NAME [--group GROUP]… [-p PROFILE]',
  examples: [{ says: 'Somebody of the group "developers"', line: 'user create ann --group developers' }],
  flags: [{ name: 'group', type: 'list', help: 'A group the user belongs to; may be given again' }],

  async run({ words, flags, session, io }) {
    const [user, ...more] = words;
    if (user === undefined || more.length > 0) throw new UsageError('name one user');
    const groups = flags.list('group');
    for (const name of [user, ...groups]) {
      const [problem] = certificateNameProblems(name);
      if (problem !== undefined) throw new UsageError(`"${name}" cannot be a user or a group: ${problem}`);
    }
    const { profile } = session;
    const state = readState(profile);
    if (state === undefined) throw new Error(`there is no cluster "${profile.name}" on this machine`);
    const path = await createUser(profile, state, user, groups, io.signal);
    await io.stdout.write(`${path}\n`);
    return 0;
  },
};

export const user: Command = {
  name: 'user',
  summary: 'Let somebody else into the local cluster',
  usage: 'create NAME',
  examples: create.examples,
  flags: [],
  subcommands: [create],
  run: () => {
    throw new UsageError('name what to do: create');
  },
};
