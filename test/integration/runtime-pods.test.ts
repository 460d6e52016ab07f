import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerName, label } from '../../node-agent/runtime/docker/labels.ts';
import { DockerRuntime } from '../../node-agent/runtime/docker/runtime.ts';
import { containerConfig, sandboxConfig } from '../builders/runtime.ts';
import { eventually, logText, readAll, reasonOf } from '../expectations/runtime.ts';
import { countingProxy } from '../environment/counting-proxy.ts';
import { untilStopped, withDocker } from './runtime-scene.ts';

const { security, resources } = containerConfig([]);

await withDocker('pods on Docker', (scene) => {
  const { runtime, signal } = scene;
  const docker = new Docker({ socketPath: '/var/run/docker.sock' });
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runtime-pods-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  describe('a sandbox', () => {
    test('gives its containers hostname, name servers and hosts, and nothing of the host’s', async () => {
      const { containerId } = await scene.pod(
        untilStopped,
        {},
        {
          hostname: 'web-1',
          dns: {
            servers: ['10.96.0.10'],
            searches: ['default.svc.cluster.local', 'svc.cluster.local'],
            options: ['ndots:5'],
          },
          extraHosts: [{ ip: '10.1.2.3', hostnames: ['one.example', 'two.example'] }],
        },
      );
      const { output } = await scene.shell(containerId, 'hostname; cat /etc/resolv.conf; cat /etc/hosts');
      expect(output).toMatch(/^web-1\n/);
      expect(output.split('\n')).toEqual(
        expect.arrayContaining([
          'nameserver 10.96.0.10',
          'search default.svc.cluster.local svc.cluster.local',
          'options ndots:5',
          '10.1.2.3\tone.example',
          '10.1.2.3\ttwo.example',
        ]),
      );
    });

    test('without search domains has none, whatever the host has', async () => {
      const { containerId } = await scene.pod(
        untilStopped,
        {},
        {
          dns: { servers: ['10.96.0.10'], searches: [], options: [] },
        },
      );
      expect((await scene.shell(containerId, 'cat /etc/resolv.conf')).output).not.toContain('search');
    });

    test('is one network for its containers and a separate one for others', async () => {
      const sandbox = await scene.sandbox();
      await scene.start(sandbox, ['httpd', '-f', '-p', '127.0.0.1:8080', '-h', '/etc']);
      const side = await scene.start(sandbox, untilStopped, { name: 'side' });
      const fetch =
        'for i in 1 2 3 4 5 6 7 8 9 10; do wget -qO- http://127.0.0.1:8080/group && break; sleep 0.1; done';
      expect((await scene.shell(side, fetch)).output).toContain('root:x:0:');
      const stranger = await scene.pod();
      expect(
        (await scene.shell(stranger.containerId, 'wget -qO- http://127.0.0.1:8080/group')).exitCode,
      ).not.toBe(0);
    });

    test('reaches another Pod by its address', async () => {
      const server = await scene.pod(['httpd', '-f', '-p', '3000', '-h', '/etc']);
      const { containerId } = await scene.pod();
      const fetch = `for i in 1 2 3 4 5; do wget -qO- http://${server.sandbox.ips[0]}:3000/group && break; sleep 0.1; done`;
      expect((await scene.shell(containerId, fetch)).output).toContain('root:x:0:');
    });

    test('keeps processes apart unless they are to be shared, and then reaps orphans', async () => {
      const apart = await scene.pod();
      expect((await scene.shell(apart.containerId, 'ps')).output).not.toContain('/pause');

      const shared = await scene.pod(untilStopped, {}, { shareProcessNamespace: true });
      const { output } = await scene.shell(
        shared.containerId,
        '(sleep 0.2 & exec true) & wait; ps -o pid,stat,args',
      );
      expect(output).toMatch(/\n\s+1 S\s+\/pause\n/);
      await eventually(async () => {
        const after = await scene.shell(shared.containerId, 'ps -o pid,stat,args');
        expect(after.output).not.toContain('sleep 0.2');
        expect(after.output).not.toMatch(/ Z/);
      });
    });

    test('on the host network has no address of its own and reaches what listens on the host', async () => {
      const server = await listen('127.0.0.1', 'from the host');
      const { port } = server.address() as AddressInfo;
      const { sandbox, containerId } = await scene.pod(
        untilStopped,
        {},
        { hostNetwork: true, hostname: 'ignored' },
      );
      expect(sandbox).toMatchObject({ state: 'ready', ips: [] });
      expect((await scene.shell(containerId, `nc 127.0.0.1 ${port} </dev/null`)).output).toBe(
        'from the host',
      );
      expect((await scene.shell(containerId, 'hostname')).output).not.toContain('ignored');
      expect(await readAll(await runtime.dial(sandbox.id, port, signal))).toBe('from the host');
      server.close();
    });

    test('can see the processes of the host when asked to', async () => {
      const { containerId } = await scene.pod(untilStopped, {}, { hostPid: true });
      expect((await scene.shell(containerId, `ls -d /proc/${process.pid}`)).output).toBe(
        `/proc/${process.pid}\n`,
      );
    });

    test('publishes ports on the host, and refuses one that is taken without a trace', async () => {
      const free = await listen('127.0.0.1', '');
      const { port } = free.address() as AddressInfo;
      free.close();
      await once(free, 'close');
      const mapping = { containerPort: 3000, hostPort: port, hostIp: '127.0.0.1', protocol: 'TCP' } as const;
      await scene.pod(['httpd', '-f', '-p', '3000', '-h', '/etc'], {}, { portMappings: [mapping] });
      await eventually(async () => {
        const response = await fetch(`http://127.0.0.1:${port}/group`);
        expect(await response.text()).toContain('root:x:0:');
      });
      const before = await runtime.list(signal);
      await expect(scene.sandbox({ portMappings: [mapping] })).rejects.toMatchObject({
        reason: 'conflict',
        message: expect.stringContaining(`${port}`) as string,
      });
      expect((await runtime.list(signal)).length).toBe(before.length);
    });

    test('takes kernel parameters of its namespaces', async () => {
      const { containerId } = await scene.pod(
        untilStopped,
        {},
        { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' } },
      );
      const { output } = await scene.shell(containerId, 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start');
      expect(output).toBe('80\n');
    });

    test('stops at once', async () => {
      const sandbox = await scene.sandbox();
      const startMs = performance.now();
      await runtime.stopSandbox(sandbox.id, signal);
      // Docker's own grace is ten seconds.
      expect(performance.now() - startMs).toBeLessThan(9_000);
    });

    test('that a lost reply left behind is replaced, and one that runs is not', async () => {
      const config = sandboxConfig(`${scene.owner}-left`);
      const name = dockerName(scene.owner, 'POD', config.pod, 0);
      const Labels = { [label.owner]: scene.owner };
      const left = await docker.createContainer({ name, Image: 'busybox:latest', Labels });
      const sandbox = await runtime.runSandbox(config, signal);
      expect(sandbox.id).not.toBe(left.id);
      expect(await reasonOf(runtime.runSandbox(config, signal))).toBe('conflict');
      expect((await runtime.list(signal, config.pod.uid)).map(({ id, state }) => [id, state])).toEqual([
        [sandbox.id, 'ready'],
      ]);
    });

    test('that somebody removed by hand still shows its containers, so that they can be cleaned up', async () => {
      const { sandbox, containerId } = await scene.pod();
      await docker.getContainer(sandbox.id).remove({ force: true });
      const [orphaned] = await runtime.list(signal, sandbox.pod.uid);
      expect(orphaned).toMatchObject({ id: sandbox.id, pod: sandbox.pod, state: 'not-ready', ips: [] });
      expect(orphaned?.containers.map((container) => container.id)).toEqual([containerId]);
      await runtime.removeSandbox(sandbox.id, signal);
      expect(await runtime.list(signal, sandbox.pod.uid)).toEqual([]);
    });

    test("of another owner is not seen, though it may have the same Pod's name", async () => {
      const other = new DockerRuntime({ owner: `${scene.owner}-other` });
      const { sandbox } = await scene.pod();
      const theirs = await other.runSandbox({ ...sandboxConfig(sandbox.pod.name), pod: sandbox.pod }, signal);
      expect((await other.list(signal)).map(({ id }) => id)).toEqual([theirs.id]);
      expect((await runtime.list(signal, sandbox.pod.uid)).map(({ id }) => id)).toEqual([sandbox.id]);
      await other.removeSandbox(theirs.id, signal);
      await other.close();
    });
  });

  describe('a container', () => {
    test('has the limits it was given', async () => {
      const { containerId } = await scene.pod(untilStopped, {
        resources: {
          cpuShares: 102,
          cpuQuotaUs: 10_000,
          memoryLimitBytes: 32 << 20,
          oomScoreAdj: 979,
          pidsLimit: 50,
        },
      });
      const values = {
        memory: ['memory/memory.limit_in_bytes', 'memory.max'],
        quota: ['cpu/cpu.cfs_quota_us', 'cpu.max'],
        pids: ['pids/pids.max', 'pids.max'],
      };
      const read = Object.values(values).map(
        ([v1, v2]) => `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`,
      );
      const { output } = await scene.shell(containerId, [...read, 'cat /proc/1/oom_score_adj'].join('; '));
      expect(output.replace(' 100000', '')).toBe(`${32 << 20}\n10000\n50\n979\n`);
    });

    test('that takes more memory than its limit is killed, and says so', async () => {
      // Docker may hear of the kill after the exit; then only its event tells, so somebody must listen.
      const listening = new AbortController();
      const events = runtime.events(listening.signal);
      await events.next();
      const heard = (async () => {
        for await (const event of events) if (event.kind === 'oom-killed') return event.containerId;
        return undefined;
      })();
      // The container waits for the test: containerd loses a kill that it has not read when the cgroup goes.
      const script = 'dd if=/dev/zero of=/dev/null bs=64M count=1; code=$?; read told; exit $code';
      const { containerId } = await scene.pod(['sh', '-c', script], {
        resources: { ...resources, memoryLimitBytes: 16 << 20 },
        stdin: true,
      });
      expect(await heard).toBe(containerId);
      listening.abort();
      const attached = await runtime.attach(containerId, { stdin: true, tty: false }, signal);
      attached.stdin?.end('told\n');
      expect(await scene.exited(containerId)).toMatchObject({ exitCode: 137, oomKilled: true });
    });

    test('runs as the user and groups it is told, without new privileges, on a read-only root', async () => {
      const { containerId } = await scene.pod(untilStopped, {
        security: {
          ...security,
          runAsUser: '1000',
          runAsGroup: '2000',
          supplementalGroups: [3000],
          noNewPrivileges: true,
          readOnlyRootFilesystem: true,
        },
      });
      const { output } = await scene.shell(
        containerId,
        'id -u; id -g; id -G; grep NoNewPrivs /proc/1/status; touch /x',
      );
      expect(output).toMatch(/^1000\n2000\n2000 3000\nNoNewPrivs:\t1\ntouch: .*Read-only file system\n$/);
    });

    test('has the capabilities that are left after dropping and adding', async () => {
      const capabilities = async (changes: Partial<typeof security>) => {
        const output = await scene.outputOf(['grep', 'CapEff', '/proc/self/status'], {
          security: { ...security, ...changes },
        });
        return BigInt(`0x${output.trim().split('\t')[1]}`);
      };
      expect(await capabilities({ dropCapabilities: ['ALL'], addCapabilities: ['NET_BIND_SERVICE'] })).toBe(
        1n << 10n,
      );
      expect((await capabilities({ addCapabilities: ['NET_ADMIN'] })) & (1n << 12n)).not.toBe(0n);
    });

    test("is under Docker's seccomp profile, none, or one of its own", async () => {
      const path = join(folder, 'profile.json');
      const syscalls = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }];
      await writeFile(path, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }));
      // One stream: Docker keeps no order between two.
      const script = ['sh', '-c', 'exec 2>&1; grep Seccomp: /proc/self/status; mkdir /tmp/x && echo made'];
      const output = (seccompProfile: string) =>
        scene.outputOf(script, { security: { ...security, seccompProfile } });
      expect(await output('runtime/default')).toBe('Seccomp:\t2\nmade\n');
      expect(await output('unconfined')).toBe('Seccomp:\t0\nmade\n');
      expect(await output(`localhost/${path}`)).toMatch(/^Seccomp:\t2\nmkdir: .*not permitted\n$/);
      await expect(output('localhost//nowhere/profile.json')).rejects.toMatchObject({
        reason: 'create-failed',
        message: expect.stringContaining(
          'seccomp profile "localhost//nowhere/profile.json": ENOENT',
        ) as string,
      });
    });

    test('mounts host folders, read-only where asked, and refuses one that does not exist', async () => {
      await writeFile(join(folder, 'given'), 'from the host\n');
      const mount = {
        hostPath: folder,
        containerPath: '/data',
        readOnly: false,
        propagation: 'private',
      } as const;
      const mounts = [mount, { ...mount, containerPath: '/fixed', readOnly: true }];
      const { containerId } = await scene.pod(untilStopped, { mounts });
      const { output } = await scene.shell(
        containerId,
        'cat /data/given; echo back > /data/taken; touch /fixed/x',
      );
      expect(output).toMatch(/^from the host\ntouch: .*Read-only file system\n$/);
      expect(await readFile(join(folder, 'taken'), 'utf8')).toBe('back\n');
      const nowhere = { ...mount, hostPath: join(folder, 'nowhere') };
      await expect(scene.pod(untilStopped, { mounts: [nowhere] })).rejects.toMatchObject({
        reason: 'create-failed',
        message: expect.stringContaining('bind source path does not exist') as string,
      });
    });

    test('mounts a host folder that Docker lives in', async () => {
      const everything = {
        hostPath: '/',
        containerPath: '/host',
        readOnly: true,
        propagation: 'private',
      } as const;
      expect(await scene.outputOf(['ls', '/host'], { mounts: [everything] })).toMatch(/^etc$/m);
    });

    test("whose command is not in the image stays, with Docker's reason", async () => {
      const sandbox = await scene.sandbox();
      await expect(scene.start(sandbox, ['no-such-program'])).rejects.toMatchObject({
        reason: 'start-failed',
        message: expect.stringContaining('"no-such-program": executable file not found') as string,
      });
      const [status] = (await runtime.list(signal, sandbox.pod.uid))[0]?.containers ?? [];
      expect(status).toMatchObject({ state: 'created', exitCode: 127, startedAtMs: undefined });
      expect(status?.error).toContain('executable file not found');
    });

    test('uses the entry point, arguments and folder of its image unless it has its own', async () => {
      const { containerId } = await scene.pod([], { image: 'kimschles/pod-info-app:latest' });
      await eventually(async () =>
        expect(await logText(runtime, containerId, signal)).toContain('Example app listening'),
      );
      expect((await scene.shell(containerId, 'pwd')).output).toBe('/app\n');
      const output = await scene.outputOf(['echo'], {
        image: 'kimschles/pod-info-app:latest',
        args: ['only', 'this'],
        workingDir: '/tmp',
      });
      expect(output).toBe('only this\n');
    });

    test('gets its stop signal and its grace, then is killed', async () => {
      const polite = await scene.pod([
        'sh',
        '-c',
        'trap "exit 7" TERM; echo ready; while true; do sleep 1 & wait $!; done',
      ]);
      await logged(polite.containerId, 'ready');
      const startMs = performance.now();
      await runtime.stopContainer(polite.containerId, 30, signal);
      expect(performance.now() - startMs).toBeLessThan(29_000);
      expect(await scene.status(polite.containerId)).toMatchObject({ state: 'exited', exitCode: 7 });

      const deaf = await scene.pod(['sh', '-c', 'trap "" TERM; echo ready; while true; do sleep 1; done']);
      await logged(deaf.containerId, 'ready');
      const deafStartMs = performance.now();
      await runtime.stopContainer(deaf.containerId, 1, signal);
      expect(performance.now() - deafStartMs).toBeGreaterThan(900);
      expect(await scene.status(deaf.containerId)).toMatchObject({ state: 'exited', exitCode: 137 });
    });

    test('that was told to stop does so, though who told it has gone', async () => {
      const script = 'trap "echo told" TERM; echo ready; while true; do sleep 1 & wait $!; done';
      const { containerId } = await scene.pod(['sh', '-c', script]);
      await logged(containerId, 'ready');
      const caller = new AbortController();
      const stopping = runtime.stopContainer(containerId, 2, caller.signal);
      await logged(containerId, 'told');
      caller.abort(new Error('killed'));
      await expect(stopping).rejects.toThrow('killed');
      expect(await scene.exited(containerId)).toMatchObject({ exitCode: 137 });
    });
  });

  test('a list asks only about what changed', async () => {
    const proxy = await countingProxy('/var/run/docker.sock', join(folder, 'proxy.sock'));
    const counted = new DockerRuntime({ owner: `${scene.owner}-counted`, socketPath: proxy.socketPath });
    const pods = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (name) => {
        const sandbox = await counted.runSandbox(sandboxConfig(`${scene.owner}-${name}`), signal);
        return {
          sandbox,
          containerId: await counted.startContainer(sandbox.id, containerConfig(untilStopped), signal),
        };
      }),
    );
    await counted.list(signal);
    const inspects = async (work: () => Promise<unknown>) => {
      proxy.requests.length = 0;
      await work();
      return proxy.requests.filter((line) => /^GET \/containers\/\w{64}\/json/.test(line)).length;
    };
    expect(await inspects(() => counted.list(signal))).toBe(0);
    await counted.stopContainer(pods[0]?.containerId ?? '', 5, signal);
    expect(await inspects(() => counted.list(signal))).toBe(1);
    for (const { sandbox } of pods) await counted.removeSandbox(sandbox.id, signal);
    expect(await inspects(() => counted.list(signal))).toBe(0);
    await counted.close();
    await proxy.close();
  });

  function logged(containerId: string, text: string): Promise<void> {
    return eventually(async () => expect(await logText(runtime, containerId, signal)).toContain(text));
  }

  async function listen(host: string, greeting: string): Promise<Server> {
    const server = createServer((socket) => socket.end(greeting)).listen(0, host);
    await once(server, 'listening');
    return server;
  }
});
