import { afterEach, beforeEach, expect, test } from 'vitest';
import { configmaps, pods } from '../../../core/api/generated/resources.ts';
import { SteppedClock } from '../../../core/machinery/stepped-clock.ts';
import { pod } from '../../builders/index.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const namespace = 'default';
const path = `/api/v1/namespaces/${namespace}/configmaps`;

let rest: RestApi;
let serverClock: SteppedClock;
beforeEach(async () => {
  serverClock = new SteppedClock();
  rest = await createRestApi({ serverClock });
  await rest.api.client.create(configmaps, { metadata: { name: 'one', namespace } });
});
afterEach(() => rest[Symbol.asyncDispose]());

test.for([
  ['invalid', 'invalid duration'],
  ['10', 'missing unit in duration'],
  ['s', 'invalid duration'],
  ['1s2', 'missing unit in duration'],
  ['1x', 'unknown unit "x" in duration'],
] as const)('a timeout of "%s" is none', async ([timeout, why]) => {
  for (const from of [path, '/version', '/apis']) {
    const answer = await rest.send('GET', `${from}?timeout=${timeout}`);
    expect(answer.json()).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: `invalid timeout specified in the request URL - time: ${why} "${timeout}"`,
    });
  }
});

test.for([
  ['10s', 10_000],
  ['0.5s', 500],
  ['5m', 60_000],
  ['0s', 60_000],
  ['-1s', 60_000],
] as const)('a request with a timeout of %s has %d ms', async ([timeout, ms]) => {
  const unfinished = { body: '{', headers: { 'content-length': 100 } };
  const answer = rest.open('POST', `${path}?timeout=${timeout}`, unfinished);
  await expect.poll(() => serverClock.pendingTimers).toBe(1);
  serverClock.advance(ms - 1);
  expect(serverClock.pendingTimers).toBe(1);
  serverClock.advance(1);
  expect((await answer).statusCode).toBe(504);
  (await answer).destroy();
});

test('a watch heeds timeoutSeconds and no other timeout', async () => {
  const message = await rest.open('GET', `${path}?watch=1&timeout=invalid`);
  expect(message.statusCode).toBe(200);
  message.destroy();
});

const both =
  'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Foreground": orphanDependents and deletionPropagation cannot be both set';

test.for([
  ['a body', '', '{"orphanDependents":true,"propagationPolicy":"Foreground"}'],
  ['a query', '?orphanDependents=false&propagationPolicy=Foreground', undefined],
] as const)('dependents cannot be dealt with in two ways at once, in %s', async ([, query, body]) => {
  const answer = await rest.send('DELETE', `${path}/one${query}`, { body });
  expect(answer.json()).toMatchObject({ code: 422, reason: 'Invalid', message: both });
});

test('a query says what becomes of dependents in the old form as well', async () => {
  const answer = await rest.send('DELETE', `${path}/one?orphanDependents=true`);
  expect(answer.json()).toMatchObject({ kind: 'ConfigMap', metadata: { finalizers: ['orphan'] } });
});

test('where there is a body, the query of a deletion counts for nothing', async () => {
  const body = '{"propagationPolicy":"Background"}';
  const answer = await rest.send('DELETE', `${path}/one?dryRun=All&orphanDependents=true`, { body });
  expect(answer.json()).toMatchObject({ kind: 'Status', status: 'Success' });
  expect((await rest.send('GET', `${path}/one`)).code).toBe(404);
});

test('a grace of less than nothing is a second, wherever it is given', async () => {
  const { client } = rest.api;
  for (const [name, query, body] of [
    ['a', '?gracePeriodSeconds=-5', undefined],
    ['b', '', '{"gracePeriodSeconds":-5}'],
  ] as const) {
    await client.create(pods, pod().named(name).onNode('north').build());
    const answer = await rest.send('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}${query}`, {
      body,
    });
    expect(answer.json()).toMatchObject({ metadata: { name, deletionGracePeriodSeconds: 1 } });
  }
});

test.for([
  ['application/merge-patch+json', '{}', 'true'],
  ['application/strategic-merge-patch+json', '{}', 'false'],
  ['application/json-patch+json', '[]', '1'],
] as const)('%s is never forced', async ([contentType, body, force]) => {
  const answer = await rest.send('PATCH', `${path}/one?force=${force}`, { contentType, body });
  expect(answer.json()).toMatchObject({
    code: 422,
    reason: 'Invalid',
    message:
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  });
});
