import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namespaces } from '../../core/api/generated/resources.ts';
import { createClient } from '../../core/client/typed-client.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import type { WantedCertificate } from '../../core/machinery/pki/make-certificate.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { serveGrpc } from '../environment/grpc.ts';
import type { GrpcApi } from '../environment/grpc.ts';
import { createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';

const dayMs = 24 * 3_600_000;
let rest: RestApi;
let grpc: GrpcApi;

beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  grpc = await serveGrpc(rest);
});
afterAll(async () => {
  await grpc[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
});

const admin = 'O=system:masters, CN=admin';
const make = (wanted: Partial<WantedCertificate>, clock: Clock = systemClock) =>
  makePair({ name: 'a', subject: admin, use: 'client', signer: rest.pki.clientCa, ...wanted }, clock);
const at = (days: number) => new SteppedClock(Date.now() + days * dayMs);
const authority = (subject: string) => makePair({ name: 'ca', subject, use: 'ca' }, systemClock);

/** What both front ends say to whoever shows it. */
async function answers(as: KeyPair): Promise<readonly unknown[]> {
  const { code } = await rest.send('GET', '/api/v1/namespaces', { as });
  const list = createClient(grpc.connect(as).verbs).list(namespaces);
  return [
    code,
    await list.then(
      () => 'OK',
      (error: unknown) => (error as { reason?: string }).reason,
    ),
  ];
}

describe('a certificate', () => {
  test('of the authority of clients lets in', async () => {
    expect(await answers(await make({}))).toEqual([200, 'OK']);
  });

  test.each<[what: string, pair: () => Promise<KeyPair>]>([
    ['has ended', () => make({}, at(-400))],
    ['has not begun', () => make({}, at(1))],
    ['is of the authority of servers', () => make({ signer: rest.pki.serverCa })],
    ['is for servers', () => make({ use: 'server', addresses: ['localhost'] })],
    ['vouches for itself', () => make({ use: 'ca', signer: undefined as never })],
    ['names nobody', () => make({ subject: 'O=system:masters' })],
    ['names two', () => make({ subject: 'O=system:masters, CN=ann, CN=admin' })],
    [
      'is vouched for by another client',
      async () => {
        const ann = await make({ subject: 'CN=ann' });
        const { cert, key } = await make({ signer: ann });
        return { cert: Buffer.concat([cert, ann.cert]), key };
      },
    ],
  ])('that %s does not', async (_what, pair) => {
    expect(await answers(await pair())).toEqual([401, 'Unauthorized']);
  });

  test('of an authority that calls itself the same does not', async () => {
    const [code, reason] = await answers(await make({ signer: await authority('CN=client-ca') }));
    expect(code).toBe(401);
    // Over HTTP/2, OpenSSL may end the connection before anything can be said.
    expect(['Unauthorized', 'ServiceUnavailable']).toContain(reason);
  });

  test('counts for more than a token beside it, and neither mends the other', async () => {
    const headers = { authorization: 'Bearer made-up' };
    const who = async (as: KeyPair) => {
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const answer = await rest.send('POST', path, { body: '{}', as, headers });
      const { userInfo } = (answer.json()['status'] ?? {}) as { userInfo?: { username: string } };
      return userInfo?.username ?? answer.code;
    };
    expect(await who(await make({ subject: 'CN=ann' }))).toBe('ann');
    expect(await who(await make({ subject: 'CN=ann' }, at(-400)))).toBe(401);
  });
});

test('nothing of what was shown is told to whoever is refused', async () => {
  const secret = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2VjcmV0';
  const headers = { authorization: `Bearer ${secret}`, cookie: 'secret' };
  const answer = await rest.send('GET', '/api/v1/namespaces', { as: null, headers });
  expect(answer.json()).toMatchObject({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
  expect(answer.text + JSON.stringify(answer.headers)).not.toContain('c2VjcmV0');
});
