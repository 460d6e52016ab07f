import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LiveAuthority } from '../machinery/pki/live-authority.ts';
import { makePair } from '../machinery/pki/make-certificate.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { clientIdentity } from './client-identity.ts';
import { parseOptions } from './options.ts';

const clock = new SteppedClock();
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'wheelhouse-proxies-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const parse = (...args: readonly string[]) => {
  const options = parseOptions(['--data-dir=/tmp/x', ...args]);
  if (options === 'help') throw new Error('nobody asked for help');
  return options.requestHeaders;
};
const ca = (subject: string) => makePair({ name: 'ca', subject, use: 'ca' }, clock);
const authority = async (subject: string) =>
  new LiveAuthority({ current: await ca(subject), previous: undefined });

describe('proxies', () => {
  test('are those of the cluster itself unless others are named', () => {
    expect(parse()).toEqual({
      authorities: undefined,
      proxyNames: ['front-proxy-client'],
      headers: {
        username: ['X-Remote-User'],
        uid: ['X-Remote-Uid'],
        group: ['X-Remote-Group'],
        extraPrefix: ['X-Remote-Extra-'],
      },
    });
  });

  test("of one's own authority may be all of it, or some, and are told to users' servers beside core", async () => {
    const file = join(directory, 'ca.pem');
    const own = await ca('CN=own');
    const [clientCa, frontProxyCa] = [await authority('CN=clients'), await authority('CN=proxies')];
    writeFileSync(file, own.cert);
    const some = parse(
      `--requestheader-client-ca-file=${file}`,
      '--requestheader-allowed-names=gate, door',
      '--requestheader-username-headers=X-User,X-Login',
    );
    expect(some).toMatchObject({
      proxyNames: ['gate', 'door'],
      headers: { username: ['X-User', 'X-Login'], group: ['X-Remote-Group'] },
    });
    const any = parse(`--requestheader-client-ca-file=${file}`);
    const pki = { clientCa, frontProxyCa };
    expect(clientIdentity(pki, any, clock).published().proxyNames).toEqual([]);
    expect(clientIdentity(pki, some, clock).published()).toMatchObject({
      clients: clientCa.cert.toString(),
      frontProxies: `${frontProxyCa.cert.toString()}${own.cert.toString()}`,
      proxyNames: ['front-proxy-client', 'gate', 'door'],
    });
  });

  test('are never all clients', async () => {
    const [clientCa, frontProxyCa] = [await authority('CN=clients'), await authority('CN=proxies')];
    const options = { ...parse(), authorities: clientCa.cert };
    expect(() => clientIdentity({ clientCa, frontProxyCa }, options, clock)).toThrow(
      'proxies need one of their own',
    );
  });

  test.each([
    ['--requestheader-client-ca-file=/nowhere', '/nowhere: ENOENT'],
    ['--requestheader-client-ca-file=/dev/null', 'it holds no certificate'],
    ['--requestheader-username-headers=', '"" cannot name'],
    ['--requestheader-username-headers=X-User,', '"" cannot name'],
    ['--requestheader-username-headers=X User', '"X User" cannot name'],
    ['--requestheader-group-headers=Authorization', '"Authorization" cannot name'],
    ['--requestheader-extra-headers-prefix=Impersonate-', '"Impersonate-" cannot name'],
  ])('are refused by %s', (flag, says) => {
    expect(() => parse(flag)).toThrow(says);
  });
});
