import { runProgram } from './host.ts';
import type { Profile } from './profile.ts';
import { coreProgram } from './programs.ts';

const rotateWithinMs = 120_000;
const waitSeconds = 60;

/** Gives the cluster a new encryption key and waits for a running core to use it everywhere; what core says of it. */
export function rotateEncryptionKey(
  profile: Profile,
  forgetOld: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { command, args } = coreProgram(profile, [
    'rotate-encryption-key',
    `--data-dir=${profile.coreDirectory}`,
    `--timeout=${waitSeconds}`,
    ...(forgetOld ? ['--forget-old'] : []),
  ]);
  return runProgram(command, args, { timeoutMs: rotateWithinMs, signal });
}
