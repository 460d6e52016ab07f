import { describe, expect, test } from 'vitest';
import { apiVersionOf } from '../../core/api/resource.ts';
import type { KindDeclaration } from '../../core/api/scheme.ts';
import { isStored } from '../../core/registry/registry.ts';
import { kindSamples } from '../builders/kind-samples.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

/** Kinds since ResetObjectMetaForStatus: their status is all that may be written there. */
const statusAlone = [
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'apiregistration.k8s.io/apiservices',
  'flowcontrol.apiserver.k8s.io/flowschemas',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'networking.k8s.io/servicecidrs',
  'storage.k8s.io/volumeattachments',
];

async function patched({ verbs }: TestApi, kind: KindDeclaration, subresource: string) {
  const { group, version, plural, namespaced } = kind;
  const sample = kindSamples[`${group}/${plural}`];
  const name = sample?.name ?? 'web';
  const target = { group, version, resource: plural, ...(namespaced ? { namespace: 'default' } : {}) };
  const object = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name }, ...sample?.given };
  await verbs.create({}, target, { kind: 'object', object });
  const metadata = {
    annotations: { patched: 'yes' },
    labels: { patched: 'yes' },
    finalizers: ['example.com/x'],
  };
  const bytes = Buffer.from(JSON.stringify({ metadata }));
  const { object: after } = await verbs.patch({}, { ...target, name, subresource }, { type: 'merge', bytes });
  await verbs.delete({}, { ...target, name }, { gracePeriodSeconds: 0 });
  return after.metadata;
}

describe('with a status', () => {
  test('annotations and labels may be written, as upstream for all but the newest kinds', async () => {
    await using api = await createTestApi({ customResources: false });
    const kinds = api.scheme
      .all()
      .filter((kind) => isStored(kind) && kind.conversion === undefined)
      .filter(({ subresources }) => subresources?.['status'] !== undefined);
    expect(kinds.length).toBeGreaterThan(20);
    for (const kind of kinds) {
      const name = `${kind.group}/${kind.plural}`;
      const { annotations, labels, finalizers = [] } = await patched(api, kind, 'status');
      const alone = statusAlone.includes(name);
      expect(annotations?.['patched'], name).toBe(alone ? undefined : 'yes');
      // The ReplicaSets of a Deployment are found by them.
      expect(labels?.['patched'], name).toBe(alone || name === 'apps/deployments' ? undefined : 'yes');
      expect(finalizers, name).not.toContain('example.com/x');
    }
  });

  test('whoever means an object that was there before is refused', async () => {
    await using api = await createTestApi();
    const target = { group: 'apps', version: 'v1', resource: 'deployments', namespace: 'default' };
    const sample = kindSamples['apps/deployments'];
    const object = { metadata: { name: 'web' }, ...sample?.given };
    await api.verbs.create({}, target, { kind: 'object', object });
    const patch = { metadata: { uid: 'of-another', annotations: { revision: '7' } } };
    const bytes = Buffer.from(JSON.stringify(patch));
    const where = { ...target, name: 'web', subresource: 'status' };
    await expect(api.verbs.patch({}, where, { type: 'merge', bytes })).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining(
        'metadata.uid: Invalid value: "of-another": field is immutable',
      ) as string,
    });
  });

  test('so may they with a decision about a request for a certificate', async () => {
    await using api = await createTestApi({ customResources: false });
    const kind = api.scheme.byResource('certificates.k8s.io', 'v1', 'certificatesigningrequests');
    if (kind === undefined) throw new Error('There are no requests for certificates');
    expect(await patched(api, kind, 'approval')).toMatchObject({ annotations: { patched: 'yes' } });
  });
});
