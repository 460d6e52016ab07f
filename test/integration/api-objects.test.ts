import { describe, expect, test } from 'vitest';
import { configmaps, deployments, namespaces, pods } from '../../core/api/generated/resources.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../core/api/errors.ts';
import { createTestApi } from '../environment/api.ts';

describe('objects', () => {
  test('are created, read, changed and deleted', async () => {
    await using api = await createTestApi();
    const { client } = api;
    const created = await client.create(configmaps, {
      metadata: { name: 'settings', namespace: 'default' },
      data: { colour: 'red' },
    });
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } });
    expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(created.metadata.resourceVersion).toMatch(/^\d+$/);

    const read = await client.get(configmaps, { namespace: 'default', name: 'settings' });
    expect(read).toEqual(created);

    const updated = await client.update(configmaps, { ...read, data: { colour: 'blue' } });
    expect(updated.data).toEqual({ colour: 'blue' });
    await expect(client.update(configmaps, { ...read, data: { colour: 'green' } })).rejects.toSatisfy(
      isConflict,
    );

    expect(await client.delete(configmaps, { namespace: 'default', name: 'settings' })).toBeUndefined();
    await expect(client.get(configmaps, { namespace: 'default', name: 'settings' })).rejects.toSatisfy(
      isNotFound,
    );
  });

  test('are created once', async () => {
    await using api = await createTestApi();
    const settings = { metadata: { name: 'settings', namespace: 'default' } };
    await api.client.create(configmaps, settings);
    await expect(api.client.create(configmaps, settings)).rejects.toSatisfy(isAlreadyExists);
  });

  test('need a namespace that is there', async () => {
    await using api = await createTestApi();
    const lost = api.client.create(configmaps, { metadata: { name: 'a', namespace: 'nowhere' } });
    await expect(lost).rejects.toThrow('namespaces "nowhere" not found');
  });

  test('that did not change keep their resourceVersion', async () => {
    await using api = await createTestApi();
    const pod = await api.client.create(pods, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'web:1' }] },
    });
    const again = await api.client.update(pods, structuredClone(pod));
    expect(again.metadata.resourceVersion).toBe(pod.metadata.resourceVersion);
  });

  test('get upstream defaults', async () => {
    await using api = await createTestApi();
    const deployment = await api.client.create(deployments, {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'web' }] },
        },
      },
    });
    expect(deployment.metadata.generation).toBe(1);
    expect(deployment.spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        spec: {
          containers: [
            { imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log', resources: {} },
          ],
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
        },
      },
    });
    const scaled = await api.verbs.patch(
      {},
      {
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        namespace: 'default',
        name: 'web',
        subresource: 'scale',
      },
      { type: 'merge', bytes: Buffer.from('{"spec":{"replicas":3}}') },
    );
    expect(scaled.object).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 3 },
      status: { selector: 'app=web' },
    });
    const after = await api.client.get(deployments, { namespace: 'default', name: 'web' });
    expect([after.spec.replicas, after.metadata.generation]).toEqual([3, 2]);
  });
});

describe('a Binding', () => {
  test('binds the Pod of its name, and not in a dry run', async () => {
    await using api = await createTestApi();
    const web = { namespace: 'default', name: 'web' };
    await api.client.create(pods, {
      metadata: web,
      spec: { containers: [{ name: 'main', image: 'web:1' }] },
    });
    const target = { group: '', version: 'v1', resource: 'bindings', namespace: 'default' };
    const body = { kind: 'object', object: { metadata: web, target: { kind: 'Node', name: 'a' } } } as const;
    await api.verbs.create({}, target, body, { dryRun: true });
    expect((await api.client.get(pods, web)).spec.nodeName).toBeUndefined();
    expect((await api.verbs.create({}, target, body)).object).toMatchObject({ status: 'Success' });
    expect((await api.client.get(pods, web)).spec.nodeName).toBe('a');
    await expect(api.verbs.create({}, target, body)).rejects.toSatisfy(isConflict);
  });
});

describe('namespaces', () => {
  test('end in two phases', async () => {
    await using api = await createTestApi();
    const { client, verbs } = api;
    await client.create(namespaces, { metadata: { name: 'team' }, spec: {} });
    const ending = await client.delete(namespaces, { name: 'team' });
    expect(ending?.status.phase).toBe('Terminating');
    await expect(
      client.create(configmaps, { metadata: { name: 'late', namespace: 'team' } }),
    ).rejects.toThrow('because it is being terminated');
    const target = {
      group: '',
      version: 'v1',
      resource: 'namespaces',
      name: 'team',
      subresource: 'finalize',
    };
    const bare = { ...ending, spec: { finalizers: [] } };
    await verbs.update({}, target, { kind: 'object', object: bare });
    await expect(client.get(namespaces, { name: 'team' })).rejects.toSatisfy(isNotFound);
  });
});
