import { describe, expect, test } from 'vitest';
import { events, eventsEvents, pods } from '../../core/api/generated/resources.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';
import { pod } from '../builders/index.ts';

const name = { namespace: 'default', name: 'web.1' };

function tell({ client }: TestApi) {
  return client.create(eventsEvents, {
    metadata: name,
    eventTime: '2030-01-01T00:00:00.5Z',
    reportingController: 'example.com/controller',
    reportingInstance: 'one',
    action: 'Start',
    reason: 'Started',
    regarding: { kind: 'Pod', namespace: 'default', name: 'web' },
    note: 'It runs',
    type: 'Normal',
  });
}

describe('events', () => {
  test('are written in one form and read in both', async () => {
    await using api = await createTestApi();
    const told = await tell(api);
    expect(told).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      note: 'It runs',
      eventTime: '2030-01-01T00:00:00.500000Z',
    });
    const core = await api.client.get(events, name);
    expect(core).toMatchObject({
      apiVersion: 'v1',
      message: 'It runs',
      involvedObject: { kind: 'Pod', name: 'web' },
      reportingComponent: 'example.com/controller',
      metadata: { uid: told.metadata.uid, resourceVersion: told.metadata.resourceVersion },
    });
  });

  test('that go on keep their series in both forms, and by a merge patch of either', async () => {
    await using api = await createTestApi();
    await tell(api);
    const series = { count: 2, lastObservedTime: '2030-01-01T00:00:01.000000Z' };
    await api.client.patch(eventsEvents, name, 'merge', { series });
    expect(await api.client.get(events, name)).toMatchObject({ series });
    await api.client.patch(events, name, 'merge', { series: { count: 3 } });
    expect(await api.client.get(eventsEvents, name)).toMatchObject({ series: { ...series, count: 3 } });
  });

  test('are changed and selected in the newer form too', async () => {
    await using api = await createTestApi();
    await tell(api);
    const labels = { seen: 'yes' };
    await api.client.patch(eventsEvents, name, 'strategic', { metadata: { labels } });
    expect((await api.client.get(events, name)).metadata.labels).toEqual(labels);
    const found = await api.client.list(eventsEvents, { fieldSelector: 'regarding.name=web,type=Normal' });
    expect(found.items.map(({ note }) => note)).toEqual(['It runs']);
    const stop = new AbortController();
    for await (const [event] of api.client.watch(eventsEvents, { signal: stop.signal })) {
      expect(event).toMatchObject({
        type: 'ADDED',
        object: { apiVersion: 'events.k8s.io/v1', note: 'It runs', metadata: { labels } },
      });
      stop.abort();
    }
    expect(await api.client.delete(eventsEvents, name)).toBeUndefined();
  });
});

describe('evictions', () => {
  test('are taken in the form that older clients send too, and in no other', async () => {
    await using api = await createTestApi();
    const web = { namespace: 'default', name: 'web' };
    await api.client.create(pods, pod().named('web').build());
    const evict = (apiVersion: string) =>
      api.client.createSubresource(pods, web, 'eviction', { apiVersion, kind: 'Eviction', metadata: web });
    for (const other of ['v1', 'policy/v2', 'apps/v1'])
      await expect(evict(other)).rejects.toMatchObject({
        reason: 'BadRequest',
        message: `the API version in the data ("${other}") does not match the expected API version (policy/v1)`,
      });
    await evict('policy/v1beta1');
    await expect(api.client.get(pods, web)).rejects.toMatchObject({ reason: 'NotFound' });
  });
});
