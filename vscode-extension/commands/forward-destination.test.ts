import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Service, ServiceSpec } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import { pod } from '../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { destinationOf } from './forward-destination.ts';

describe('where a forwarded port leads', () => {
  let api: TestApi;

  beforeEach(async () => {
    api = await createTestApi();
    await api.client.create(pods, pod().named('other').labelled({ app: 'other' }).build());
    const ports = [{ name: 'http', containerPort: 8080 }];
    const containers = [{ name: 'main', image: 'main:1', ports }];
    await api.client.create(
      pods,
      pod().named('web-1').labelled({ app: 'web' }).withSpec({ containers }).build(),
    );
  });

  afterEach(() => api.close());

  const service = (spec: ServiceSpec): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'front' },
    spec,
    status: {},
  });
  const lead = (spec: ServiceSpec, port: number, inPod = false) =>
    destinationOf(api.client, 'Service', service(spec), { port, inPod }, AbortSignal.timeout(10_000));
  const web = { namespace: 'default', name: 'web-1' };

  test('of a Pod, to itself', async () => {
    const object = pod().named('other').build();
    const destination = await destinationOf(
      api.client,
      'Pod',
      object,
      { port: 80, inPod: false },
      AbortSignal.timeout(10_000),
    );
    expect(destination).toEqual({ pod: { namespace: 'default', name: 'other' }, port: 80 });
  });

  test('of a Service, to the port of a Pod that it names, or that was chosen in the Pod', async () => {
    const spec = { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }, { port: 90 }] };
    expect(await lead(spec, 80)).toEqual({ pod: web, port: 8080 });
    expect(await lead(spec, 90)).toEqual({ pod: web, port: 90 });
    expect(await lead(spec, 5432, true)).toEqual({ pod: web, port: 5432 });
  });

  test('to a Pod that is ready, where there is one', async () => {
    const ready = await api.client.create(pods, pod().named('web-2').labelled({ app: 'web' }).build());
    const { status } = pod().named('web-2').ready().build();
    await api.client.updateStatus(pods, { ...ready, status });
    expect(await lead({ selector: { app: 'web' }, ports: [{ port: 90 }] }, 90)).toMatchObject({
      pod: { name: 'web-2' },
    });
  });

  test('to a Pod that stays rather than to one that is ending', async () => {
    const names = ['api-1', 'api-2'];
    for (const name of names) {
      const made = pod().named(name).labelled({ app: 'api' }).onNode('n1');
      const created = await api.client.create(pods, made.build());
      await api.client.updateStatus(pods, { ...created, status: made.ready().build().status });
    }
    await api.client.delete(pods, { namespace: 'default', name: 'api-1' }, { gracePeriodSeconds: 30 });
    expect(await lead({ selector: { app: 'api' }, ports: [{ port: 90 }] }, 90)).toMatchObject({
      pod: { name: 'api-2' },
    });
  });

  test('of a Service that selects nothing, to none of the Pods that happen to be there', async () => {
    const ports = [{ port: 80 }];
    for (const spec of [{ ports }, { ports, selector: {} }])
      await expect(lead(spec, 80)).rejects.toThrow('it selects no Pods');
    await expect(lead({ ports, selector: { app: 'gone' } }, 80)).rejects.toThrow('no Pod stands behind it');
  });

  test('of a Service, not to a port that its Pod does not name', async () => {
    const spec = { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'https' }] };
    await expect(lead(spec, 80)).rejects.toThrow("Pod 'web-1' does not have a named port 'https'");
  });
});
