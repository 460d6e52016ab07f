import { beforeAll, describe, expect, test } from 'vitest';
import { expectLines } from './scene.ts';
import type { Scene } from './scene.ts';

/** What becomes of those whom others own, and Pods that must leave their node. */
export function deletingCases({ cluster, kubectl }: Scene): void {
  describe('deletes what owns others', () => {
    beforeAll(() => cluster.file('owner.yaml', owner));
    const owned = (what: string, path: string) =>
      kubectl.ok('get', what, '-l', 'of=owner', '-o', `jsonpath={.items[*]${path}}`);
    const makeOwner = async () => {
      await kubectl.ok('apply', '-f', 'owner.yaml');
      await kubectl.ok('rollout', 'status', 'deployment/owner', '--timeout=60s');
    };

    test('--cascade=orphan leaves it behind, for its next owner', async () => {
      await makeOwner();
      const pods = await owned('pods', '.metadata.uid');
      expect(await kubectl.ok('delete', 'deployment', 'owner', '--cascade=orphan')).toContain('deleted');
      const ownerOf = () => owned('replicasets', '.metadata.ownerReferences');
      expect(await ownerOf()).toBe('');
      expect(await owned('pods', '.metadata.uid')).toBe(pods);
      await makeOwner();
      await expect.poll(ownerOf, { timeout: 20_000 }).toMatch(/"kind":"Deployment","name":"owner"/);
      expect(await owned('pods', '.metadata.uid')).toBe(pods);
    });

    test('--cascade=foreground has all of it gone before the owner', async () => {
      await makeOwner();
      await kubectl.ok('delete', 'deployment', 'owner', '--cascade=foreground', '--wait=false');
      const finalizers = 'jsonpath={.metadata.finalizers} {.metadata.deletionTimestamp}';
      const leaving = await kubectl.run(['get', 'deployment', 'owner', '-o', finalizers]);
      // Unless all of it was already gone.
      if (leaving.code === 0) expect(leaving.stdout).toMatch(/^\["foregroundDeletion"\] \d{4}-/);
      await kubectl.run(['wait', 'deployment/owner', '--for=delete', '--timeout=60s']);
      expect((await kubectl.run(['get', 'deployment', 'owner'])).code).toBe(1);
      expect(await kubectl.ok('get', 'replicasets,pods', '-l', 'of=owner', '-o', 'name')).toBe('');
    });

    test('--cascade=background lets the owner go at once, and the others after it', async () => {
      await makeOwner();
      await expectLines(kubectl, [['delete deployment owner --cascade=background', /deleted/]]);
      const left = () => kubectl.ok('get', 'replicasets,pods', '-l', 'of=owner', '-o', 'name');
      await expect.poll(left, { timeout: 20_000 }).toBe('');
    });
  });
}

const owner = `apiVersion: apps/v1
kind: Deployment
metadata: { name: owner }
spec:
  replicas: 1
  selector: { matchLabels: { of: owner } }
  template:
    metadata: { labels: { of: owner } }
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{ name: main, image: busybox, command: [sleep, '3600'] }]
`;
