import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectLines, serverOf, since } from './scene.ts';
import type { Scene } from './scene.ts';

/** What there is: get, describe, explain, events, and what the cluster tells of itself. */
export function lookingCases({ cluster, kubectl, namespace }: Scene): void {
  describe('looks around', () => {
    test('shows that every API is there, and whose turn is when', async () => {
      const services = await kubectl.ok('get', 'apiservices', '--no-headers');
      expect(services).toMatch(/^v1\.apps +Local +True/m);
      expect(services).not.toMatch(/False|Unknown/);
      expect(await kubectl.ok('get', 'flowschemas', '--no-headers')).toMatch(
        /^system-nodes +system +500 +ByUser/m,
      );
    });

    test('version, cluster-info, api-versions, api-resources, config', async () => {
      await expectLines(kubectl, [
        ['version', /Server Version: .*v1\.\d+/],
        ['cluster-info', /control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/],
        ['api-versions', /^(.+\n)*apps\/v1\n(.+\n)*batch\/v1\n(.+\n)*v1\n$/],
        ['api-resources', /deployments +deploy +apps\/v1 +true +Deployment/],
        ['get componentstatuses', /NAME +STATUS +MESSAGE +ERROR *\n(.*\n)*etcd-0 +Healthy +ok/],
        ['api-resources --verbs=list --namespaced -o name', /^(.+\n)*deployments\.apps\n/],
        ['config current-context', /kubectl/],
        ['get --raw /readyz', 'ok'],
        ['get --raw /version', /"major":"1"/],
      ]);
    });

    test('cluster-info dump tells all of a namespace, logs too', async () => {
      const dump = await kubectl.ok('cluster-info', 'dump', `--namespaces=${namespace}`);
      for (const kind of ['Node', 'Event', 'Service', 'Deployment', 'ReplicaSet', 'Pod'])
        expect(dump).toContain(`"kind": "${kind}List"`);
      expect(dump).toContain(
        `==== START logs for container main of pod ${namespace}/sleeper ====\nhello from sleeper\n`,
      );
    });

    test('config set-context and use-context lead to another namespace', async () => {
      const copy = cluster.file('contexts.kubeconfig', readFileSync(kubectl.kubeconfig, 'utf8'));
      const own = kubectl.with(copy);
      const names = 'jsonpath=--cluster={.contexts[0].context.cluster} --user={.contexts[0].context.user}';
      const entries = await own.ok('config', 'view', '-o', names);
      await expectLines(own, [
        [`config set-context other ${entries} --namespace=kube-system`, 'Context "other" created.\n'],
        ['config use-context other', 'Switched to context "other".\n'],
        ['config current-context', 'other\n'],
        ['get pods --field-selector=metadata.name=sleeper -o name', ''],
        [`config set-context --current --namespace=${namespace}`, 'Context "other" modified.\n'],
        ['get pods --field-selector=metadata.name=sleeper -o name', 'pod/sleeper\n'],
      ]);
    });

    // Debian's 1.20 was made by a compiler that is too new for it: it cannot write users of a file that has none.
    since(kubectl, 21)('config makes, renames and takes away clusters, users and contexts', async () => {
      const own = kubectl.with(cluster.file('made.kubeconfig', ''));
      const server = await serverOf(kubectl);
      const data = async (path: string) =>
        Buffer.from(
          await kubectl.ok('config', 'view', '--raw', '--minify', '-o', `jsonpath={${path}}`),
          'base64',
        );
      for (const [file, path] of [
        ['ca.crt', '.clusters[0].cluster.certificate-authority-data'],
        ['me.crt', '.users[0].user.client-certificate-data'],
        ['me.key', '.users[0].user.client-key-data'],
      ] as const)
        cluster.file(file, (await data(path)).toString());
      await expectLines(own, [
        [
          `config set-cluster here --server=${server} --certificate-authority=ca.crt --embed-certs`,
          'Cluster "here" set.\n',
        ],
        [
          'config set-credentials me --client-certificate=me.crt --client-key=me.key --embed-certs',
          'User "me" set.\n',
        ],
        [
          `config set-context draft --cluster=here --user=me --namespace=${namespace}`,
          'Context "draft" created.\n',
        ],
        ['config rename-context draft final', 'Context "draft" renamed to "final".\n'],
        ['config use-context final', 'Switched to context "final".\n'],
        ['config get-contexts', /^CURRENT +NAME +CLUSTER +AUTHINFO +NAMESPACE\n\* +final +here +me +\S+\n$/],
        ['config get-clusters', 'NAME\nhere\n'],
        ['get pod sleeper -o name', 'pod/sleeper\n'],
        ['config delete-context final', /^(warning: .*\n)?deleted context final from /],
        ['config delete-cluster here', /^deleted cluster here from /],
        ['config get-contexts -o name', ''],
      ]);
    });

    test('get in every form', async () => {
      await expectLines(kubectl, [
        ['get deployment web', /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2 +2 +2 +\d+s\n$/],
        ['get deploy web -o wide', /CONTAINERS +IMAGES +SELECTOR\nweb .* main +busybox +app=web\n$/],
        ['get deployment web -o name', 'deployment.apps/web\n'],
        ['get deployment web -o jsonpath={.spec.replicas}', '2'],
        ['get deployment web -o go-template={{.metadata.name}}', 'web'],
        ['get deployment web -o custom-columns=N:.metadata.name,R:.spec.replicas', /^N +R\nweb +2\n$/],
        ['get deployment web -o yaml', /^apiVersion: apps\/v1\nkind: Deployment\n/],
        ['get deployment web -o json', /"kind": "Deployment"/],
        ['get pods -l app=web --no-headers -o custom-columns=A:.metadata.labels.app', 'web\nweb\n'],
        ['get pods --field-selector=metadata.name=sleeper -o name', 'pod/sleeper\n'],
        ['get pods --sort-by=.metadata.name -o name', /sleeper\npod\/web-/],
        ['get pods --show-labels -l role=sleeper', /role=sleeper\n$/],
        ['get pods -A --chunk-size=1 -o name', /pod\/sleeper/],
        ['get deploy,pods -o name', /^deployment\.apps\/web\npod\/sleeper\n/],
        ['get all -o name', /pod\/sleeper\n(.+\n)*service\/|replicaset\.apps\/web/],
        ['get nodes', /Ready +control-plane/],
        ['get events -o name', /event\//],
      ]);
      expect(await kubectl.run(['get', 'pod', 'nowhere'])).toEqual({
        code: 1,
        stdout: '',
        stderr: 'Error from server (NotFound): pods "nowhere" not found\n',
      });
    });

    test('get -w tells changes as they come, and what they are', async () => {
      const watch = kubectl.start(['get', 'configmap', '-w', '--watch-only', '--output-watch-events']);
      let told = '';
      watch.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      try {
        // The watch has begun when it tells of one of these.
        for (let round = 0; !told.includes('watched'); round++) {
          await kubectl.ok('create', 'configmap', `watched-${round}`);
          expect(round).toBeLessThan(50);
        }
        await kubectl.ok('label', 'configmap', 'watched-0', 'seen=yes');
        await kubectl.ok('delete', 'configmap', 'watched-0');
        const shown =
          /^EVENT +NAME +DATA +AGE\n(?=[^]*^ADDED +watched-)[^]*^MODIFIED +watched-0 [^]*^DELETED +watched-0 /m;
        await expect.poll(() => told, { timeout: 10_000 }).toMatch(shown);
      } finally {
        watch.kill();
      }
    });

    test('get --field-selector by each field that a kind has', async () => {
      const node = await kubectl.ok(
        'get',
        'pod',
        'sleeper',
        '-o',
        'jsonpath={.spec.nodeName} {.status.podIP}',
      );
      const [nodeName, podIP] = node.split(' ');
      const ofPods = `spec.nodeName=${nodeName},status.podIP=${podIP},status.phase=Running,spec.restartPolicy=Always,spec.schedulerName=default-scheduler,spec.serviceAccountName=default,spec.hostNetwork=false,status.nominatedNodeName=`;
      const ofEvents =
        'involvedObject.kind=Pod,involvedObject.name=sleeper,involvedObject.apiVersion=v1,reason=Scheduled,type=Normal,source=default-scheduler,reportingComponent=default-scheduler';
      await expectLines(kubectl, [
        [`get pods --field-selector=${ofPods} -o name`, 'pod/sleeper\n'],
        ['get pods -l role=sleeper --field-selector=status.phase!=Running -o name', ''],
        [`get events --field-selector=${ofEvents} -o name`, /^event\/sleeper\.[0-9a-f]+\n$/],
        ['get rs -l app=web --field-selector=status.replicas=2 -o name', /^replicaset.apps\/web-\w+\n$/],
        [
          `get namespaces --field-selector=status.phase=Active,metadata.name=${namespace} -o name`,
          /^namespace/,
        ],
        ['get nodes --field-selector=spec.unschedulable=false -o name', 'node/kubectl\n'],
        [
          'get services -n default --field-selector=spec.type=ClusterIP,spec.clusterIP=10.96.0.1 -o name',
          /.+/,
        ],
      ]);
      const { stderr } = await kubectl.run(['get', 'pods', '--field-selector=spec.colour=red']);
      expect(stderr).toBe(
        'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.colour=red": field label not supported: spec.colour\n',
      );
    });

    test('events with a series, in either form, and those of the scheduler', async () => {
      const uid = await kubectl.ok('get', 'pod', 'sleeper', '-o', 'jsonpath={.metadata.uid}');
      const pod = { apiVersion: 'v1', kind: 'Pod', name: 'sleeper', namespace, uid };
      const series = { count: 7, lastObservedTime: new Date().toISOString().replace('Z', '000Z') };
      const told = { eventTime: '2026-01-01T00:00:00.000000Z', series, action: 'Trying', type: 'Warning' };
      const reporter = { reportingInstance: 'one' };
      const items = [
        {
          ...told,
          ...reporter,
          apiVersion: 'events.k8s.io/v1',
          kind: 'Event',
          metadata: { name: 'newer', namespace },
          reason: 'Newer',
          regarding: pod,
          note: 'told in the newer form',
          reportingController: 'example.com/tester',
        },
        {
          ...told,
          ...reporter,
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: 'older', namespace },
          reason: 'Older',
          involvedObject: pod,
          message: 'told in the older form',
          reportingComponent: 'example.com/tester',
        },
      ];
      const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
      expect((await kubectl.run(['create', '-f', '-'], { stdin })).code).toBe(0);
      for (const kind of ['events', 'events.v1.events.k8s.io']) {
        const table = await kubectl.ok('get', kind, '-o', 'wide', '--field-selector=metadata.name!=x');
        for (const [reason, form] of [
          ['Newer', 'newer'],
          ['Older', 'older'],
        ] as const)
          expect(table).toMatch(
            new RegExp(
              `\\d+s +Warning +${reason} +pod/sleeper +example.com/tester, one +told in the ${form} form +\\d+d +7 +${form}\\n`,
            ),
          );
        expect(table).toMatch(
          /Scheduled +pod\/sleeper +default-scheduler, default-scheduler-\S+ +Successfully/,
        );
      }
      // Older ones do not know what a series is.
      const age = kubectl.minor < 24 ? '\\S+' : '\\d+s \\(x7 over \\d+d\\)';
      expect(await kubectl.ok('describe', 'pod', 'sleeper')).toMatch(
        new RegExp(`Warning +Newer +${age} +example.com/tester +told in the newer form\n`),
      );
      await kubectl.ok('delete', 'events', 'newer', 'older');
    });

    test('describe', async () => {
      await expectLines(kubectl, [
        ['describe pod sleeper', new RegExp(`^Name: +sleeper\nNamespace: +${namespace}\n[^]*Events:\n`)],
        ['describe deployment web', /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/],
        ['describe node', /Allocatable:\n/],
        [`describe namespace ${namespace}`, /Status: +Active/],
      ]);
    });

    since(kubectl, 24)('events', async () => {
      expect(await kubectl.ok('events', '--for', 'pod/sleeper')).toMatch(/Started +Pod\/sleeper/);
    });

    since(kubectl, 23)('wait for a field to have a value', async () => {
      await expectLines(kubectl, [
        [
          'wait pod/sleeper --for=jsonpath={.status.phase}=Running --timeout=30s',
          'pod/sleeper condition met\n',
        ],
      ]);
      const { stderr } = await kubectl.run(
        'wait pod/sleeper --for=jsonpath={.status.phase}=Failed --timeout=1s'.split(' '),
      );
      expect(stderr).toBe('error: timed out waiting for the condition on pods/sleeper\n');
    });

    since(kubectl, 31)('wait for a field, whatever its value', async () => {
      const waited = await kubectl.ok(
        'wait',
        'pod/sleeper',
        '--for=jsonpath={.status.podIP}',
        '--timeout=30s',
      );
      expect(waited).toBe('pod/sleeper condition met\n');
    });

    test('explain', async () => {
      await expectLines(kubectl, [
        ['explain deployment', /KIND: +Deployment\nVERSION: +(apps\/)?v1/],
        ['explain pod.spec.containers', /image\t<string>/],
        [
          'explain deployment.spec.template.spec.volumes --recursive',
          /configMap\t<(ConfigMapVolumeSource|Object)>/,
        ],
      ]);
    });
  });
}
