import { afterAll, beforeAll, describe, expect } from 'vitest';
import { whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { applyingCases } from './kubectl/applying.ts';
import { changingCases } from './kubectl/changing.ts';
import { containerCases } from './kubectl/containers.ts';
import { customResourceCases } from './kubectl/custom-resources.ts';
import { extensionCases } from './kubectl/extensions.ts';
import { lookingCases } from './kubectl/looking.ts';
import { makingCases } from './kubectl/making.ts';
import { policyCases } from './kubectl/policies.ts';
import { rightsCases } from './kubectl/rights.ts';
import { tenancyCases } from './kubectl/tenancy.ts';
import { createScene, minor, sleeper, web } from './kubectl/scene.ts';

const reason = (await whyNoDocker()) ?? (minor === undefined ? 'there is no kubectl on the PATH' : undefined);
if (reason !== undefined) console.warn(`skipped: kubectl against a real cluster: ${reason}`);

const scene = createScene();

describe.skipIf(reason !== undefined)('kubectl', () => {
  beforeAll(async () => {
    const { cluster, kubectl } = scene;
    await ensureTestImages();
    await cluster.up('--store', 'etcd', '--runtime', 'docker');
    expect(await cluster.ok('kubeconfig')).toBe(`${kubectl.kubeconfig}\n`);
    cluster.file('web.yaml', web);
    cluster.file('sleeper.yaml', sleeper('sleeper'));
    await kubectl.ok('apply', '-f', 'web.yaml', '-f', 'sleeper.yaml');
    await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=60s');
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/sleeper', '--timeout=60s');
  });
  afterAll(() => scene.cluster.destroy());

  lookingCases(scene);
  makingCases(scene);
  applyingCases(scene);
  changingCases(scene);
  customResourceCases(scene);
  policyCases(scene);
  extensionCases(scene);
  containerCases(scene);
  rightsCases(scene);
  tenancyCases(scene);
});
