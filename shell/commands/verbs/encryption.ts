import { rotateEncryptionKey } from '../../cluster/encryption.ts';
import { readState } from '../../cluster/profile.ts';
import { UsageError } from '../command.ts';
import type { Command } from '../command.ts';

const rotate: Command = {
  name: 'rotate',
  summary: 'Encrypt all Secrets of the local cluster under a new key',
  usage: '[--forget-old] [-p PROFILE]',
  examples: [
    { says: 'A new key; the older ones can still be read', line: 'encryption rotate' },
    {
      says: 'Without the older keys, and without what only they can read',
      line: 'encryption rotate --forget-old',
    },
  ],
  flags: [
    {
      name: 'forget-old',
      type: 'boolean',
      help: 'Remove the older keys when nothing is encrypted under them; older backups cannot be read then',
    },
  ],

  async run({ words, flags, session, io }) {
    if (words.length > 0) throw new UsageError('it takes no words');
    const { profile } = session;
    if (readState(profile) === undefined)
      throw new Error(`there is no cluster "${profile.name}" on this machine`);
    await io.stdout.write(await rotateEncryptionKey(profile, flags.boolean('forget-old'), io.signal));
    return 0;
  },
};

export const encryption: Command = {
  name: 'encryption',
  summary: 'Look after the key that Secrets are stored under',
  usage: 'rotate',
  examples: rotate.examples,
  flags: [],
  subcommands: [rotate],
  run: () => {
    throw new UsageError('name what to do: rotate');
  },
};
