import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configmaps } from '../../core/api/generated/resources.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { expectEventually } from '../../test/expectations/eventually.ts';
import { followLive } from './follow-live.ts';

describe('following a live object', () => {
  const name = { namespace: 'default', name: 'settings' };
  let api: TestApi;
  let stop: AbortController;
  let following: Promise<void>;
  let told: string[];

  beforeEach(async () => {
    api = await createTestApi();
    stop = new AbortController();
    told = [];
  });

  afterEach(async () => {
    stop.abort();
    await following;
    await api.close();
  });

  const create = (color: string) =>
    api.client.create(configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: name,
      data: { color },
    });

  const follow = () => {
    const handler = {
      onPresent: (object: object) => told.push((object as { data: { color: string } }).data.color),
      onAbsent: () => told.push('absent'),
    };
    following = followLive(api.client, configmaps, name, handler, api, stop.signal);
  };

  const untilTold = (...wanted: readonly string[]) =>
    expectEventually(api.clock, () => expect(told).toEqual(wanted));

  test('tells how it is, how it changes, and when it goes and comes again', async () => {
    await create('red');
    follow();
    await untilTold('red');
    await api.client.patch(configmaps, name, 'merge', { data: { color: 'blue' } });
    await untilTold('red', 'blue');
    await api.client.delete(configmaps, name);
    await untilTold('red', 'blue', 'absent');
    await create('green');
    await untilTold('red', 'blue', 'absent', 'green');
  });

  test('tells that it is not there, as after it went while nobody could look', async () => {
    follow();
    await untilTold('absent');
  });
});
