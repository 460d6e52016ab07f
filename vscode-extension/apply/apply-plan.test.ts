import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { configmaps, deployments } from '../../core/api/generated/resources.ts';
import type { Verbs } from '../../core/api/verbs.ts';
import { manifestsOf } from '../../core/client/manifests.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { openTestCluster } from '../../test/environment/open-cluster.ts';
import { settle } from '../../test/expectations/eventually.ts';
import { applyAll } from './apply-all.ts';
import { applyPlanned, planApply, type PlannedObject, type PlanPlace } from './apply-plan.ts';

const settings = (value: string, name = 'settings') => `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name} }
data: { color: ${value} }
`;

const boats = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: boats.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: Boat, plural: boats }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object } }
`;

describe('a plan to apply', () => {
  let api: TestApi;
  let place: PlanPlace;
  let close: () => Promise<void>;

  beforeEach(async () => {
    api = await createTestApi();
    const cluster = openTestCluster(api);
    const index = await cluster.resources();
    place = { client: api.client, index, namespace: 'default', signal: cluster.signal };
    close = async () => cluster[Symbol.asyncDispose]();
  });

  afterEach(async () => {
    await close();
    await api.close();
  });

  const plan = (text: string) => planApply(manifestsOf(text, 'test.yaml'), place);

  const everything = (planned: PlannedObject) =>
    new Set(planned.outcome === 'conflict' ? planned.conflicts : []);

  async function apply(text: string, takes = false) {
    const planned = await plan(text);
    const taken = new Set(takes ? planned.flatMap((each) => [...everything(each)]) : []);
    const results = await applyAll(planned, place, taken);
    return results.map(({ outcome }) => outcome);
  }

  test('tells what is made, changed and left as it is, and changes nothing', async () => {
    await apply(settings('red') + '---\n' + settings('red', 'same'));
    const text = [settings('blue'), settings('red', 'same'), settings('red', 'new')].join('---\n');
    expect((await plan(text)).map(({ outcome }) => outcome)).toEqual(['change', 'unchanged', 'create']);
    const live = await api.client.get(configmaps, { namespace: 'default', name: 'settings' });
    expect(live.data).toEqual({ color: 'red' });
  });

  test('shows both sides without what the server keeps for itself', async () => {
    await apply(settings('red'));
    const [change] = await plan(settings('blue'));
    expect(change?.before).toBe(
      'apiVersion: v1\ndata:\n  color: red\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: default\n',
    );
    expect(change).toMatchObject({
      outcome: 'change',
      after: expect.stringContaining('color: blue') as string,
    });
  });

  test('puts objects without a namespace where the editor says', async () => {
    const [created] = await plan(settings('red'));
    expect(created?.name).toEqual({ namespace: 'default', name: 'settings' });
  });

  const theirs = () =>
    api.client.create(
      configmaps,
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'default', name: 'settings' },
        data: { color: 'green' },
      },
      { fieldManager: 'somebody' },
    );
  const liveData = async () =>
    (await api.client.get(configmaps, { namespace: 'default', name: 'settings' })).data;

  test('names the owner of a field that somebody else set, and what both say', async () => {
    await theirs();
    const [planned] = await plan(settings('red'));
    expect(planned).toMatchObject({
      outcome: 'conflict',
      conflicts: [
        {
          field: '.data.color',
          why: expect.stringContaining('somebody') as string,
          theirs: 'green',
          yours: 'red',
        },
      ],
    });
  });

  test('takes such a field over, or leaves it and applies the rest', async () => {
    await theirs();
    const more = settings('red').replace('red', 'red, size: large');
    expect(await apply(more)).toEqual(['configured']);
    expect(await liveData()).toEqual({ color: 'green', size: 'large' });
    expect(await apply(more, true)).toEqual(['configured']);
    expect(await liveData()).toEqual({ color: 'red', size: 'large' });
  });

  test('takes nothing that came between the question and the answer', async () => {
    await theirs();
    const [planned] = await plan(settings('red').replace('red', 'red, size: large'));
    await api.client.patch(
      configmaps,
      { namespace: 'default', name: 'settings' },
      'merge',
      { data: { size: 'small' } },
      { fieldManager: 'another' },
    );
    if (planned === undefined) throw new Error('There is no plan');
    const { outcome } = await applyPlanned(planned, place, everything(planned));
    expect(outcome).toBe('failed');
    expect(await liveData()).toEqual({ color: 'green', size: 'small' });
  });

  test('lets one refused object not hold up the others', async () => {
    const wrong = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: UPPER }\n';
    const unknown = 'apiVersion: example.com/v1\nkind: Boat\nmetadata: { name: b }\n';
    const planned = await plan([wrong, unknown, settings('red')].join('---\n'));
    expect(planned.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'create']);
  });

  test('calls no object refused because the cluster does not answer', async () => {
    const away = () => Promise.reject(new StatusError('ServiceUnavailable', 'nobody answers'));
    for (const verb of ['get', 'patch']) {
      const client = createClient({ ...api.verbs, [verb]: away });
      const manifests = manifestsOf(settings('red'), 'test.yaml');
      await expect(planApply(manifests, { ...place, client })).rejects.toThrow('nobody answers');
    }
  });

  test('knows that a namespace of the same file is not there yet', async () => {
    const text = `apiVersion: v1
kind: Namespace
metadata: { name: fleet }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: inside, namespace: fleet }
`;
    expect((await plan(text)).map(({ outcome }) => outcome)).toEqual(['create', 'create']);
    expect(await apply(text)).toEqual(['created', 'created']);
  });

  test('knows that a kind is defined beside its objects, and waits until it is served', async () => {
    const text = `${boats}---
apiVersion: example.com/v1
kind: Boat
metadata: { name: mary }
`;
    const planned = await plan(text);
    expect(planned.map(({ outcome, name }) => [outcome, name.namespace])).toEqual([
      ['create', undefined],
      ['create', 'default'],
    ]);
    expect((await plan(text.replace('kind: Boat\nmetadata', 'kind: Boot\nmetadata')))[1]).toMatchObject({
      outcome: 'refused',
    });
    expect(await apply(text)).toEqual(['created', 'created']);
  });

  test('makes namespaces first, then kinds, then what is of them, wherever they stand', async () => {
    const boat = 'apiVersion: example.com/v1\nkind: Boat\nmetadata: { name: mary, namespace: fleet }\n';
    const fleet = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: fleet }\n';
    const text = [boat, settings('red'), boats, fleet].join('---\n');
    const planned = await plan(text);
    expect(planned.map(({ outcome }) => outcome)).toEqual(['create', 'create', 'create', 'create']);
    const turns: string[] = [];
    const results = await applyAll(planned, place, new Set(), ({ name }) => turns.push(name.name));
    expect(turns).toEqual(['fleet', 'boats.example.com', 'mary', 'settings']);
    expect(results.map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created', 'created']);
  });

  test('leaves the rest when it is cancelled', async () => {
    const stop = new AbortController();
    const planned = await plan([settings('red', 'a'), settings('red', 'b')].join('---\n'));
    const cancelled = { ...place, signal: stop.signal };
    const applying = applyAll(planned, cancelled, new Set(), () => queueMicrotask(() => stop.abort()));
    expect((await applying).map(({ outcome }) => outcome)).toEqual([expect.any(String), 'left']);
    await expect(api.client.get(configmaps, { namespace: 'default', name: 'b' })).rejects.toThrow(
      'not found',
    );
    await expect(planApply(manifestsOf(settings('red'), 'test.yaml'), cancelled)).rejects.toThrow('aborted');
  });

  test('asks about a few objects at a time', async () => {
    let [open, most] = [0, 0];
    const verbs: Verbs = {
      ...api.verbs,
      get: async (...asked) => {
        most = Math.max(most, ++open);
        await settle(1);
        open--;
        return api.verbs.get(...asked);
      },
    };
    const texts = Array.from({ length: 12 }, (_, index) => settings('red', `s${index}`));
    const manifests = manifestsOf(texts.join('---\n'), 'test.yaml');
    const planned = await planApply(manifests, { ...place, client: createClient(verbs) });
    expect(planned.map(({ name }) => name.name)).toEqual(manifests.map(({ object }) => object.metadata.name));
    expect(most).toBe(4);
  });

  test('refuses unknown fields', async () => {
    const text = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicsa: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web }] }
`;
    const [planned] = await plan(text);
    expect(planned).toMatchObject({ outcome: 'refused' });
    await expect(api.client.get(deployments, { namespace: 'default', name: 'web' })).rejects.toThrow(
      'not found',
    );
  });
});
