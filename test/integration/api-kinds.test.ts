import { describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { apiVersionOf } from '../../core/api/resource.ts';
import type { KindDeclaration } from '../../core/api/scheme.ts';
import type { TestApi } from '../environment/api.ts';
import { isStored } from '../../core/registry/registry.ts';
import { jobTemplate, kindSamples, podSpec, selector, template } from '../builders/kind-samples.ts';
import type { Members } from '../builders/kind-samples.ts';
import { createTestApi } from '../environment/api.ts';

function targetOf({ group, version, plural, namespaced }: KindDeclaration) {
  return { group, version, resource: plural, ...(namespaced ? { namespace: 'default' } : {}) };
}

function create({ verbs }: TestApi, kind: KindDeclaration, members: Members, name = 'web') {
  const object = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name }, ...members };
  const body = {
    kind: 'bytes',
    contentType: 'application/json',
    bytes: Buffer.from(JSON.stringify(object)),
  } as const;
  return verbs.create({}, targetOf(kind), body, { fieldValidation: 'Strict' });
}

describe('every kind that is stored', () => {
  test('is stored, completed, read back as it was and deleted', async () => {
    // Nobody else writes to the objects meanwhile.
    await using api = await createTestApi({ customResources: false });
    const { verbs } = api;
    for (const kind of api.scheme.all().filter(isStored)) {
      const name = `${kind.group}/${kind.plural}`;
      const sample = kindSamples[name];
      if (sample === undefined) throw new Error(`There is no sample of ${name}`);
      const object = sample.name ?? 'web';
      const created = await create(api, kind, sample.given ?? {}, object);
      expect(created.object, name).toMatchObject(sample.expected ?? {});
      const target = { ...targetOf(kind), name: object };
      // From the bytes, as a client on the wire sees it: nothing is lost between the two forms.
      const again = await verbs.get({}, target);
      expect(JSON.parse(again.bytes.toString()), name).toEqual(created.object);
      const written = await verbs.update({}, target, {
        kind: 'bytes',
        contentType: 'application/json',
        bytes: again.bytes,
      });
      expect(written.resourceVersion, `${name}: an update that changes nothing`).toBe(
        created.resourceVersion,
      );
      const list = await verbs.list({}, targetOf(kind), {
        labelSelector: '',
        fieldSelector: `metadata.name=${object}`,
      });
      expect(
        list.items.map(({ object }) => object.metadata.uid),
        name,
      ).toEqual([created.object.metadata.uid]);
      await verbs.delete({}, target);
    }
  });

  test('is in the samples of this test, and the samples hold no other', () => {
    return createTestApi().then(async (api) => {
      const served = api.scheme
        .all()
        .filter(isStored)
        .map(({ group, plural }) => `${group}/${plural}`);
      expect(Object.keys(kindSamples).toSorted()).toEqual([...new Set(served)].toSorted());
      await api.close();
    });
  });
});

describe('kinds refuse', () => {
  const cases: readonly (readonly [resource: string, given: Members, message: string])[] = [
    [
      'batch/jobs',
      { spec: { template } },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'batch/cronjobs',
      { spec: { schedule: '61 * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
      'spec.schedule: Invalid value: "61 * * * *": "61" is no minute',
    ],
    [
      'rbac.authorization.k8s.io/roles',
      { rules: [{ verbs: [] }] },
      'rules[0].verbs: Required value: verbs must contain at least one value',
    ],
    ['storage.k8s.io/storageclasses', {}, 'provisioner: Required value'],
    [
      '/persistentvolumeclaims',
      { spec: { accessModes: ['Sometimes'] } },
      'spec.accessModes[0]: Unsupported value: "Sometimes"',
    ],
    [
      'discovery.k8s.io/endpointslices',
      { addressType: 'IPv4', endpoints: [{ addresses: ['127.0.0.1'] }] },
      'endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range',
    ],
    ['networking.k8s.io/ingresses', { spec: {} }, 'either `defaultBackend` or `rules` must be specified'],
    [
      'scheduling.k8s.io/priorityclasses',
      { value: 2_000_000_000 },
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    [
      'apps/daemonsets',
      { spec: { selector, template, updateStrategy: { rollingUpdate: { maxSurge: 1 } } } },
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
    ],
  ];

  test.each(cases)('%s %j', async (resource, given, message) => {
    await using api = await createTestApi();
    const kind = api.scheme.all().find(({ group, plural }) => `${group}/${plural}` === resource);
    if (kind === undefined) throw new Error(`${resource} is not served`);
    const refused = await create(api, kind, given).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StatusError);
    expect((refused as StatusError).message).toContain(message);
  });
});

test('a Job gets a selector that finds its own Pods alone', async () => {
  await using api = await createTestApi();
  const kind = api.scheme.byResource('batch', 'v1', 'jobs');
  if (kind === undefined) throw new Error('Jobs are not served');
  const { object } = await create(api, kind, { spec: { template: jobTemplate } });
  const { uid } = object.metadata;
  expect(object).toMatchObject({
    spec: {
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      template: { metadata: { labels: { app: 'web', 'job-name': 'web', 'controller-uid': uid } } },
    },
  });
});

test('a Pod gets the number of its priority class, or that of the default one', async () => {
  await using api = await createTestApi();
  const [classes, pods] = [
    api.scheme.byResource('scheduling.k8s.io', 'v1', 'priorityclasses'),
    api.scheme.byResource('', 'v1', 'pods'),
  ];
  if (classes === undefined || pods === undefined) throw new Error('Not served');
  await create(api, classes, { value: 7, globalDefault: true }, 'usual');
  await create(api, classes, { value: 70, preemptionPolicy: 'Never' }, 'urgent');
  const usual = await create(api, pods, { spec: podSpec }, 'a');
  expect(usual.object).toMatchObject({ spec: { priority: 7, priorityClassName: 'usual' } });
  const urgent = await create(api, pods, { spec: { ...podSpec, priorityClassName: 'urgent' } }, 'b');
  expect(urgent.object).toMatchObject({ spec: { priority: 70, preemptionPolicy: 'Never' } });
  await expect(create(api, pods, { spec: { ...podSpec, priorityClassName: 'none' } }, 'c')).rejects.toThrow(
    'no PriorityClass with name none was found',
  );
  await expect(create(api, classes, { value: 1, globalDefault: true }, 'other')).rejects.toThrow(
    'Only one default can exist',
  );
});
