import { expect } from 'vitest';
import { deployments as deploymentResource } from '../../core/api/generated/resources.ts';
import { deployment } from '../builders/index.ts';
import type { RestAnswer, RestApi, RestRequest } from './rest.ts';
import { createRestApi } from './rest.ts';

export const configMaps = '/api/v1/namespaces/default/configmaps';
export const deployments = '/apis/apps/v1/namespaces/default/deployments';

/** A request that means harm, and what it is told. */
export interface Refused extends RestRequest {
  readonly title: string;
  /** POST unless given. */
  readonly method?: string;
  /** The ConfigMaps of the namespace "default" unless given. */
  readonly path?: string;
  readonly code: number;
  readonly reason: string;
  readonly message: RegExp;
}

export const badRequest = { code: 400, reason: 'BadRequest' };
export const invalid = { code: 422, reason: 'Invalid' };
export const tooLarge = { code: 413, reason: 'RequestEntityTooLarge' };
export const unsupported = { code: 415, reason: 'UnsupportedMediaType' };

/** JSON of so many levels. */
export function deep(levels: number): string {
  return '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
}

/** The API over HTTPS with a ConfigMap "there" and a Deployment "web", which outlive whatever is sent. */
export async function createHostileScene(): Promise<RestApi> {
  const rest = await createRestApi();
  await rest.send('POST', configMaps, { body: '{"metadata":{"name":"there"},"data":{"a":"1"}}' });
  await rest.api.client.create(deploymentResource, deployment().named('web').build());
  return rest;
}

/** What every refusal is: a Status that says so, with a code that the head repeats. */
export function expectRefusal(
  answer: RestAnswer,
  code: number,
  reason: string,
  message: RegExp | string,
): void {
  expect(answer.json()).toMatchObject({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
  });
  expect(answer.code).toBe(code);
}

export async function expectHealthy(rest: RestApi): Promise<void> {
  expect((await rest.send('GET', '/readyz')).text).toBe('ok');
  const there = await rest.send('GET', `${configMaps}/there`);
  expect(there.json()['data']).toEqual({ a: '1' });
}

/** Refused as it ought to be, with nothing left behind. */
export async function expectRefused(rest: RestApi, refused: Refused): Promise<void> {
  const { method = 'POST', path = configMaps, code, reason, message, ...request } = refused;
  expectRefusal(await rest.send(method, path, request), code, reason, message);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  await expectHealthy(rest);
}
