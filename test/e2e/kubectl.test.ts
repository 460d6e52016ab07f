import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { ensureDebianKubectl } from '../environment/debian-kubectl.ts';
import { whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { findKubectl, Kubectl, skipKubectl } from '../environment/kubectl.ts';
import type { KubectlProgram } from '../environment/kubectl.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import { applyingCases } from './kubectl/applying.ts';
import { changingCases } from './kubectl/changing.ts';
import { containerCases } from './kubectl/containers.ts';
import { customResourceCases } from './kubectl/custom-resources.ts';
import { deletingCases } from './kubectl/deleting.ts';
import { describingCases } from './kubectl/describing.ts';
import { evictingCases } from './kubectl/evicting.ts';
import { extensionCases } from './kubectl/extensions.ts';
import { lookingCases } from './kubectl/looking.ts';
import { makingCases } from './kubectl/making.ts';
import { policyCases } from './kubectl/policies.ts';
import { rightsCases } from './kubectl/rights.ts';
import { rollingCases } from './kubectl/rolling.ts';
import { tenancyCases } from './kubectl/tenancy.ts';
import { furnish } from './kubectl/scene.ts';
import type { Scene } from './kubectl/scene.ts';

const onPath = findKubectl();
const whyNot = await whyNoDocker();
if (whyNot !== undefined) console.warn(`skipped: kubectl against a real cluster: ${whyNot}`);
else if (onPath === undefined) skipKubectl('kubectl', 'there is none on the PATH');

const cluster = new LocalCluster('kubectl');
const kubeconfig = join(cluster.directory, 'kubeconfig');

describe.skipIf(whyNot !== undefined || onPath === undefined)('kubectl', async () => {
  if (onPath === undefined) return;
  beforeAll(async () => {
    await ensureTestImages();
    await cluster.up('--store', 'etcd', '--runtime', 'docker');
    expect(await cluster.ok('kubeconfig')).toBe(`${kubeconfig}\n`);
  });
  afterAll(() => cluster.destroy());

  describe(`1.${onPath.minor}`, () => {
    const kubectl = new Kubectl(onPath, kubeconfig, cluster.home);
    const scene: Scene = { cluster, kubectl, namespace: 'default' };
    beforeAll(() => furnish(scene));

    lookingCases(scene);
    describingCases(scene);
    makingCases(scene);
    applyingCases(scene);
    changingCases(scene);
    rollingCases(scene);
    deletingCases(scene);
    customResourceCases(scene);
    policyCases(scene);
    extensionCases(scene);
    containerCases(scene);
    rightsCases(scene);
    tenancyCases(scene);
    evictingCases(scene);
  });

  const other = await otherKubectl(onPath);
  if (other === undefined) return;
  // 1.20 says it in other ways than newer ones: plain discovery, OpenAPI v2, SPDY, patches made by the client.
  describe(`1.${other.minor}`, () => {
    const namespace = 'other';
    const kubectl = new Kubectl(other, join(cluster.home, 'other.kubeconfig'), cluster.home);
    const scene: Scene = { cluster, kubectl, namespace };
    beforeAll(async () => {
      cluster.file('other.kubeconfig', readFileSync(kubeconfig, 'utf8'));
      await kubectl.ok('create', 'namespace', namespace);
      await kubectl.ok('config', 'set-context', '--current', `--namespace=${namespace}`);
      await furnish(scene);
    });

    lookingCases(scene);
    describingCases(scene);
    makingCases(scene);
    applyingCases(scene);
    changingCases(scene);
    rollingCases(scene);
    customResourceCases(scene);
    containerCases(scene);
    rightsCases(scene);
  });
});

/** Debian's, where it is another one than that on the PATH. Both must do what they can. */
async function otherKubectl(onPath: KubectlProgram): Promise<KubectlProgram | undefined> {
  try {
    const debian = findKubectl(await ensureDebianKubectl());
    if (debian === undefined) throw new Error('it does not run here');
    if (debian.minor !== onPath.minor) return debian;
    console.warn(`skipped: another kubectl: Debian has the same here, 1.${debian.minor}`);
  } catch (cause) {
    skipKubectl("Debian's kubectl", (cause as Error).message.split('\n').at(-1) ?? '', cause);
  }
  return undefined;
}
