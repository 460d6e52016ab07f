import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../machinery/clock.ts';
import { LiveAuthority } from '../machinery/pki/live-authority.ts';
import { authorityNames, forgetPrevious, readAuthority, rotateAuthority } from './authorities.ts';
import type { AuthorityName } from './authorities.ts';
import { fingerprints, readAuthoritiesInUse } from './authorities-in-use.ts';
import type { AuthoritiesInUse } from './authorities-in-use.ts';
import { watchDirectory } from './directory-changes.ts';
import { addServiceAccountKey } from './service-account-keys.ts';

/**
 * `core rotate-authorities --data-dir=PATH`: a new authority beside each old one, as upstream's manual rotation of CA
 * certificates has it. Both are believed from now on. What is shown to core or etcd is signed by the new ones at once,
 * and what core shows others by the old ones still, because they have yet to learn of the new ones. Waits for a
 * running core to believe them.
 */
export async function rotateAuthorities(args: readonly string[]): Promise<string> {
  const { directory, timeoutMs } = parse('rotate-authorities', args);
  const names = authoritiesIn(directory);
  const unfinished = names.filter((name) => readAuthority(directory, name)?.previous !== undefined);
  // One that was interrupted goes on where it ended.
  const left = names.filter((name) => !unfinished.includes(name));
  if (left.length === 0)
    throw new Error(
      `Cannot replace the authorities in "${directory}": those before them are not forgotten yet; core forget-authorities forgets them`,
    );
  for (const name of left) await rotateAuthority(directory, name, systemClock);
  addServiceAccountKey(directory, systemClock);
  const taken = await untilInUse(directory, names, timeoutMs);
  const made = `New authorities beside the old ones: ${left.join(', ')}`;
  return taken ? `${made}.\n` : `${made}; core believes them when it runs.\n`;
}

/** `core forget-authorities --data-dir=PATH`: the old ones vouch for nobody any longer, and core shows what the new ones signed. */
export async function forgetAuthorities(args: readonly string[]): Promise<string> {
  const { directory, timeoutMs } = parse('forget-authorities', args);
  const names = authoritiesIn(directory);
  const forgotten = names.filter((name) => forgetPrevious(directory, name));
  if (forgotten.length === 0) return 'There are no old authorities.\n';
  const taken = await untilInUse(directory, names, timeoutMs);
  const done = `Old authorities forgotten: ${forgotten.join(', ')}`;
  return taken ? `${done}.\n` : `${done}; by core when it runs.\n`;
}

function parse(command: string, args: readonly string[]): { directory: string; timeoutMs: number } {
  const { values } = parseArgs({
    args: [...args],
    options: { 'data-dir': { type: 'string' }, timeout: { type: 'string', default: '60' } },
  });
  const dataDirectory = values['data-dir'];
  const timeoutMs = Number(values.timeout) * 1_000;
  if (dataDirectory === undefined || !(timeoutMs >= 0))
    throw new Error(`Usage: core ${command} --data-dir=PATH [--timeout=SECONDS]`);
  return { directory: join(dataDirectory, 'pki'), timeoutMs };
}

/** A cluster on a store of another kind has no etcd of its own. */
function authoritiesIn(directory: string): readonly AuthorityName[] {
  const names = authorityNames.filter((name) => readAuthority(directory, name) !== undefined);
  if (names.length === 0)
    throw new Error(`Cannot replace authorities: there are none in "${directory}" yet; core makes the first`);
  return names;
}

/** Resolves to whether a core says in time that it believes what is there now, and nothing else. */
async function untilInUse(
  directory: string,
  names: readonly AuthorityName[],
  timeoutMs: number,
): Promise<boolean> {
  const wanted: AuthoritiesInUse = Object.fromEntries(
    names.map((name) => [name, fingerprints(new LiveAuthority(readAuthority(directory, name)!).bundle)]),
  );
  const isInUse = () => {
    const inUse = readAuthoritiesInUse(directory);
    // On a store that others look after, core has no etcd whose authority it would believe.
    return (
      inUse !== undefined &&
      names.every((name) => inUse[name] === undefined || inUse[name].join() === wanted[name]?.join())
    );
  };
  const over = AbortSignal.timeout(timeoutMs);
  // A watch that goes on would keep the process.
  const done = new AbortController();
  try {
    const changes = watchDirectory(directory, AbortSignal.any([over, done.signal]));
    while (!isInUse()) await changes.next();
    return true;
  } catch (error) {
    if (over.aborted) return isInUse();
    throw error;
  } finally {
    done.abort();
  }
}
