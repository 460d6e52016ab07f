import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { KeyPair } from '../../machinery/pki/key-pair.ts';
import { makePair } from '../../machinery/pki/make-certificate.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { ClientCertificates } from './client-certificate.ts';
import { ClientTrust } from './client-trust.ts';
import type { HeaderLine } from './request-headers.ts';

const clock = new SteppedClock();
const authority = (subject: string) => makePair({ name: 'ca', subject, use: 'ca' }, clock);
const shown = async (subject: string, signer: KeyPair) =>
  new X509Certificate((await makePair({ name: 'a', subject, use: 'client', signer }, clock)).cert);

let [clients, proxies, other, again] = [] as unknown as [KeyPair, KeyPair, KeyPair, KeyPair];
beforeAll(async () => {
  [clients, proxies, other, again] = await Promise.all([
    authority('CN=clients'),
    authority('CN=proxies'),
    authority('CN=other'),
    authority('CN=clients'),
  ]);
});

const believing = (trust: ClientTrust, proxyNames: readonly string[] = ['gate']) =>
  new ClientCertificates({ trust, clock, proxyNames });
const both = () => new ClientTrust({ clients: clients.cert, frontProxies: proxies.cert });
const admin = (): readonly HeaderLine[] => [
  ['x-remote-user', 'admin'],
  ['x-remote-group', 'system:masters'],
];

describe('headers that say who a user is', () => {
  test('count from a proxy of its authority and with its name', async () => {
    const gate = await shown('O=system:masters, CN=gate', proxies);
    const identity = believing(both()).identify(gate, admin);
    expect(identity).toMatchObject({
      user: { name: 'admin', groups: ['system:masters', 'system:authenticated'] },
      expiresAtMs: Date.parse(gate.validTo),
    });
  });

  test('do not count from whoever else shows a certificate', async () => {
    const certificates = believing(both());
    const gate = await shown('CN=gate', clients);
    expect(certificates.identify(gate, admin)?.user).toEqual({
      name: 'gate',
      groups: ['system:authenticated'],
    });
    expect(certificates.identify(await shown('CN=other', proxies), admin)).toBeUndefined();
    const stranger = await shown('CN=gate', other);
    expect(() => certificates.identify(stranger, admin)).toThrow('Unauthorized');
  });

  test('count from every certificate of the authority where no name is given', async () => {
    const any = believing(both(), []);
    expect(any.identify(await shown('CN=other', proxies), admin)?.user.name).toBe('admin');
    expect(any.identify(await shown('CN=ann', clients), admin)?.user.name).toBe('ann');
  });

  test('are asked for anew by every request of a connection', async () => {
    const certificates = believing(both());
    const gate = await shown('CN=gate', proxies);
    const named = (name: string) => certificates.identify(gate, () => [['x-remote-user', name]])?.user.name;
    expect([named('ann'), named('bob'), named('')]).toEqual(['ann', 'bob', undefined]);
  });
});

test('a proxy is no user by its certificate, however that is called', async () => {
  const gate = await shown('O=system:masters, CN=gate', proxies);
  expect(believing(both()).identify(gate, () => [])).toBeUndefined();
});

test('what ends, ends for users and proxies alike', async () => {
  const certificates = believing(both());
  const [ann, gate] = await Promise.all([shown('CN=ann', clients), shown('CN=gate', proxies)]);
  expect(certificates.identify(ann, admin)?.user.name).toBe('ann');
  clock.advance(366 * 24 * 3_600_000);
  for (const certificate of [ann, gate])
    expect(() => certificates.identify(certificate, admin)).toThrow('Unauthorized');
  clock.advance(-366 * 24 * 3_600_000);
});

describe('authorities that are replaced', () => {
  test('stand beside each other, even under one name', async () => {
    const trust = new ClientTrust({ clients: Buffer.concat([clients.cert, again.cert]) });
    const certificates = believing(trust);
    for (const signer of [clients, again])
      expect(certificates.identify(await shown('CN=ann', signer), admin)?.user.name).toBe('ann');
    expect(trust.bundle.toString().match(/BEGIN/g)).toHaveLength(2);
  });

  test('are forgotten at once, and whoever they vouched for is told', async () => {
    const trust = new ClientTrust({ clients: Buffer.concat([again.cert, clients.cert]) });
    const certificates = believing(trust);
    const [old, fresh] = await Promise.all([shown('CN=ann', clients), shown('CN=ann', again)]);
    const [revoked, kept] = [old, fresh].map(
      (certificate) => certificates.identify(certificate, admin)?.revoked,
    );
    let changes = 0;
    trust.onReplaced(() => changes++);
    expect(trust.replace({ clients: Buffer.concat([again.cert, clients.cert]) })).toBe(false);
    expect(trust.replace({ clients: again.cert })).toBe(true);
    expect([revoked?.aborted, kept?.aborted, changes]).toEqual([true, false, 1]);
    expect(() => certificates.identify(old, admin)).toThrow('Unauthorized');
    expect(certificates.identify(fresh, admin)?.user.name).toBe('ann');
  });

  test('do not become authorities of something else', async () => {
    const trust = both();
    const certificates = believing(trust);
    const gate = await shown('CN=gate', proxies);
    expect(certificates.identify(gate, admin)?.user.name).toBe('admin');
    trust.replace({ clients: clients.cert });
    expect(() => certificates.identify(gate, admin)).toThrow('Unauthorized');
  });
});
