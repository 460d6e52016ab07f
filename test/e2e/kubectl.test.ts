import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { ensureDebianKubectl } from '../environment/debian-kubectl.ts';
import { whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { findKubectl, Kubectl } from '../environment/kubectl.ts';
import type { KubectlProgram } from '../environment/kubectl.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
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
import { furnish } from './kubectl/scene.ts';
import type { Scene } from './kubectl/scene.ts';

const onPath = findKubectl();
const reason =
  (await whyNoDocker()) ?? (onPath === undefined ? 'there is no kubectl on the PATH' : undefined);
if (reason !== undefined) console.warn(`skipped: kubectl against a real cluster: ${reason}`);

const cluster = new LocalCluster('kubectl');
const kubeconfig = join(cluster.directory, 'kubeconfig');

describe.skipIf(reason !== undefined)('kubectl', async () => {
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

  const old = await oldKubectl(onPath);
  if (old === undefined) return;
  // What is said in other ways than newer ones have: plain discovery, OpenAPI v2, SPDY, patches made by the client.
  describe(`1.${old.minor}`, () => {
    const namespace = 'old';
    const kubectl = new Kubectl(old, join(cluster.home, 'old.kubeconfig'), cluster.home);
    const scene: Scene = { cluster, kubectl, namespace };
    beforeAll(async () => {
      cluster.file('old.kubeconfig', readFileSync(kubeconfig, 'utf8'));
      await kubectl.ok('create', 'namespace', namespace);
      await kubectl.ok('config', 'set-context', '--current', `--namespace=${namespace}`);
      await furnish(scene);
    });

    lookingCases(scene);
    applyingCases(scene);
    changingCases(scene);
    customResourceCases(scene);
    containerCases(scene);
  });
});

/** The oldest one that must work, where it is not the one on the PATH; says so where it cannot be had. */
async function oldKubectl(onPath: KubectlProgram): Promise<KubectlProgram | undefined> {
  const wanted = 20;
  if (onPath.minor === wanted) return undefined;
  let why: string;
  try {
    const debian = findKubectl(await ensureDebianKubectl());
    if (debian?.minor === wanted) return debian;
    why = debian === undefined ? "Debian's does not run here" : `Debian has 1.${debian.minor} here`;
  } catch (cause) {
    why = (cause as Error).message.split('\n').at(-1) ?? '';
  }
  console.warn(`skipped: kubectl 1.${wanted}: ${why}`);
  return undefined;
}
