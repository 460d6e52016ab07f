import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../core/api/object.ts';
import { expectLines } from './scene.ts';
import type { Scene } from './scene.ts';

/** rollout, by its revisions, and scale, of each kind that has them. */
export function rollingCases({ cluster, kubectl, namespace }: Scene): void {
  describe('rolls out and scales', () => {
    beforeAll(async () => {
      cluster.file('rolling.yaml', manifest);
      await kubectl.ok('apply', '-f', 'rolling.yaml');
    });
    afterAll(() => kubectl.run(['delete', '--wait=false', '-f', 'rolling.yaml']));

    const noRevision = (one: string) => kubectl.run(['rollout', 'undo', one, '--to-revision=77']);
    const notFound = {
      code: 1,
      stderr: expect.stringMatching(/unable to find (the )?specified revision 77/),
    };

    test('a deployment: history and undo by revision', async () => {
      const one = 'deployment/rolling';
      const round = `get ${one} -o jsonpath={.spec.template.spec.containers[0].env[0].value}`;
      const status = [`rollout status ${one} --timeout=60s`, /"rolling" successfully rolled out\n$/] as const;
      await expectLines(kubectl, [
        status,
        [`set env ${one} ROUND=2`, 'deployment.apps/rolling env updated\n'],
        status,
        [`set env ${one} ROUND=3`, 'deployment.apps/rolling env updated\n'],
        status,
        [`rollout history ${one}`, /^REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n3 +<none>\n/m],
        [`rollout history ${one} --revision=1`, /with revision #1\n[^]*ROUND:\s+1\n/],
        [`rollout history ${one} --revision=2`, /with revision #2\n[^]*ROUND:\s+2\n/],
        [`rollout undo ${one} --to-revision=1`, 'deployment.apps/rolling rolled back\n'],
        status,
        [round, '1'],
        [`rollout history ${one}`, /^REVISION +CHANGE-CAUSE\n2 +<none>\n3 +<none>\n4 +<none>\n/m],
        [`rollout undo ${one}`, 'deployment.apps/rolling rolled back\n'],
        [round, '3'],
        [`describe ${one}`, / Normal +ScalingReplicaSet +.* +deployment-controller +Scaled up replica set/],
      ]);
      expect(await noRevision(one)).toMatchObject(notFound);
    });

    // Nothing acts on these yet: what their controllers would write, the test does.
    test.for(['statefulset', 'daemonset'] as const)(
      'a %s: status, restart, history and undo',
      async (kind) => {
        const one = `${kind}/rolling`;
        const live = async () => JSON.parse(await kubectl.ok('get', one, '-o', 'json')) as Rolling;
        const isObserved = async () => {
          const object = await live();
          object.status = { observedGeneration: object.metadata.generation, ...observed[kind] };
          const file = cluster.file('status.json', JSON.stringify(object));
          const path = `/apis/apps/v1/namespaces/${namespace}/${kind}s/rolling/status`;
          expect(await kubectl.ok('replace', '--raw', path, '-f', file)).toContain('"observedGeneration":');
        };
        const { metadata } = await live();
        const items = [1, 2].map((revision) => ({
          apiVersion: 'apps/v1',
          kind: 'ControllerRevision',
          metadata: {
            name: `rolling-${kind}-${revision}`,
            labels: { of: kind },
            ownerReferences: [
              {
                apiVersion: 'apps/v1',
                kind: kind === 'daemonset' ? 'DaemonSet' : 'StatefulSet',
                name: 'rolling',
                uid: metadata.uid,
                controller: true,
              },
            ],
          },
          revision,
          data: { spec: { template: { ...template(kind, `${revision}`), $patch: 'replace' } } },
        }));
        const revisions = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
        await kubectl.ok('apply', '-f', cluster.file('revisions.json', revisions));

        const waiting = await kubectl.run(['rollout', 'status', one, '--watch=false']);
        expect(waiting.stdout).toMatch(/Waiting for .* spec update to be observed/);
        await isObserved();
        await expectLines(kubectl, [
          [`rollout status ${one} --timeout=60s`, done[kind]],
          [`describe ${one}`, described[kind]],
          [`rollout history ${one}`, /^REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/m],
          [`rollout history ${one} --revision=2`, /with revision #2\n[^]*ROUND:\s+2\n/],
          [`rollout undo ${one} --to-revision=2`, `${kind}.apps/rolling rolled back\n`],
          [
            `get ${one} -o jsonpath={.spec.template.spec.containers[*].env}`,
            '[{"name":"ROUND","value":"2"}]',
          ],
          [`rollout restart ${one}`, `${kind}.apps/rolling restarted\n`],
          [`get ${one} -o jsonpath={.spec.template.metadata.annotations}`, /^\{"kubectl.*restartedAt"/],
        ]);
        expect(await noRevision(one)).toMatchObject(notFound);
      },
    );

    test('scale a statefulset, a replicaset, and several at once', async () => {
      await expectLines(kubectl, [
        ['scale statefulset rolling --replicas=2 --current-replicas=1', 'statefulset.apps/rolling scaled\n'],
        ['get statefulset rolling -o jsonpath={.spec.replicas}', '2'],
        ['scale replicaset single --replicas=1', 'replicaset.apps/single scaled\n'],
        ['wait deployment rolling --for=condition=Available --timeout=60s', /condition met/],
      ]);
      const running = () =>
        kubectl.ok('get', 'replicaset', 'single', '-o', 'jsonpath={.status.readyReplicas}');
      await expect.poll(running, { timeout: 20_000 }).toBe('1');
      const refused = await kubectl.run(
        'scale statefulset rolling --replicas=3 --current-replicas=7'.split(' '),
      );
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/[Ee]xpected replicas to be 7,? .*was 2/) as string,
      });
      await expectLines(kubectl, [
        [
          'scale --replicas=0 statefulset/rolling replicaset/single deployment/rolling',
          'statefulset.apps/rolling scaled\nreplicaset.apps/single scaled\ndeployment.apps/rolling scaled\n',
        ],
        ['get statefulset,rs,deploy -l all=rolling -o jsonpath={.items[*].spec.replicas}', '0 0 0'],
      ]);
      const left = () => kubectl.ok('get', 'pods', '-l', 'of in (replicaset,deployment)', '-o', 'name');
      await expect.poll(left, { timeout: 20_000 }).toBe('');
    });
  });
}

type Rolling = KubernetesObject & { status: Record<string, unknown> };

/** All that should run does, and is of the newest revision. */
const observed = {
  statefulset: {
    replicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    currentReplicas: 1,
    updatedReplicas: 1,
    currentRevision: 'rolling-1',
    updateRevision: 'rolling-1',
  },
  daemonset: {
    desiredNumberScheduled: 1,
    currentNumberScheduled: 1,
    updatedNumberScheduled: 1,
    numberReady: 1,
    numberAvailable: 1,
    numberMisscheduled: 0,
  },
};

const done = {
  statefulset: 'partitioned roll out complete: 1 new pods have been updated...\n',
  daemonset: 'daemon set "rolling" successfully rolled out\n',
};

const described = {
  statefulset:
    /^Replicas: +1 desired \| 1 total\nUpdate Strategy: +RollingUpdate\n +Partition: +0\nPods Status: /m,
  daemonset: /^Number of Nodes Scheduled with Available Pods: +1\n/m,
};

const template = (of: string, round = '1') => ({
  metadata: { labels: { of } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: 'busybox',
        command: ['sleep', '3600'],
        env: [{ name: 'ROUND', value: round }],
      },
    ],
  },
});

function workload(kind: string, name: string, more: object) {
  const of = kind.toLowerCase();
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, labels: { all: 'rolling' } },
    spec: { selector: { matchLabels: { of } }, template: template(of), ...more },
  };
}

const manifest = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    workload('Deployment', 'rolling', { replicas: 1 }),
    workload('StatefulSet', 'rolling', { replicas: 1, serviceName: 'rolling' }),
    workload('DaemonSet', 'rolling', {}),
    workload('ReplicaSet', 'single', { replicas: 0 }),
  ],
});
