import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../machinery/clock.ts';
import { certificateNameProblems } from '../machinery/names.ts';
import { makePair } from '../machinery/pki/make-certificate.ts';
import { readAuthority } from './authorities.ts';

/**
 * `core issue-user --data-dir=PATH --user=NAME [--group=GROUP]…`: a client certificate of the cluster's authority, as
 * JSON with PEM texts. Whoever may read the authority's key may make one.
 */
export async function issueUser(args: readonly string[]): Promise<string> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data-dir': { type: 'string' },
      user: { type: 'string' },
      group: { type: 'string', multiple: true, default: [] },
    },
  });
  const { 'data-dir': dataDirectory, user = '', group: groups } = values;
  if (dataDirectory === undefined) throw new Error('--data-dir is required');
  for (const name of [user, ...groups]) {
    const [problem] = certificateNameProblems(name);
    if (problem !== undefined) throw new Error(`Cannot make a certificate for "${name}": ${problem}`);
  }
  const signer = readAuthority(join(dataDirectory, 'pki'), 'client-ca')?.current;
  if (signer === undefined)
    throw new Error(`Cannot make a certificate for "${user}": "${dataDirectory}" holds no cluster`);
  const subject = [...groups.map((group) => `O=${group}`), `CN=${user}`].join(', ');
  const { cert, key } = await makePair({ name: user, subject, use: 'client', signer }, systemClock);
  return `${JSON.stringify({ cert: cert.toString(), key: key.toString() })}\n`;
}
