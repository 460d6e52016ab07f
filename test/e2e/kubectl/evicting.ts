import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectLines } from './scene.ts';
import type { Scene } from './scene.ts';

/** Everything must leave the node: whoever still wants the Pods of the scene comes before. */
export function evictingCases({ cluster, kubectl, namespace }: Scene): void {
  describe('empties a node', () => {
    const pods = (...words: readonly string[]) => kubectl.ok('get', 'pods', '-o', 'name', ...words);
    beforeAll(() => cluster.file('evicting.yaml', guarded));
    afterAll(async () => {
      await kubectl.run(['uncordon', 'kubectl']);
      await kubectl.run(['taint', 'node', 'kubectl', 'leave-']);
      await kubectl.run(['delete', '--wait=false', '-f', 'evicting.yaml']);
    });

    test('taint NoExecute: who does not tolerate it goes, who does stays', async () => {
      await kubectl.ok('apply', '-f', 'evicting.yaml');
      await kubectl.ok('wait', 'pod/tolerant', '--for=condition=Ready', '--timeout=60s');
      expect(await kubectl.ok('taint', 'node', 'kubectl', 'leave=now:NoExecute')).toBe(
        'node/kubectl tainted\n',
      );
      await expect.poll(() => pods('-l', 'role=sleeper'), { timeout: 30_000 }).toBe('');
      await expect
        .poll(() => pods('-l', 'app=web', '--field-selector=status.phase=Running'), { timeout: 30_000 })
        .toBe('');
      expect(await pods('-l', 'of=evicting', '--field-selector=status.phase=Running')).toBe('pod/tolerant\n');
      await expectLines(kubectl, [
        [
          'get events --field-selector=reason=TaintManagerEviction',
          /pod\/sleeper +Marking for deletion Pod /,
        ],
        ['taint node kubectl leave:NoExecute-', 'node/kubectl untainted\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
      ]);
    });

    test('drain: Pods without an owner only by force', async () => {
      const { code, stderr } = await kubectl.run(['drain', 'kubectl', '--ignore-daemonsets']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/cannot delete.*Pods.*\(use --force to override\): .*/);
      expect(stderr).toContain(`${namespace}/tolerant`);
      expect(await pods('-l', 'of=evicting')).toContain('pod/tolerant\n');
    });

    test('drain: a PodDisruptionBudget holds it back until it allows it', async () => {
      const words = ['--force', '--ignore-daemonsets', '--delete-emptydir-data', '--grace-period=1'];
      const drain = kubectl.start(['drain', 'kubectl', ...words, '--timeout=90s']);
      let told = '';
      drain.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      drain.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
      const ended = new Promise<number | null>((resolve) => drain.once('close', resolve));
      const refused =
        /error when evicting pods\/"web-.*" \(will retry after 5s\): Cannot evict pod as it would violate the pod's disruption budget\./;
      await expect.poll(() => told, { timeout: 30_000 }).toMatch(refused);
      expect(await pods('-l', 'app=web', '--field-selector=status.phase=Running')).toMatch(
        /^(pod\/web-\S+\n){2}$/,
      );
      await kubectl.ok('patch', 'pdb.v1.policy', 'web', '--type=merge', '-p', '{"spec":{"minAvailable":0}}');
      expect(await ended, told).toBe(0);
      expect(told).toMatch(/pod\/web-\S+ evicted\n/);
      expect(told).toMatch(/^node\/kubectl (drained|evicted)\n/m);
      expect(await pods('-A', '--field-selector=status.phase=Running')).toBe('');
    });

    test('drain --disable-eviction asks no budget', async () => {
      await expectLines(kubectl, [
        ['uncordon kubectl', 'node/kubectl uncordoned\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
        ['patch pdb.v1.policy web --type=merge -p {"spec":{"minAvailable":2}}', /patched/],
        ['drain kubectl --pod-selector=app=web --disable-eviction --timeout=60s', /pod\/web-\S+ deleted\n/],
      ]);
    });
  });
}

const guarded = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { minAvailable: 2, selector: { matchLabels: { app: web } } }
---
apiVersion: v1
kind: Pod
metadata: { name: tolerant, labels: { of: evicting } }
spec:
  terminationGracePeriodSeconds: 0
  tolerations: [{ key: leave, operator: Exists, effect: NoExecute }]
  containers: [{ name: main, image: busybox, command: [sleep, '3600'] }]
`;
