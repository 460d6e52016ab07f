import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificatesigningrequests, secrets } from '../../../core/api/generated/resources.ts';
import { createInformerFactory } from '../../../core/client/informer-factory.ts';
import { createTokenCleanerController } from '../../../core/controllers/token-cleaner/controller.ts';
import { Manager } from '../../../core/controllers/runtime/manager.ts';
import { makeCertificateRequest } from '../../builders/certificate-request.ts';
import { createTestApi } from '../../environment/api.ts';
import type { RestApi } from '../../environment/rest.ts';
import { whoIs } from '../../environment/who-is.ts';
import { createRestApi } from '../../environment/rest.ts';
import { expectEventually } from '../../expectations/eventually.ts';

interface Wanted {
  readonly id: string;
  readonly type?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly data?: Readonly<Record<string, string>>;
}

const hidden = '0123456789abcdef';
const namespace = 'kube-system';

function secretOf({ id, type = 'bootstrap.kubernetes.io/token', data, ...where }: Wanted) {
  const { name = `bootstrap-token-${id}` } = where;
  return {
    metadata: { name, namespace: where.namespace ?? namespace },
    type,
    stringData: {
      'token-id': id,
      'token-secret': hidden,
      'usage-bootstrap-authentication': 'true',
      ...data,
    },
  };
}

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
});
afterAll(() => rest[Symbol.asyncDispose]());

async function make(wanted: Wanted): Promise<string> {
  await rest.api.client.create(secrets, secretOf(wanted));
  return `${wanted.id}.${hidden}`;
}

const who = (token: string) => whoIs(rest, token);

const later = '2031-01-01T00:00:00Z';
const before = '2029-12-31T23:59:59Z';

describe('a bootstrap token', () => {
  test('lets a machine in, as nobody but a machine that wants to join', async () => {
    const token = await make({
      id: 'aaaaaa',
      data: {
        'auth-extra-groups': 'system:bootstrappers:workers, system:bootstrappers:b',
        expiration: later,
      },
    });
    expect(await who(token)).toMatchObject({
      code: 201,
      user: {
        username: 'system:bootstrap:aaaaaa',
        groups: [
          'system:bootstrappers',
          'system:bootstrappers:b',
          'system:bootstrappers:workers',
          'system:authenticated',
        ],
      },
    });
    const headers = { authorization: `Bearer ${token}` };
    const list = await rest.send('GET', '/api/v1/namespaces/kube-system/secrets', { as: null, headers });
    expect(list.code).toBe(403);
  });

  test('lets it ask for the certificate of a node', async () => {
    const token = await make({ id: 'bbbbbb' });
    const { base64 } = await makeCertificateRequest({ subject: 'O=system:nodes, CN=system:node:new' });
    const answer = await rest.send('POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {
      as: null,
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({
        metadata: { name: 'new' },
        spec: {
          request: base64,
          signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
          usages: ['client auth', 'digital signature'],
        },
      }),
    });
    expect(answer.code).toBe(201);
    const { spec } = await rest.api.client.get(certificatesigningrequests, { name: 'new' });
    expect(spec.username).toBe('system:bootstrap:bbbbbb');
  });

  test.each<[why: string, wanted: Wanted]>([
    ['it has ended', { id: 'cccc01', data: { expiration: before } }],
    ['nobody can read when it ends', { id: 'cccc02', data: { expiration: 'tomorrow' } }],
    ['its end is only half a date', { id: 'cccc03', data: { expiration: '2031' } }],
    ['it is not for authentication', { id: 'cccc04', data: { 'usage-bootstrap-authentication': 'yes' } }],
    ['its id is another', { id: 'cccc05', data: { 'token-id': 'zzzzzz' } }],
    ['its secret is another', { id: 'cccc06', data: { 'token-secret': '0123456789abcdeX' } }],
    ['its Secret is of another type', { id: 'cccc07', type: 'Opaque' }],
    ['its Secret is in another namespace', { id: 'cccc08', namespace: 'default' }],
    ['its Secret has another name', { id: 'cccc09', name: 'cccc09' }],
    ['it names a group of others', { id: 'cccc10', data: { 'auth-extra-groups': 'system:masters' } }],
    [
      'it names a group nearly right',
      { id: 'cccc11', data: { 'auth-extra-groups': 'system:bootstrappers:A' } },
    ],
  ])('is refused when %s', async (_why, wanted) => {
    expect(await who(await make(wanted))).toEqual({ code: 401, reason: 'Unauthorized', user: undefined });
  });

  test('is refused when it is not of the form of one', async () => {
    await make({ id: 'dddddd' });
    for (const token of ['dddddd', `dddddd.${hidden}0`, `DDDDDD.${hidden}`, `dddddd.${hidden}.`, '../a.b'])
      expect((await who(token)).code).toBe(401);
  });

  test('is refused once its Secret has gone', async () => {
    const token = await make({ id: 'eeeeee' });
    expect((await who(token)).code).toBe(201);
    await rest.api.client.delete(secrets, { namespace, name: 'bootstrap-token-eeeeee' });
    expect((await who(token)).code).toBe(401);
  });

  test('is vouched for in a review, to the API and to nobody else', async () => {
    const token = await make({ id: 'ffffff' });
    const review = async (audiences: readonly string[]) => {
      const answer = await rest.send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
        body: JSON.stringify({ spec: { token, audiences } }),
      });
      return answer.json()['status'] as unknown as { authenticated?: boolean };
    };
    expect(await review([])).toMatchObject({
      authenticated: true,
      user: { username: 'system:bootstrap:ffffff' },
    });
    expect((await review(['vault'])).authenticated).not.toBe(true);
  });
});

test('the token cleaner removes what has ended, when it ends, and nothing else', async () => {
  await using api = await createTestApi();
  const { client, clock, random, scheme } = api;
  const inAnHour = new Date(clock.now() + 3_600_000).toISOString();
  await client.create(secrets, secretOf({ id: 'aaaaaa', data: { expiration: inAnHour } }));
  await client.create(secrets, secretOf({ id: 'bbbbbb' }));
  await client.create(secrets, secretOf({ id: 'cccccc', data: { expiration: before } }));
  await client.create(secrets, secretOf({ id: 'dddddd', type: 'Opaque', data: { expiration: before } }));
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const informers = createInformerFactory({ client, clock, random, onError });
  const eventsOf = () => ({ event: () => undefined }) as never;
  const cleaner = createTokenCleanerController({
    client,
    informers,
    clock,
    random,
    scheme,
    eventsOf,
    onError,
  });
  const stop = new AbortController();
  const running = new Manager(informers, [cleaner]).run(stop.signal);
  const left = async () => {
    const { items } = await client.list(secrets, { namespace });
    return items.map(({ metadata }) => metadata.name?.slice(-6));
  };
  await expectEventually(clock, async () => expect(await left()).toEqual(['aaaaaa', 'bbbbbb', 'dddddd']));
  await clock.advanceAsync(3_590_000 - 60_000);
  expect(await left()).toContain('aaaaaa');
  await expectEventually(clock, async () => expect(await left()).toEqual(['bbbbbb', 'dddddd']), 120_000);
  stop.abort(new Error('The test ends'));
  await running;
  expect(errors).toEqual([]);
});
