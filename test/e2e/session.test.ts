import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import { TerminalSession } from '../environment/terminal-session.ts';

const reason = await whyNoDocker();
const cluster = new LocalCluster('session');

const oneNamespace = `---
apiVersion: v1
kind: Namespace
metadata:
  name: development
`;

const twoNamespaces = `${oneNamespace}---
apiVersion: v1
kind: Namespace
metadata:
  name: production
`;

const podInfo = `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pod-info-deployment
  namespace: development
  labels:
    app: pod-info
spec:
  replicas: 3
  selector:
    matchLabels:
      app: pod-info
  template:
    metadata:
      labels:
        app: pod-info
    spec:
      containers:
      - name: pod-info-container
        image: kimschles/pod-info-app:latest
        ports:
        - containerPort: 3000
        env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: POD_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
`;

const busybox = `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: busybox
  namespace: default
  labels:
    app: busybox
spec:
  replicas: 1
  selector:
    matchLabels:
      app: busybox
  template:
    metadata:
      labels:
        app: busybox
    spec:
      containers:
      - name: busybox-container
        image: busybox:latest
        # Keep the container running
        command: [ "/bin/sh", "-c", "--" ]
        args: [ "while true; do sleep 30; done;" ]
        resources:
          requests:
            cpu: 30m
            memory: 64Mi
          limits:
            cpu: 100m
            memory: 128Mi
`;

const age = /^(\d+[smhdy])+$/;
const podName =
  /^pod-info-deployment-[0-9a-f]{8,10}-[a-z0-9]{5}$|^pod-info-deployment-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[a-z0-9]{5}$/;

/** The columns of a table as kubectl separates them: by three blanks or more. */
function columns(output: string): string[][] {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd().split(/ {3,}/));
}

describe.skipIf(reason !== undefined)(
  `a first session on real Docker and etcd${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    beforeAll(async () => {
      await ensureTestImages();
      await cluster.up('--store', 'etcd', '--runtime', 'docker');
    });

    afterAll(() => cluster.destroy());

    test('the node is ready', async () => {
      const [header, row, ...more] = columns(await cluster.ok('get', 'nodes'));
      expect(header).toEqual(['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION']);
      expect(row).toEqual([
        'session',
        'Ready',
        'control-plane',
        expect.stringMatching(age),
        expect.stringMatching(/^v1\.\d+/),
      ]);
      expect(more).toEqual([]);
    });

    test('namespaces come from YAML: created, then unchanged', async () => {
      const file = cluster.file('namespace.yaml', oneNamespace);
      expect(await cluster.ok('kubectl', 'apply', '-f', file)).toBe('namespace/development created\n');
      cluster.file('namespace.yaml', twoNamespaces);
      expect(await cluster.ok('apply', '-f', file)).toBe(
        'namespace/development unchanged\nnamespace/production created\n',
      );
      const [header, ...rows] = columns(await cluster.ok('get', 'namespaces'));
      expect(header).toEqual(['NAME', 'STATUS', 'AGE']);
      expect(rows.map(([name, status]) => [name, status])).toEqual(
        ['default', 'development', 'kube-node-lease', 'kube-public', 'kube-system', 'production'].map(
          (name) => [name, 'Active'],
        ),
      );
    });

    test('namespaces are deleted by the same file', async () => {
      const file = cluster.file('namespace.yaml', twoNamespaces);
      expect(await cluster.ok('delete', '-f', file)).toBe(
        'namespace "development" deleted\nnamespace "production" deleted\n',
      );
      const [, ...rows] = columns(await cluster.ok('get', 'namespaces'));
      expect(rows.map(([name]) => name)).toEqual([
        'default',
        'kube-node-lease',
        'kube-public',
        'kube-system',
      ]);
      await cluster.ok('apply', '-f', cluster.file('namespace.yaml', oneNamespace));
    });

    test('a Deployment of three Pods comes up', async () => {
      const file = cluster.file('deployment.yaml', podInfo);
      expect(await cluster.ok('apply', '-f', file)).toBe('deployment.apps/pod-info-deployment created\n');
      await cluster.ok(
        'rollout',
        'status',
        'deployment/pod-info-deployment',
        '-n',
        'development',
        '--timeout',
        '60s',
      );
      expect(columns(await cluster.ok('get', 'deployments', '-n', 'development'))).toEqual([
        ['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE'],
        ['pod-info-deployment', '3/3', '3', '3', expect.stringMatching(age)],
      ]);
      const [header, ...rows] = columns(await cluster.ok('get', 'pods', '-n', 'development'));
      expect(header).toEqual(['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE']);
      expect(rows).toHaveLength(3);
      for (const row of rows) {
        expect(row).toEqual([
          expect.stringMatching(podName),
          '1/1',
          'Running',
          '0',
          expect.stringMatching(age),
        ]);
      }
    });

    test('a deleted Pod is replaced by another', async () => {
      const names = async () =>
        (await cluster.ok('get', 'pods', '-n', 'development', '-o', 'name')).trim().split('\n');
      const before = await names();
      const victim = before[0]?.replace('pod/', '') ?? '';
      expect(await cluster.ok('delete', 'pod', victim, '-n', 'development')).toBe(
        `pod "${victim}" deleted\n`,
      );
      await cluster.ok(
        'rollout',
        'status',
        'deployment/pod-info-deployment',
        '-n',
        'development',
        '--timeout',
        '60s',
      );
      const after = await names();
      expect(after).toHaveLength(3);
      expect(after).not.toContain(`pod/${victim}`);
      expect(after.filter((name) => before.includes(name))).toHaveLength(2);
    });

    test('describe pod shows every section', async () => {
      const [name = ''] = (await cluster.ok('get', 'pods', '-n', 'development', '-o', 'name'))
        .trim()
        .split('\n');
      const pod = name.replace('pod/', '');
      const description = await cluster.ok('describe', 'pod', pod, '-n', 'development');
      const [sections = '', events = ''] = description.split(/^Events:/m);
      expect(maskDescription(sections, pod)).toMatchSnapshot();
      // How long ago each happened, and where the image came from, differs; what happened does not.
      const reasons = [...events.matchAll(/^ {2}Normal +(\w+)/gm)].map(([, reason]) => reason);
      expect(reasons).toEqual(expect.arrayContaining(['Scheduled', 'Created', 'Started']));
    });

    test('busybox runs with requests and limits that cgroups enforce', async () => {
      const file = cluster.file('busybox.yaml', busybox);
      expect(await cluster.ok('apply', '-f', file)).toBe('deployment.apps/busybox created\n');
      await cluster.ok('rollout', 'status', 'deployment/busybox', '--timeout', '60s');
      const [, row] = columns(await cluster.ok('get', 'pods'));
      expect(row).toEqual([
        expect.stringMatching(/^busybox-/),
        '1/1',
        'Running',
        '0',
        expect.stringMatching(age),
      ]);
      const pod = row?.[0] ?? '';
      const limit = await cluster.ok(
        'exec',
        pod,
        '--',
        '/bin/sh',
        '-c',
        'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max',
      );
      expect(limit.trim()).toBe(String(128 * 1024 * 1024));
    });

    test('get pods -o wide tells addresses and nodes', async () => {
      const [header, ...rows] = columns(await cluster.ok('get', 'pods', '-n', 'development', '-o', 'wide'));
      expect(header).toEqual([
        'NAME',
        'READY',
        'STATUS',
        'RESTARTS',
        'AGE',
        'IP',
        'NODE',
        'NOMINATED NODE',
        'READINESS GATES',
      ]);
      for (const row of rows) {
        expect(row.slice(5)).toEqual([
          expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
          'session',
          '<none>',
          '<none>',
        ]);
      }
    });

    test('exec -it gives a shell from which one Pod reaches another', async () => {
      const [, row] = columns(await cluster.ok('get', 'pods', '-n', 'development', '-o', 'wide'));
      const address = row?.[5] ?? '';
      const [name = ''] = (await cluster.ok('get', 'pods', '-o', 'name')).trim().split('\n');
      const session = new TerminalSession(
        ['--profile', cluster.profile, 'exec', '-it', name, '--', '/bin/sh'],
        {
          WHEELHOUSE_HOME: cluster.home,
          KUBECONFIG: '',
        },
      );
      try {
        await session.waitFor(/\/ # $/);
        session.type(`cd /tmp && wget ${address}:3000\r`);
        await session.waitFor(/'index\.html' saved/);
        session.type('cat index.html\r');
        await session.waitFor(/"pod_namespace":"development"/);
        session.type('exit 3\r');
        expect(await session.exitCode).toBe(3);
      } finally {
        session.close();
      }
    });

    test('logs are those of the application', async () => {
      const [name = ''] = (await cluster.ok('get', 'pods', '-n', 'development', '-o', 'name'))
        .trim()
        .split('\n');
      expect(await cluster.ok('logs', name.replace('pod/', ''), '-n', 'development')).toBe(
        'undefined\nExample app listening on port 3000\n',
      );
    });

    test('a script on standard input runs line by line and ends with the last failure', async () => {
      const script =
        'get namespace development -o name\nget pod nowhere\nkubectl get namespace default -o name\n';
      const { code, stdout, stderr } = await cluster.run([], { stdin: script });
      expect(stdout).toBe('namespace/development\nnamespace/default\n');
      expect(stderr).toContain('Error from server (NotFound): pods "nowhere" not found');
      expect(code).toBe(1);
    });
  },
);

/** Takes out of a description what differs from run to run; what it is replaced by says what must stand there. */
function maskDescription(text: string, pod: string): string {
  return text
    .replaceAll(pod, 'POD')
    .replace(/pod-info-deployment-[a-z0-9]+$/gm, 'REPLICASET')
    .replace(/pod-template-hash=\S+/g, 'pod-template-hash=HASH')
    .replace(/docker:\/\/[0-9a-f]{64}/g, 'docker://ID')
    .replace(/sha256:[0-9a-f]{64}/g, 'sha256:DIGEST')
    .replace(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, 'TIME')
    .replace(/\b\d+\.\d+\.\d+\.\d+\b/g, 'ADDRESS')
    .replace(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-XXXXX');
}
