import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../core/api/object.ts';
import type { Resource } from '../../../core/api/resource.ts';
import { createClient } from '../../../core/client/typed-client.ts';
import { fortunesGroup } from '../../environment/extension-server.ts';
import { serveGrpc } from '../../environment/grpc.ts';
import type { GrpcApi } from '../../environment/grpc.ts';
import { AggregationScene, base, fortunes } from '../../environment/aggregation-scene.ts';

let scene: AggregationScene;
let grpc: GrpcApi;
beforeAll(async () => {
  scene = await AggregationScene.create();
  grpc = await serveGrpc(scene.rest);
});
afterAll(async () => {
  await grpc[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

describe("a user's API server over gRPC", () => {
  const resource: Resource<KubernetesObject> = {
    group: fortunesGroup,
    version: 'v1alpha1',
    plural: 'fortunes',
    kind: 'Fortune',
    namespaced: true,
  };
  const where = { namespace: 'default' };

  test('serves the verbs as whom the caller is', async () => {
    const client = createClient(grpc.connect().verbs);
    const { items, resourceVersion } = await client.list(resource, { ...where, limit: 5 });
    expect(items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Fortune good',
      'Fortune bad',
    ]);
    expect(resourceVersion).toBe('7');
    expect(scene.lastAsked()).toMatchObject({
      url: `${fortunes}?limit=5`,
      headers: { 'x-remote-user': 'admin' },
    });
    expect(await client.get(resource, { ...where, name: 'good' })).toMatchObject({
      spec: { text: 'the fortune of good' },
    });
    const metadata = { ...where, name: 'new' };
    const made = await client.create(resource, {
      apiVersion: `${fortunesGroup}/v1alpha1`,
      kind: 'Fortune',
      metadata,
    });
    expect(made.metadata.name).toBe('new');
    await expect(client.get(resource, { namespace: 'other', name: 'a' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
    const ownClient = createClient(grpc.connect(scene.ann).verbs);
    await expect(ownClient.delete(resource, { ...where, name: 'a' })).rejects.toMatchObject({
      reason: 'Forbidden',
    });
    await expect(client.get(resource, { ...where, name: 'a/../b' })).rejects.toMatchObject({
      reason: 'BadRequest',
    });
  });

  test('is watched from its state on', async () => {
    const client = createClient(grpc.connect().verbs);
    const over = new AbortController();
    const seen: string[] = [];
    const changed = scene.extension.announce({
      type: 'DELETED',
      object: { kind: 'Fortune', metadata: { name: 'good', resourceVersion: '8' } },
    });
    for await (const batch of client.watch(resource, {
      ...where,
      signal: over.signal,
      sendInitialEvents: true,
    }))
      for (const event of batch) {
        seen.push(event.type === 'BOOKMARK' ? event.type : `${event.type} ${event.object.metadata.name}`);
        if (event.type === 'DELETED') over.abort();
      }
    await changed;
    expect(seen).toEqual(['ADDED good', 'ADDED bad', 'BOOKMARK', 'DELETED good']);
  });

  test('is in discovery', async () => {
    const { discovery } = grpc.connect();
    expect((await discovery.resources({})).toString()).toContain('"resource":"fortunes"');
    expect((await discovery.openApi({}, base.slice(1))).toString()).toContain('Fortune is what will be.');
  });
});
