import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { runProgram } from './host.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { writeAtomically } from './profile.ts';
import type { Profile, ProfileState } from './profile.ts';
import { coreProgram } from './programs.ts';

const issueWithinMs = 20_000;

/**
 * Makes a certificate for somebody and writes a kubeconfig with it; its path. They may do what bindings say, a year
 * long: a certificate cannot be taken back, its bindings can.
 */
export async function createUser(
  profile: Profile,
  state: ProfileState,
  user: string,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { command, args } = coreProgram(profile, [
    'issue-user',
    `--data-dir=${profile.coreDirectory}`,
    `--user=${user}`,
    ...groups.map((group) => `--group=${group}`),
  ]);
  const output = await runProgram(command, args, { timeoutMs: issueWithinMs, signal });
  const { cert, key } = JSON.parse(output) as { readonly cert: string; readonly key: string };
  const encoded = (pem: string) => Buffer.from(pem).toString('base64');
  const directory = join(profile.directory, 'users');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${user}.kubeconfig`);
  const credentials = { 'client-certificate-data': encoded(cert), 'client-key-data': encoded(key) };
  writeAtomically(path, stringify(kubeconfigFor(profile, state, user, credentials)));
  return path;
}
