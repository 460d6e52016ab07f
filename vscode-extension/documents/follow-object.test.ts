import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { events, pods } from '../../core/api/generated/resources.ts';
import { pod } from '../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { expectEventually, expectThroughout } from '../../test/expectations/eventually.ts';
import { followObject } from './follow-object.ts';

describe('following an object', () => {
  const name = { namespace: 'default', name: 'web' };
  let api: TestApi;
  let stop: AbortController;
  let following: Promise<void>;
  let told: number;

  beforeEach(async () => {
    api = await createTestApi();
    stop = new AbortController();
    told = 0;
    await api.client.create(pods, pod().named('web').build());
    await api.client.create(pods, pod().named('other').build());
    const { client, clock, random } = api;
    following = followObject(pods, name, {
      client,
      clock,
      random,
      signal: stop.signal,
      onChange: () => told++,
    });
  });

  afterEach(async () => {
    stop.abort();
    await following;
    await api.close();
  });

  const label = (pod: string, value: string) =>
    api.client.patch(pods, { namespace: 'default', name: pod }, 'merge', { metadata: { labels: { value } } });

  const toldMoreThan = (before: number) =>
    expectEventually(api.clock, () => expect(told).toBeGreaterThan(before));

  test('tells of what is there first, then of its changes and its end', async () => {
    await toldMoreThan(0);
    let before = told;
    await label('web', 'a');
    await toldMoreThan(before);
    before = told;
    await api.client.delete(pods, name, { gracePeriodSeconds: 0 });
    await toldMoreThan(before);
  });

  test('tells of what happened to it, and not of what happens to others', async () => {
    await toldMoreThan(0);
    const before = told;
    await label('other', 'a');
    await expectThroughout(api.clock, () => expect(told).toBe(before), 2_000);
    await api.client.create(events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'default', name: 'web.1' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' },
      reason: 'Looked',
      message: 'somebody looked',
      type: 'Normal',
    });
    await toldMoreThan(before);
  });
});
