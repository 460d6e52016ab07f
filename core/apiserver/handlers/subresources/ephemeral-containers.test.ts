import { expect, test } from 'vitest';
import type { Pod } from '../../../api/generated/core-v1.ts';
import { podKind } from '../../../api/kinds/core.ts';
import { mutable } from '../../../api/object.ts';
import { pod } from '../../../../test/builders/index.ts';
import { ephemeralContainers } from './ephemeral-containers.ts';

test('who may add a container to a Pod changes nothing else of it, its labels and owners neither', () => {
  const old = pod().named('web').labelled({ app: 'web' }).build();
  const body = mutable(old);
  body.metadata.labels = { app: 'bank' };
  body.metadata.finalizers = ['example.com/stay'];
  body.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'y' }];
  body.metadata.resourceVersion = '7';
  body.spec.nodeName = 'elsewhere';
  body.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox' }];
  const changed = ephemeralContainers.change?.({ declaration: podKind }, { object: old }, body) as Pod;
  expect(changed).toEqual({
    ...old,
    metadata: { ...old.metadata, resourceVersion: '7' },
    spec: { ...old.spec, ephemeralContainers: [{ name: 'debug', image: 'busybox' }] },
  });
});
