import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectLines, since } from './scene.ts';
import type { Scene } from './scene.ts';

/** logs, exec, attach, cp, port-forward, debug, top and proxy: what goes through to nodes and Pods. */
export function containerCases({ cluster, kubectl, namespace }: Scene): void {
  describe('reaches into containers', () => {
    /** SPDY is what older ones have; newer ones have WebSockets too, if not from the first by themselves. */
    const names = kubectl.minor < 30 ? (['SPDY'] as const) : (['WebSocket', 'SPDY'] as const);
    const transports = names.map((name) => {
      const isWanted = String(name === 'WebSocket');
      const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: isWanted, KUBECTL_PORT_FORWARD_WEBSOCKETS: isWanted };
      return [name, env] as const;
    });

    beforeAll(async () => {
      cluster.file('talkers.yaml', talkers);
      await kubectl.ok('apply', '-f', 'talkers.yaml');
    });
    afterAll(() => kubectl.run(['delete', '--wait=false', '-f', 'talkers.yaml']));

    test('logs', async () => {
      await expectLines(kubectl, [
        ['logs sleeper', 'hello from sleeper\n'],
        ['logs sleeper --tail=1 --timestamps', /^\d{4}-\d\d-\d\dT[\d:.]+Z hello from sleeper\n$/],
        ['logs -l app=web --prefix', /\[pod\/web-\S+\/main\] started\n/],
        ['logs deployment/web --since=1h', /started\n/],
        ['logs sleeper --all-containers', 'hello from sleeper\n'],
      ]);
      const wrong = await kubectl.run(['logs', 'sleeper', '-c', 'other']);
      expect(wrong.stderr).toContain('container other is not valid for pod sleeper');
    });

    test('logs of the container before, and just a part of them', async () => {
      const all = () => kubectl.run(['logs', 'talker', '--timestamps']);
      await expect
        .poll(async () => (await all()).stdout, { timeout: 60_000 })
        .toMatch(/ second\n.* third\n.* fourth\n$/);
      const [second = '', third = ''] = (await all()).stdout.split('\n').map((line) => line.split(' ')[0]);
      // Asked for in whole seconds; there is more than one between these two.
      const sinceThird = `${third.slice(0, 'yyyy-mm-ddThh:mm:ss'.length)}Z`;
      expect(Date.parse(second)).toBeLessThan(Date.parse(sinceThird));
      await expectLines(kubectl, [
        ['logs talker --previous', 'first\n'],
        ['logs talker --tail=2', 'third\nfourth\n'],
        ['logs talker --tail=0', ''],
        ['logs talker --limit-bytes=9', 'second\nth'],
        [`logs talker --since-time=${sinceThird}`, 'third\nfourth\n'],
        ['logs talker --since-time=2100-01-01T00:00:00Z', ''],
        ['logs -p talker --tail=1 --limit-bytes=3', 'fir'],
      ]);
      const { code, stderr } = await kubectl.run(['logs', 'listener', '--previous']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/BadRequest.*previous terminated container "main" in pod "listener" not found/);
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

    test.for(transports)('exec -it over %s: a terminal, of the size of the one outside', async ([, env]) => {
      const terminal = kubectl.terminal(['exec', '-it', 'sleeper', '--', 'sh'], env);
      try {
        await terminal.waitFor(/# $/);
        terminal.type('tty; stty size\r');
        await terminal.waitFor(/^\/dev\/pts\/\d+\n40 120$/m);
        terminal.resize(100, 30);
        terminal.type('until [ "$(stty size)" = "30 100" ]; do sleep 0.1; done; echo resized\r');
        await terminal.waitFor(/^resized$/m);
        terminal.type('exit 3\r');
        expect(await terminal.exitCode).toBe(3);
      } finally {
        terminal.close();
      }
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

    test.for(transports)('attach -i over %s: what is typed reaches the container', async ([, env]) => {
      const attached = kubectl.start(['attach', '-i', 'listener'], env);
      let told = '';
      attached.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      try {
        attached.stdin.write('one\n');
        await expect.poll(() => told, { timeout: 20_000 }).toContain('heard one\n');
        attached.stdin.write('two\n');
        await expect.poll(() => told, { timeout: 20_000 }).toContain('heard two\n');
      } finally {
        attached.kill();
      }
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

    /** Asks the Pods of "web" through a port of this machine. */
    const throughForward = async (
      words: readonly string[],
      ask: (port: string) => Promise<void>,
      env: Readonly<Record<string, string>> = {},
    ) => {
      const forward = kubectl.start(['port-forward', ...words], env);
      let told = '';
      forward.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      try {
        await expect.poll(() => told, { timeout: 20_000 }).toMatch(/127\.0\.0\.1:\d+ -> 8080/);
        await ask(/127\.0\.0\.1:(\d+)/.exec(told)?.[1] ?? '');
      } finally {
        forward.kill();
      }
    };
    const passwords = (port: string) =>
      fetch(`http://127.0.0.1:${port}/passwd`).then((answer) => answer.text());

    test.for(transports)('port-forward over %s: several connections at once', async ([, env]) => {
      await throughForward(
        ['deployment/web', ':8080'],
        async (port) => {
          const answers = await Promise.all(Array.from({ length: 5 }, () => passwords(port)));
          for (const answer of answers) expect(answer).toMatch(/^root:/);
        },
        env,
      );
    });

    test("port-forward to a Pod, and to a Service's port by number and by name", async () => {
      const pod = (await kubectl.ok('get', 'pods', '-l', 'app=web', '-o', 'name')).split('\n')[0] ?? '';
      for (const words of [
        [pod, ':8080'],
        ['service/forwarded', ':80'],
        ['svc/forwarded', ':http'],
      ])
        await throughForward(words, async (port) => expect(await passwords(port)).toMatch(/^root:/));
    });

    test('run -i ends as the container does', async () => {
      const words = ['run', 'brief', '-i', '--rm', '--image=busybox', '--restart=Never'];
      const script = 'read line; echo "said $line"; exit 3';
      const run = await kubectl.run([...words, '--', 'sh', '-c', script], { stdin: 'go\n' });
      // Not as an attach that failed: then it would fetch the logs instead, and say so.
      expect(run).toMatchObject({ code: 3, stderr: expect.not.stringContaining('attach') as string });
      expect(run.stdout).toMatch(/^said go\n(.*\n)*pod "brief" deleted/);
    });

    // Until 1.22 kubectl sent a kind that no server has any more.
    since(kubectl, 25)('debug', async () => {
      const words = ['debug', 'sleeper', '--image=busybox', '--target=main', '-c', 'looker', '--', 'ps'];
      expect((await kubectl.run(words)).code).toBe(0);
      // It sees the processes of the container that it looks at.
      await expect
        .poll(async () => (await kubectl.run(['logs', 'sleeper', '-c', 'looker'])).stdout, {
          timeout: 20_000,
        })
        .toContain('sleep 3600');
    });

    test('debug of a copy', async () => {
      const words = ['debug', 'sleeper', '--image=busybox', '--copy-to=copy', '-c', 'looker'];
      await kubectl.ok(...words, '--', 'echo', 'looked');
      const log = async () => (await kubectl.run(['logs', 'copy', '-c', 'looker'])).stdout;
      await expect.poll(log, { timeout: 20_000 }).toBe('looked\n');
      await kubectl.ok('delete', 'pod', 'copy');
    });

    test('debug of a node', async () => {
      // Older ones have no profiles, and the same defaults.
      const profile = kubectl.minor < 27 ? [] : ['--profile=general'];
      const words = ['debug', 'node/kubectl', '--image=busybox', ...profile, '--', 'ls', '/host'];
      const [, name = ''] = /pod (\S+) with/.exec((await kubectl.run(words)).stdout) ?? [];
      const log = async () => (await kubectl.run(['logs', name])).stdout;
      await expect.poll(log, { timeout: 20_000 }).toMatch(/^etc$/m);
      await kubectl.ok('delete', 'pod', name);
    });

    since(kubectl, 32)('patch --subresource=resize', async () => {
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
      await expectLines(kubectl, [
        ['top nodes', /^NAME +CPU\(cores\) .*\nkubectl +\d+m /],
        ['top pods --containers', /sleeper +main +\d+m +\d+Mi/],
      ]);
    });

    test('proxy', async () => {
      const proxy = kubectl.start(['proxy', '--port=0']);
      let told = '';
      proxy.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      try {
        await expect.poll(() => told, { timeout: 20_000 }).toMatch(/127\.0\.0\.1:\d+/);
        const port = /127\.0\.0\.1:(\d+)/.exec(told)?.[1];
        const pods = await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/${namespace}/pods/sleeper`);
        expect(await pods.json()).toMatchObject({ kind: 'Pod', metadata: { name: 'sleeper' } });
        const name = (await kubectl.ok('get', 'pods', '-l', 'app=web', '-o', 'name'))
          .split('\n')[0]
          ?.slice('pod/'.length);
        const base = `http://127.0.0.1:${port}/api/v1/namespaces/${namespace}/pods`;
        const file = await fetch(`${base}/${name}:8080/proxy/passwd`);
        expect([file.status, await file.text()]).toEqual([200, expect.stringMatching(/^root:/)]);
        expect((await fetch(`${base}/${name}:8080/proxy/nowhere`)).status).toBe(404);
        expect((await fetch(`${base}/${name}:81/proxy/`)).status).toBe(503);
        expect((await fetch(`${base}/ftp:${name}:81/proxy/`)).status).toBe(400);
        const api = `http://127.0.0.1:${port}/api/v1`;
        await kubectl.ok('expose', 'deployment', 'web', '--port=80', '--target-port=8080');
        const byService = `${api}/namespaces/${namespace}/services/web:80/proxy/passwd`;
        await expect.poll(async () => (await fetch(byService)).status, { timeout: 20_000 }).toBe(200);
        const kubelet = `${api}/nodes/kubectl/proxy`;
        expect(await (await fetch(`${kubelet}/healthz`)).text()).toBe('ok');
        expect(await (await fetch(`${kubelet}/containerLogs/${namespace}/${name}/main`)).text()).toBe(
          'started\n',
        );
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
}

/** "talker" ends once, and starts again; "listener" says what it hears. Behind "forwarded" are the Pods of "web". */
const talkers = `apiVersion: v1
kind: Pod
metadata: { name: talker }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox
      command: [sh, -c]
      args:
        - |
          if mkdir /state/seen; then echo first; exit 1; fi 2>/dev/null
          echo second; sleep 2; echo third; echo fourth; exec sleep 3600
      volumeMounts: [{ name: state, mountPath: /state }]
  volumes: [{ name: state, emptyDir: {} }]
---
apiVersion: v1
kind: Pod
metadata: { name: listener }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox
      stdin: true
      command: [sh, -c, 'while read line; do echo "heard $line"; done']
---
apiVersion: v1
kind: Service
metadata: { name: forwarded }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;
