import { replaceAuthorities } from '../../cluster/certificates.ts';
import { readState } from '../../cluster/profile.ts';
import { UsageError } from '../command.ts';
import type { Command } from '../command.ts';

const rotate: Command = {
  ...step('rotate'),
  summary: 'Give the local cluster new authorities, believed beside the old ones',
  examples: [
    { says: 'New authorities; whatever the old ones signed still holds', line: 'certificates rotate' },
  ],
};

const forgetOld: Command = {
  ...step('forget'),
  summary: 'Believe the old authorities no longer',
  examples: [
    {
      says: 'Once Pods were restarted and users have new kubeconfigs (wh user create)',
      line: 'certificates forget-old',
    },
  ],
};

export const certificates: Command = {
  name: 'certificates',
  summary: 'Replace the authorities that vouch for servers and clients',
  usage: 'rotate|forget-old',
  examples: [...rotate.examples, ...forgetOld.examples],
  flags: [],
  subcommands: [rotate, forgetOld],
  run: () => {
    throw new UsageError('name what to do: rotate or forget-old');
  },
};

function step(which: 'rotate' | 'forget'): Pick<Command, 'name' | 'usage' | 'flags' | 'run'> {
  return {
    name: which === 'rotate' ? 'rotate' : 'forget-old',
    usage: '[-p PROFILE]',
    flags: [],
    async run({ words, session, io }) {
      if (words.length > 0) throw new UsageError('it takes no words');
      const { profile } = session;
      const state = readState(profile);
      if (state === undefined) throw new Error(`there is no cluster "${profile.name}" on this machine`);
      await io.stdout.write(await replaceAuthorities(profile, state, which, io.signal));
      if (which === 'rotate') await io.stdout.write(next);
      return 0;
    },
  };
}

const next =
  'Pods learn of them when they are restarted, users by kubeconfigs made from now on; then "certificates forget-old".\n';
