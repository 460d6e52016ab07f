import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificateRequest } from '../builders/certificate-request.ts';
import { whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { Kubectl, kubectlMinor } from '../environment/kubectl.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import { customResourceCases } from './kubectl-custom-resources.ts';
import { policyCases } from './kubectl-policies.ts';

const minor = kubectlMinor();
const reason = (await whyNoDocker()) ?? (minor === undefined ? 'there is no kubectl on the PATH' : undefined);
if (reason !== undefined) console.warn(`skipped: kubectl against a real cluster: ${reason}`);
if (minor !== undefined && minor < 28)
  console.warn(`kubectl 1.${minor}: what only newer ones have is skipped, in 1.28 everything is there`);
/** What only newer ones have. */
const since = (version: number) => test.skipIf((minor ?? 0) < version);

const cluster = new LocalCluster('kubectl');
let kubectl: Kubectl;

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: { app: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox
          command: [sh, -c, 'echo started; exec httpd -f -p 8080 -h /etc']
`;

const sleeper = (name: string) => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { role: sleeper } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox
      stdin: true
      command: [sh, -c, 'echo hello from ${name}; exec sleep 3600']
`;

describe.skipIf(reason !== undefined)('kubectl', () => {
  beforeAll(async () => {
    await ensureTestImages();
    await cluster.up('--store', 'etcd', '--runtime', 'docker');
    kubectl = new Kubectl((await cluster.ok('kubeconfig')).trim(), cluster.home);
    cluster.file('web.yaml', web);
    cluster.file('sleeper.yaml', sleeper('sleeper'));
    await kubectl.ok('apply', '-f', 'web.yaml', '-f', 'sleeper.yaml');
    await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=60s');
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/sleeper', '--timeout=60s');
  });
  afterAll(() => cluster.destroy());

  /** Each line: the words of a command, and what it prints, or the beginning of it. */
  type Line = readonly [command: string, prints: string | RegExp];

  async function expectLines(lines: readonly Line[]): Promise<void> {
    for (const [command, prints] of lines) {
      const printed = await kubectl.ok(...command.split(' '));
      if (typeof prints === 'string') expect(printed, command).toBe(prints);
      else expect(printed, command).toMatch(prints);
    }
  }

  describe('looks around', () => {
    test('is noted in the audit log, as wh is, without what is in the objects', async () => {
      await kubectl.ok('create', 'configmap', 'noted', '--from-literal=a=hunter2');
      await cluster.ok('delete', 'configmap', 'noted');
      const noted = () =>
        readFileSync(join(cluster.directory, 'logs', 'audit.log'), 'utf8')
          .split('\n')
          .filter((line) => line.includes('"noted"'))
          .map(
            (line) =>
              JSON.parse(line) as {
                verb: string;
                user: { username: string };
                responseStatus: { code: number };
              },
          )
          .map(({ verb, user, responseStatus }) => `${user.username} ${verb} ${responseStatus.code}`);
      // A request does not wait for its line.
      await expect
        .poll(noted, { timeout: 10_000 })
        .toEqual(['kubernetes-admin create 201', 'kubernetes-admin delete 200']);
      expect(readFileSync(join(cluster.directory, 'logs', 'audit.log'), 'utf8')).not.toContain('hunter2');
    });

    test('shows that every API is there, and whose turn is when', async () => {
      const services = await kubectl.ok('get', 'apiservices', '--no-headers');
      expect(services).toMatch(/^v1\.apps +Local +True/m);
      expect(services).not.toMatch(/False|Unknown/);
      expect(await kubectl.ok('get', 'flowschemas', '--no-headers')).toMatch(
        /^system-nodes +system +500 +ByUser/m,
      );
    });

    test('version, cluster-info, api-versions, api-resources, config', async () => {
      await expectLines([
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

    test('get in every form', async () => {
      await expectLines([
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

    test('get -w tells changes as they come', async () => {
      const watch = kubectl.start(['get', 'configmap', '-w', '--watch-only', '-o', 'name']);
      let told = '';
      watch.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      try {
        // The watch has begun when it tells of one of these.
        for (let round = 0; !told.includes('configmap/watched'); round++) {
          await kubectl.ok('create', 'configmap', `watched-${round}`);
          expect(round).toBeLessThan(50);
        }
      } finally {
        watch.kill();
      }
    });

    test('describe', async () => {
      await expectLines([
        ['describe pod sleeper', /^Name: +sleeper\nNamespace: +default\n[^]*Events:\n/],
        ['describe deployment web', /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/],
        ['describe node', /Allocatable:\n/],
        ['describe namespace default', /Status: +Active/],
      ]);
    });

    since(24)('events', async () => {
      expect(await kubectl.ok('events', '--for', 'pod/sleeper')).toMatch(/Started +Pod\/sleeper/);
    });

    test('explain', async () => {
      await expectLines([
        ['explain deployment', /KIND: +Deployment\nVERSION: +(apps\/)?v1/],
        ['explain pod.spec.containers', /image\t<string>/],
        [
          'explain deployment.spec.template.spec.volumes --recursive',
          /configMap\t<(ConfigMapVolumeSource|Object)>/,
        ],
      ]);
    });
  });

  describe('makes things', () => {
    const cases: readonly (readonly [words: string, kind: string, name: string])[] = [
      ['namespace made', 'namespace', 'made'],
      ['configmap made --from-literal=a=1', 'configmap', 'made'],
      ['secret generic made --from-literal=a=1', 'secret', 'made'],
      ['secret docker-registry registry --docker-username=u --docker-password=p', 'secret', 'registry'],
      ['serviceaccount made', 'serviceaccount', 'made'],
      ['role made --verb=get --resource=pods', 'role', 'made'],
      ['clusterrole made --verb=get,list --resource=pods', 'clusterrole', 'made'],
      ['rolebinding made --role=made --user=kim', 'rolebinding', 'made'],
      ['clusterrolebinding made --clusterrole=made --group=team', 'clusterrolebinding', 'made'],
      ['deployment made --image=busybox --replicas=0', 'deployment', 'made'],
      ['job made --image=busybox', 'job', 'made'],
      ['cronjob made --image=busybox --schedule=@daily', 'cronjob', 'made'],
      ['service clusterip made --tcp=80:8080', 'service', 'made'],
      ['service nodeport made-port --tcp=80:8080', 'service', 'made-port'],
      ['service loadbalancer made-balancer --tcp=80:8080', 'service', 'made-balancer'],
      ['service externalname made-name --external-name=example.com', 'service', 'made-name'],
      ['ingress made --rule=example.com/=made:80', 'ingress', 'made'],
      ['quota made --hard=configmaps=100', 'quota', 'made'],
      ['poddisruptionbudget made --selector=app=none --min-available=1', 'pdb', 'made'],
      ['priorityclass made --value=100', 'priorityclass', 'made'],
    ];
    // Older ones know these kinds in versions that no server has any more.
    const newer = ['cronjob', 'poddisruptionbudget'];
    const known = cases.filter(
      ([words]) => (minor ?? 0) >= 21 || !newer.some((kind) => words.startsWith(kind)),
    );
    test.for(known)('create %s', async ([words, kind, name]) => {
      const printed = await kubectl.ok('create', ...words.split(' '));
      expect(printed).toMatch(/ created\n$/);
      expect(await kubectl.ok('get', kind, name, '-o', 'jsonpath={.metadata.name}')).toBe(name);
      expect(await kubectl.ok('delete', kind, name)).toMatch(/ deleted/);
    });

    test('run, expose and autoscale', async () => {
      await expectLines([
        ['run one --image=busybox --restart=Never --labels=a=b -- sleep 1000', 'pod/one created\n'],
        ['wait --for=condition=Ready pod/one --timeout=60s', 'pod/one condition met\n'],
        ['expose pod one --port=80 --name=one', 'service/one exposed\n'],
        ['get service one -o jsonpath={.spec.selector.a}', 'b'],
        ['delete pod,service one --now', /pod "one".* deleted/],
        ['autoscale deployment web --min=1 --max=3', 'horizontalpodautoscaler.autoscaling/web autoscaled\n'],
        ['get hpa web -o jsonpath={.spec.maxReplicas}', '3'],
        ['delete hpa web', /deleted/],
      ]);
      expect(await kubectl.ok('run', 'shown', '--image=busybox', '--dry-run=client', '-o', 'name')).toBe(
        'pod/shown\n',
      );
      expect(await kubectl.ok('run', 'shown', '--image=busybox', '--dry-run=server', '-o', 'name')).toBe(
        'pod/shown\n',
      );
      expect((await kubectl.run(['get', 'pod', 'shown'])).code).toBe(1);
    });

    test('create refuses what is there, and what is wrong', async () => {
      const there = await kubectl.run(['create', '-f', 'web.yaml']);
      expect(there.stderr).toContain('Error from server (AlreadyExists)');
      cluster.file('wrong.yaml', web.replace('replicas: 2', 'replicaz: 2'));
      const wrong = await kubectl.run(['apply', '-f', 'wrong.yaml']);
      expect(wrong.code).toBe(1);
      expect(wrong.stderr).toMatch(/unknown field ("spec.replicaz"|"replicaz")/);
      const warned = await kubectl.run(['apply', '--validate=warn', '--dry-run=server', '-f', 'wrong.yaml']);
      if ((minor ?? 0) >= 25) expect(warned.stderr).toContain('Warning: unknown field "spec.replicaz"');
    });
  });

  describe('applies', () => {
    const settings = (data: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, labels: { set: a } }\ndata: ${data}\n`;

    test('client-side: created, configured, unchanged, and fields removed', async () => {
      cluster.file('settings.yaml', settings('{ a: "1", b: "2" }'));
      expect(await kubectl.ok('apply', '-f', 'settings.yaml')).toBe('configmap/settings created\n');
      expect(await kubectl.ok('apply', '-f', 'settings.yaml')).toBe('configmap/settings unchanged\n');
      cluster.file('settings.yaml', settings('{ a: "3" }'));
      const diff = await kubectl.run(['diff', '-f', 'settings.yaml']);
      expect(diff.code).toBe(1);
      expect(diff.stdout).toMatch(/-\s+b: "2"/);
      expect(await kubectl.ok('apply', '-f', 'settings.yaml')).toBe('configmap/settings configured\n');
      expect(await kubectl.ok('get', 'configmap', 'settings', '-o', 'jsonpath={.data}')).toBe('{"a":"3"}');
      expect((await kubectl.run(['diff', '-f', 'settings.yaml'])).code).toBe(0);
      expect(await kubectl.ok('apply', 'view-last-applied', '-f', 'settings.yaml')).toContain('a: "3"');
    });

    // Older ones prune what no server has any more.
    since(26)('prune', async () => {
      cluster.file(
        'two.yaml',
        `${settings('{ a: "3" }')}---\n${settings('{}').replace('name: settings', 'name: extra')}`,
      );
      await kubectl.ok('apply', '-f', 'two.yaml');
      const pruned = await kubectl.ok('apply', '--prune', '-l', 'set=a', '-f', 'settings.yaml');
      expect(pruned).toContain('configmap/extra pruned\n');
    });

    since(22)('server-side: owners, conflicts and force', async () => {
      cluster.file('owned.yaml', settings('{ a: "1" }').replace('name: settings', 'name: owned'));
      expect(await kubectl.ok('apply', '--server-side', '-f', 'owned.yaml')).toBe(
        'configmap/owned serverside-applied\n',
      );
      await kubectl.ok(
        'patch',
        'configmap',
        'owned',
        '--type=merge',
        '-p',
        '{"data":{"a":"2"}}',
        '--field-manager=other',
      );
      const refused = await kubectl.run(['apply', '--server-side', '-f', 'owned.yaml']);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('Apply failed with 1 conflict: conflict with "other" using v1');
      await kubectl.ok('apply', '--server-side', '--force-conflicts', '-f', 'owned.yaml');
      expect(await kubectl.ok('get', 'configmap', 'owned', '-o', 'jsonpath={.data.a}')).toBe('1');
      const fields = await kubectl.ok(
        'get',
        'configmap',
        'owned',
        '--show-managed-fields',
        '-o',
        'jsonpath={.metadata.managedFields[*].manager}',
      );
      expect(fields).toBe('kubectl');
    });

    test('kustomize', async () => {
      mkdirSync(join(cluster.home, 'kustom'));
      cluster.file(
        'kustom/kustomization.yaml',
        'namePrefix: k-\nconfigMapGenerator:\n  - name: made\n    literals: [a=1]\n',
      );
      expect(await kubectl.ok('kustomize', 'kustom')).toMatch(/name: k-made-\w+/);
      expect(await kubectl.ok('apply', '-k', 'kustom')).toMatch(/configmap\/k-made-\w+ created/);
    });
  });

  describe('changes things', () => {
    beforeAll(() => kubectl.ok('create', 'configmap', 'thing', '--from-literal=a=1'));

    test('label, annotate, patch, replace and edit', async () => {
      await expectLines([
        ['label configmap thing colour=red', 'configmap/thing labeled\n'],
        ['label configmap thing colour=blue --overwrite', 'configmap/thing labeled\n'],
        ['annotate configmap thing note=x', 'configmap/thing annotated\n'],
        ['get configmap thing -o jsonpath={.metadata.labels.colour}{.metadata.annotations.note}', 'bluex'],
        ['label configmap thing colour-', /unlabeled|labeled/],
        ['patch configmap thing -p {"data":{"b":"2"}}', 'configmap/thing patched\n'],
        [
          'patch configmap thing --type=json -p [{"op":"remove","path":"/data/a"}]',
          'configmap/thing patched\n',
        ],
        ['get configmap thing -o jsonpath={.data}', '{"b":"2"}'],
      ]);
      const editor = cluster.file('editor.sh', '#!/bin/sh\nsed -i \'s/b: "2"/b: "3"/\' "$1"\n');
      chmodSync(editor, 0o755);
      const edited = await kubectl.run(['edit', 'configmap', 'thing'], { env: { KUBE_EDITOR: editor } });
      expect(edited.stdout).toBe('configmap/thing edited\n');
      expect(await kubectl.ok('get', 'configmap', 'thing', '-o', 'jsonpath={.data.b}')).toBe('3');
      const live = await kubectl.ok('get', 'configmap', 'thing', '-o', 'json');
      writeFileSync(join(cluster.home, 'thing.json'), live.replace('"b": "3"', '"b": "4"'));
      expect(await kubectl.ok('replace', '-f', 'thing.json')).toBe('configmap/thing replaced\n');
      const stale = await kubectl.run(['replace', '-f', 'thing.json']);
      expect(stale.stderr).toContain('the object has been modified');
    });

    test('set', async () => {
      await kubectl.ok('create', 'deployment', 'settable', '--image=busybox', '--replicas=0');
      await expectLines([
        ['set image deployment/settable busybox=busybox:new', 'deployment.apps/settable image updated\n'],
        ['set env deployment/settable A=b', 'deployment.apps/settable env updated\n'],
        ['set resources deployment/settable --limits=memory=64Mi', /resource requirements updated/],
        ['set serviceaccount deployment/settable default', /serviceaccount updated/],
        [
          'get deployment settable -o jsonpath={..image}{..env[0].value}{..limits.memory}',
          'busybox:newb64Mi',
        ],
        ['delete deployment settable', /deleted/],
      ]);
    });

    test('scale and rollout', async () => {
      await expectLines([
        ['scale deployment web --replicas=1 --current-replicas=2', 'deployment.apps/web scaled\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
        ['rollout restart deployment/web', 'deployment.apps/web restarted\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
        ['rollout history deployment/web', /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/],
        ['rollout pause deployment/web', 'deployment.apps/web paused\n'],
        ['rollout resume deployment/web', 'deployment.apps/web resumed\n'],
        ['rollout undo deployment/web', 'deployment.apps/web rolled back\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
        ['scale deployment web --replicas=2', 'deployment.apps/web scaled\n'],
        [
          'wait --for=condition=Available deployment/web --timeout=60s',
          'deployment.apps/web condition met\n',
        ],
      ]);
      const refused = await kubectl.run([
        'scale',
        'deployment',
        'web',
        '--replicas=3',
        '--current-replicas=7',
      ]);
      expect(refused.code).toBe(1);
    });

    test('delete by label, file and all; wait for it', async () => {
      for (const name of ['x', 'y', 'z']) await kubectl.ok('create', 'configmap', `gone-${name}`);
      await kubectl.ok('label', 'configmap', 'gone-x', 'gone-y', 'gone=yes');
      expect(await kubectl.ok('delete', 'configmap', '-l', 'gone=yes')).toMatch(/gone-x.*\n.*gone-y/);
      const waiting = kubectl.run(['wait', '--for=delete', 'configmap/gone-z', '--timeout=30s']);
      await kubectl.ok('delete', 'configmap', 'gone-z');
      expect((await waiting).code).toBe(0);
      cluster.file('brief.yaml', sleeper('brief'));
      await kubectl.ok('apply', '-f', 'brief.yaml');
      expect(await kubectl.ok('delete', '-f', 'brief.yaml', '--force', '--grace-period=0')).toContain(
        'brief',
      );
    });

    test('cordon, taint and uncordon', async () => {
      await expectLines([
        ['cordon kubectl', 'node/kubectl cordoned\n'],
        ['get node kubectl', /Ready,SchedulingDisabled/],
        ['uncordon kubectl', 'node/kubectl uncordoned\n'],
        ['taint node kubectl a=b:PreferNoSchedule', 'node/kubectl tainted\n'],
        ['taint node kubectl a-', 'node/kubectl untainted\n'],
      ]);
    });

    // Older ones evict with an API that no server has any more.
    since(22)('drain', async () => {
      await expectLines([
        ['drain kubectl --pod-selector=app=web --ignore-daemonsets', /evicted/],
        ['uncordon kubectl', 'node/kubectl uncordoned\n'],
        ['rollout status deployment/web --timeout=60s', /successfully rolled out/],
      ]);
    });
  });

  customResourceCases(cluster, () => kubectl, since);

  policyCases(() => ({ kubectl, cluster }));

  describe('reaches into containers', () => {
    /** Over WebSocket, which newer ones use, and over SPDY. */
    const transports = [
      ['WebSocket', {}],
      ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
    ] as const;

    test('logs', async () => {
      await expectLines([
        ['logs sleeper', 'hello from sleeper\n'],
        ['logs sleeper --tail=1 --timestamps', /^\d{4}-\d\d-\d\dT[\d:.]+Z hello from sleeper\n$/],
        ['logs -l app=web --prefix', /\[pod\/web-\S+\/main\] started\n/],
        ['logs deployment/web --since=1h', /started\n/],
        ['logs sleeper --all-containers', 'hello from sleeper\n'],
      ]);
      const wrong = await kubectl.run(['logs', 'sleeper', '-c', 'other']);
      expect(wrong.stderr).toContain('container other is not valid for pod sleeper');
    });

    test('logs -f follows', async () => {
      const follow = kubectl.start(['logs', '-f', 'sleeper']);
      let told = '';
      follow.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      await expect.poll(() => told, { timeout: 10_000 }).toBe('hello from sleeper\n');
      await kubectl.ok('exec', 'sleeper', '--', 'sh', '-c', 'echo more > /proc/1/fd/1');
      await expect.poll(() => told, { timeout: 10_000 }).toBe('hello from sleeper\nmore\n');
      follow.kill();
    });

    test.for(transports)('exec over %s', async ([, env]) => {
      const script = 'echo out; echo err >&2; exit 3';
      expect(await kubectl.run(['exec', 'sleeper', '--', 'sh', '-c', script], { env })).toEqual({
        code: 3,
        stdout: 'out\n',
        stderr: 'err\ncommand terminated with exit code 3\n',
      });
      const cat = await kubectl.run(['exec', '-i', 'sleeper', '--', 'cat'], {
        env,
        stdin: 'in\n'.repeat(10_000),
      });
      expect(cat).toMatchObject({ code: 0, stdout: 'in\n'.repeat(10_000) });
      expect((await kubectl.run(['exec', 'sleeper', '--', 'nothing-such'], { env })).code).not.toBe(0);
    });

    test.for(transports)('attach over %s', async ([, env]) => {
      const attached = kubectl.start(['attach', 'sleeper'], env);
      let told = '';
      attached.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      let round = 0;
      await expect
        .poll(
          async () => {
            await kubectl.ok('exec', 'sleeper', '--', 'sh', '-c', `echo attached-${round++} > /proc/1/fd/1`);
            return told;
          },
          { timeout: 20_000 },
        )
        .toMatch(/attached-\d+\n/);
      attached.kill();
    });

    test.for(transports)('cp over %s: megabytes, both ways', async ([, env]) => {
      const bytes = randomBytes(3_000_000);
      writeFileSync(join(cluster.home, 'data'), bytes);
      expect((await kubectl.run(['cp', 'data', 'sleeper:/tmp/data'], { env })).code).toBe(0);
      const [sum] = (await kubectl.ok('exec', 'sleeper', '--', 'sha256sum', '/tmp/data')).split(' ');
      expect(sum).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect((await kubectl.run(['cp', 'sleeper:/tmp/data', 'back'], { env })).code).toBe(0);
      expect(readFileSync(join(cluster.home, 'back')).equals(bytes)).toBe(true);
    });

    test.for(transports)('port-forward over %s: several connections at once', async ([, env]) => {
      const forward = kubectl.start(['port-forward', 'deployment/web', ':8080'], env);
      let told = '';
      forward.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      try {
        await expect.poll(() => told, { timeout: 20_000 }).toMatch(/127\.0\.0\.1:\d+ -> 8080/);
        const port = /127\.0\.0\.1:(\d+)/.exec(told)?.[1];
        const answers = await Promise.all(
          Array.from({ length: 5 }, () =>
            fetch(`http://127.0.0.1:${port}/passwd`).then((answer) => answer.text()),
          ),
        );
        for (const answer of answers) expect(answer).toMatch(/^root:/);
      } finally {
        forward.kill();
      }
    });

    since(25)('debug', async () => {
      const words = ['debug', 'sleeper', '--image=busybox', '--target=main', '-c', 'looker', '--', 'ps'];
      expect((await kubectl.run(words)).code).toBe(0);
      // It sees the processes of the container that it looks at.
      await expect
        .poll(async () => (await kubectl.run(['logs', 'sleeper', '-c', 'looker'])).stdout, {
          timeout: 20_000,
        })
        .toContain('sleep 3600');
    });

    since(30)('debug of a node', async () => {
      const words = ['debug', 'node/kubectl', '--image=busybox', '--profile=general', '--', 'ls', '/host'];
      const [, name = ''] = /pod (\S+) with/.exec((await kubectl.run(words)).stdout) ?? [];
      const log = async () => (await kubectl.run(['logs', name])).stdout;
      await expect.poll(log, { timeout: 20_000 }).toMatch(/^etc$/m);
      await kubectl.ok('delete', 'pod', name);
    });

    since(32)('patch --subresource=resize', async () => {
      const resources = (cpu: string) => ({ requests: { cpu: '10m' }, limits: { cpu, memory: '64Mi' } });
      const spec = { containers: [{ name: 'main', image: 'busybox', command: ['sleep', '3600'] }] };
      const [container] = spec.containers;
      const manifest = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'growing' },
        spec: {
          ...spec,
          terminationGracePeriodSeconds: 0,
          containers: [{ ...container, resources: resources('50m') }],
        },
      };
      await kubectl.ok('create', '-f', cluster.file('growing.json', JSON.stringify(manifest)));
      await kubectl.ok('wait', '--for=condition=Ready', 'pod/growing', '--timeout=60s');
      const patch = { spec: { containers: [{ name: 'main', resources: resources('80m') }] } };
      await kubectl.ok('patch', 'pod', 'growing', '--subresource=resize', '-p', JSON.stringify(patch));
      const told = 'jsonpath={.status.containerStatuses[0].resources.limits.cpu}';
      await expect
        .poll(() => kubectl.ok('get', 'pod', 'growing', '-o', told), { timeout: 20_000 })
        .toBe('80m');
      const quota = 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cat /sys/fs/cgroup/cpu.max';
      expect(await kubectl.ok('exec', 'growing', '--', 'sh', '-c', quota)).toMatch(/^8000\b/);
      const restarts = 'jsonpath={.status.containerStatuses[0].restartCount}';
      expect(await kubectl.ok('get', 'pod', 'growing', '-o', restarts)).toBe('0');
      await kubectl.ok('delete', 'pod', 'growing');
    });

    test('top', async () => {
      await expectLines([
        ['top nodes', /^NAME +CPU\(cores\) .*\nkubectl +\d+m /],
        ['top pods --containers', /sleeper +main +\d+m +\d+Mi/],
      ]);
    });

    since(24)('proxy', async () => {
      const proxy = kubectl.start(['proxy', '--port=0']);
      let told = '';
      proxy.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      try {
        await expect.poll(() => told, { timeout: 20_000 }).toMatch(/127\.0\.0\.1:\d+/);
        const port = /127\.0\.0\.1:(\d+)/.exec(told)?.[1];
        const pods = await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/default/pods/sleeper`);
        expect(await pods.json()).toMatchObject({ kind: 'Pod', metadata: { name: 'sleeper' } });
        const name = (await kubectl.ok('get', 'pods', '-l', 'app=web', '-o', 'name'))
          .split('\n')[0]
          ?.slice('pod/'.length);
        const base = `http://127.0.0.1:${port}/api/v1/namespaces/default/pods`;
        const file = await fetch(`${base}/${name}:8080/proxy/passwd`);
        expect([file.status, await file.text()]).toEqual([200, expect.stringMatching(/^root:/)]);
        expect((await fetch(`${base}/${name}:8080/proxy/nowhere`)).status).toBe(404);
        expect((await fetch(`${base}/${name}:81/proxy/`)).status).toBe(503);
        expect((await fetch(`${base}/ftp:${name}:81/proxy/`)).status).toBe(400);
        const api = `http://127.0.0.1:${port}/api/v1`;
        await kubectl.ok('expose', 'deployment', 'web', '--port=80', '--target-port=8080');
        const byService = `${api}/namespaces/default/services/web:80/proxy/passwd`;
        await expect.poll(async () => (await fetch(byService)).status, { timeout: 20_000 }).toBe(200);
        const kubelet = `${api}/nodes/kubectl/proxy`;
        expect(await (await fetch(`${kubelet}/healthz`)).text()).toBe('ok');
        expect(await (await fetch(`${kubelet}/containerLogs/default/${name}/main`)).text()).toBe('started\n');
        expect(await (await fetch(`${kubelet}/stats/summary`)).json()).toMatchObject({
          node: { nodeName: 'kubectl' },
          pods: expect.arrayContaining([
            expect.objectContaining({ podRef: expect.objectContaining({ name: 'sleeper' }) as unknown }),
          ]) as unknown,
        });
        expect(
          (await fetch(`${base}/sleeper/proxy`, { redirect: 'manual' })).headers.get('location'),
        ).toMatch(/\/sleeper\/proxy\/$/);
      } finally {
        proxy.kill();
      }
    });
  });

  describe('asks about rights', () => {
    since(28)('auth whoami', async () => {
      expect(await kubectl.ok('auth', 'whoami')).toMatch(
        /Username +kubernetes-admin\nGroups +\[system:masters/,
      );
    });

    since(24)('create token', async () => {
      const token = (await kubectl.ok('create', 'token', 'default')).trim();
      expect(token.split('.')).toHaveLength(3);
      const server = await kubectl.ok(
        'config',
        'view',
        '--minify',
        '-o',
        'jsonpath={.clusters[0].cluster.server}',
      );
      const asked = ['get', 'pods', `--server=${server}`, `--token=${token}`, '--insecure-skip-tls-verify'];
      const refused = await kubectl.run(asked, { env: { KUBECONFIG: '/nowhere' } });
      expect(refused.stderr).toContain(
        'User "system:serviceaccount:default:default" cannot list resource "pods"',
      );
    });

    test('auth can-i', async () => {
      await expectLines([
        ['auth can-i delete pods', 'yes\n'],
        ['auth can-i --list', /\*\.\* +\[\] +\[\] +\[\*\]/],
      ]);
      const other = await kubectl.run(['get', 'pods', '--as=eve']);
      expect(other.stderr).toContain(
        'pods is forbidden: User "eve" cannot list resource "pods" in API group ""',
      );
    });

    test('what a namespace enforces and warns of, whole', async () => {
      await kubectl.ok('create', 'namespace', 'strict');
      const label = (...labels: string[]) => kubectl.ok('label', 'namespace', 'strict', ...labels);
      await label('pod-security.kubernetes.io/enforce=restricted');
      const run = ['run', 'web', '--image=busybox', '-n', 'strict', '--restart=Never'];
      const violation =
        'violate(s)? PodSecurity "restricted:latest": allowPrivilegeEscalation != false \\(container "web" must set .*seccompProfile.type to "RuntimeDefault" or "Localhost"\\)';
      const refused = await kubectl.run(run);
      expect(refused.stderr).toMatch(new RegExp(`^Error from server \\(Forbidden\\): .*${violation}`));
      await label('pod-security.kubernetes.io/enforce-', 'pod-security.kubernetes.io/warn=restricted');
      const warned = await kubectl.run([...run, '--dry-run=server']);
      expect(warned.stderr).toMatch(new RegExp(`^Warning: would ${violation}`));
      expect(warned.code).toBe(0);
      await kubectl.ok('delete', 'namespace', 'strict', '--wait=false');
    });

    test('Secrets, which are nowhere on the disk, when wh gives them another key', async () => {
      const password = 'correct-horse-battery-staple';
      const base64 = Buffer.from(password).toString('base64');
      await kubectl.ok('create', 'secret', 'generic', 'vault', `--from-literal=password=${password}`);
      expect(await cluster.ok('encryption', 'rotate', '--forget-old')).toMatch(
        /^New key [0-9a-f]{16}; [1-9]\d* Secrets? (is|are) encrypted under it\.\n1 older keys forgotten\.\n$/,
      );
      expect(await kubectl.ok('get', 'secret', 'vault', '-o', 'jsonpath={.data.password}')).toBe(base64);
      const files = readdirSync(cluster.directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
      expect(files.length).toBeGreaterThan(5);
      for (const plain of [password, base64])
        expect(files.some((bytes) => bytes.includes(plain))).toBe(false);
      await kubectl.ok('delete', 'secret', 'vault');
    });

    test('of somebody else, for whom wh user create made a kubeconfig', async () => {
      const path = (await cluster.ok('user', 'create', 'ann', '--group', 'developers')).trim();
      const ann = new Kubectl(path, cluster.home);
      if ((minor ?? 0) >= 28)
        expect(await ann.ok('auth', 'whoami')).toMatch(/Username +ann\nGroups +\[developers /);
      const refused = await ann.run(['get', 'pods']);
      expect(refused.stderr).toContain('User "ann" cannot list resource "pods"');
      await kubectl.ok('create', 'rolebinding', 'developers', '--clusterrole=view', '--group=developers');
      expect(await ann.ok('get', 'pods', '-o', 'name')).toContain('pod/sleeper');
      const deletion = await ann.run(['delete', 'pod', 'sleeper']);
      expect(deletion.stderr).toContain('User "ann" cannot delete resource "pods"');
      const wrong = await cluster.run(['user', 'create', '../eve']);
      expect(wrong.stderr).toContain('"../eve" cannot be a user or a group');
      expect(wrong.code).toBe(1);
    });

    test('auth reconcile', async () => {
      cluster.file(
        'role.yaml',
        'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: reader, namespace: default }\nrules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]\n',
      );
      expect(await kubectl.ok('auth', 'reconcile', '-f', 'role.yaml')).toContain(
        'role.rbac.authorization.k8s.io/reader',
      );
    });

    // Older ones wait for no field without saying for which value.
    since(31)('certificate approve and deny: whose request is approved gets in', async () => {
      const { base64, key } = await makeCertificateRequest({ subject: 'O=guests, CN=bob' });
      for (const name of ['one', 'two']) cluster.file(`${name}.yaml`, signingRequest(name, base64));
      await kubectl.ok('apply', '-f', 'one.yaml', '-f', 'two.yaml');
      expect(await kubectl.ok('certificate', 'deny', 'two')).toContain('denied');
      expect(await kubectl.ok('get', 'csr', 'two')).toMatch(/ Denied\n$/);
      expect(await kubectl.ok('certificate', 'approve', 'one')).toContain('approved');
      await kubectl.ok('wait', 'csr/one', '--for=jsonpath={.status.certificate}', '--timeout=30s');
      expect(await kubectl.ok('get', 'csr', 'one')).toMatch(/ Approved,Issued\n$/);
      const certificate = await kubectl.ok('get', 'csr', 'one', '-o', 'jsonpath={.status.certificate}');
      const config = JSON.parse(await kubectl.ok('config', 'view', '--raw', '-o', 'json')) as {
        users: { user: object }[];
      };
      const user = {
        'client-certificate-data': certificate,
        'client-key-data': Buffer.from(key).toString('base64'),
      };
      const users = config.users.map((entry) => ({ ...entry, user }));
      const bob = new Kubectl(
        cluster.file('bob.kubeconfig', JSON.stringify({ ...config, users })),
        cluster.home,
      );
      const refused = await bob.run(['get', 'pods']);
      expect(refused.stderr).toContain('User "bob" cannot list resource "pods"');
      await kubectl.ok('create', 'rolebinding', 'guests', '--clusterrole=view', '--group=guests');
      expect(await bob.ok('get', 'pods', '-o', 'name')).toContain('pod/sleeper');
    });
  });
});

function signingRequest(name: string, request: string): string {
  return `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: ${name} }
spec: { request: ${request}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth] }
`;
}
