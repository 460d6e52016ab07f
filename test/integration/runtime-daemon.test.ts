import { existsSync } from 'node:fs';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pauseImage } from '../../node-agent/runtime/docker/pause-image.ts';
import { DockerRuntime } from '../../node-agent/runtime/docker/runtime.ts';
import type { RuntimeEvent, SandboxStatus } from '../../node-agent/runtime/runtime.ts';
import { containerConfig, sandboxConfig } from '../builders/runtime.ts';
import { whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { PrivateDocker, whyNoPrivateDocker } from '../environment/private-docker.ts';
import { eventually, logText, readAll, reasonOf } from '../expectations/runtime.ts';
import { untilStopped } from './runtime-scene.ts';

const reason = whyNoPrivateDocker() ?? (await whyNoDocker());
if (reason !== undefined) {
  console.warn(`skipped: Docker that goes away: ${reason}`);
  describe('Docker that goes away', () => test.skip(reason, () => {}));
} else {
  describe('Docker that goes away', () => {
    const signal = AbortSignal.timeout(300_000);
    let daemon: PrivateDocker;
    let runtime: DockerRuntime;
    let count = 0;

    beforeAll(async () => {
      daemon = await PrivateDocker.create('daemon');
      await daemon.start();
      await ensureTestImages({ socketPath: daemon.socketPath });
      runtime = new DockerRuntime({
        owner: 'runtime-daemon',
        socketPath: daemon.socketPath,
        network: 'none',
        deadlines: { quickMs: 2_000 },
      });
    });
    afterAll(async () => {
      await runtime.close();
      await daemon.remove();
    });

    async function pod(): Promise<{ sandbox: SandboxStatus; containerId: string }> {
      const sandbox = await runtime.runSandbox(sandboxConfig(`daemon-${++count}`), signal);
      return {
        sandbox,
        containerId: await runtime.startContainer(sandbox.id, containerConfig(untilStopped), signal),
      };
    }

    test('and was never asked for a pause image gets one, again after it was removed', async () => {
      const docker = new Docker({ socketPath: daemon.socketPath });
      const first = await Promise.all([pod(), pod(), pod()]);
      expect(new Set(first.map(({ sandbox }) => sandbox.id)).size).toBe(3);
      for (const { sandbox } of first) await runtime.removeSandbox(sandbox.id, signal);
      await docker.getImage(pauseImage).remove({ force: true });
      const again = await pod();
      expect(again.sandbox.state).toBe('ready');
      expect((await docker.getImage(pauseImage).inspect()).Size).toBeLessThan(200);
      await runtime.removeSandbox(again.sandbox.id, signal);
    });

    test('by kill -9 makes calls fail at once, keeps Pods running, and works again when it is back', async () => {
      const { sandbox, containerId } = await pod();
      const before = await runtime.list(signal);
      const { State } = await new Docker({ socketPath: daemon.socketPath })
        .getContainer(containerId)
        .inspect();
      const listening = new AbortController();
      const events: RuntimeEvent[] = [];
      const ended = (async () => {
        for await (const event of runtime.events(listening.signal)) events.push(event);
      })();
      await eventually(async () => expect(events).toHaveLength(1));
      const following = reasonOf(logText(runtime, containerId, signal, { follow: true }));
      const command = { command: ['sh', '-c', 'echo up; sleep 1000'], tty: false, stdin: false };
      const process = await runtime.exec(containerId, command, signal);
      await new Promise((resolve) => process.stdout.once('data', resolve));

      await daemon.kill();
      const startMs = performance.now();
      expect(await reasonOf(runtime.list(signal))).toBe('unavailable');
      expect(await reasonOf(runtime.runSandbox(sandboxConfig('daemon-down'), signal))).toBe('unavailable');
      expect(await reasonOf(runtime.stopContainer(containerId, 5, signal))).toBe('unavailable');
      expect(await reasonOf(runtime.imageStatus('busybox', signal))).toBe('unavailable');
      expect(await reasonOf(runtime.exec(containerId, command, signal))).toBe('unavailable');
      expect(performance.now() - startMs).toBeLessThan(2_000);
      expect(await following).toBe('unavailable');
      expect(await reasonOf(process.exitCode)).toBe('unavailable');
      expect(existsSync(`/proc/${State.Pid}`)).toBe(true);

      await daemon.start();
      expect(await eventually(() => runtime.list(signal))).toEqual(before);
      await eventually(async () =>
        expect(events.filter((event) => event.kind === 'unknown')).toHaveLength(2),
      );
      const shell = await runtime.exec(containerId, { ...command, command: ['ps'] }, signal);
      const processes = await readAll(shell.stdout);
      expect(processes).toContain('while true');
      // What was exec'd had lost its client.
      expect(processes).not.toContain('sleep 1000');
      await runtime.stopContainer(containerId, 5, signal);
      await eventually(async () =>
        expect(events).toContainEqual({ kind: 'exited', containerId, podUid: sandbox.pod.uid }),
      );
      await runtime.removeSandbox(sandbox.id, signal);
      listening.abort();
      await ended;
    });

    test('in the middle of a stop has the stop asked for again', async () => {
      const { sandbox, containerId } = await pod();
      const deaf = containerConfig(['sh', '-c', 'trap "" TERM; while true; do sleep 1; done'], {
        name: 'deaf',
      });
      const deafId = await runtime.startContainer(sandbox.id, deaf, signal);
      const stopping = reasonOf(runtime.stopContainer(deafId, 60, signal));
      await runtime.stopContainer(containerId, 5, signal);
      await daemon.kill();
      expect(await stopping).toBe('unavailable');
      await daemon.start();
      await eventually(() => runtime.stopContainer(deafId, 0, signal));
      const [after] = await runtime.list(signal, sandbox.pod.uid);
      expect(after?.containers.map((container) => container.state)).toEqual(['exited', 'exited']);
      await runtime.removeSandbox(sandbox.id, signal);
    });

    test('by hanging makes calls fail at their deadline, and works again when it goes on', async () => {
      const { sandbox } = await pod();
      daemon.freeze();
      const startMs = performance.now();
      try {
        const reasons = await Promise.all([
          reasonOf(runtime.list(signal)),
          reasonOf(runtime.imageStatus('busybox', signal)),
          reasonOf(runtime.dial(sandbox.id, 80, signal)),
        ]);
        expect(reasons).toEqual(['timeout', 'timeout', 'timeout']);
        expect(performance.now() - startMs).toBeLessThan(5_000);
      } finally {
        daemon.thaw();
      }
      expect((await runtime.list(signal, sandbox.pod.uid))[0]?.state).toBe('ready');
      await runtime.removeSandbox(sandbox.id, signal);
    });

    test('keeps live-restore on, or there is a warning', async () => {
      expect((await runtime.version(signal)).warnings.join()).not.toContain('live-restore');
    });

    test('reaches a program on the loopback of a Pod that has nothing else', async () => {
      const sandbox = await runtime.runSandbox(sandboxConfig(`daemon-${++count}`), signal);
      expect(sandbox.ips).toEqual([]);
      const server = containerConfig(['httpd', '-f', '-p', '127.0.0.1:80', '-h', '/etc']);
      await runtime.startContainer(sandbox.id, server, signal);
      const answer = await eventually(async () => {
        const connection = await runtime.dial(sandbox.id, 80, signal);
        connection.end('GET /group HTTP/1.0\r\n\r\n');
        return readAll(connection);
      });
      expect(answer).toContain('root:x:0:');
      await runtime.removeSandbox(sandbox.id, signal);
    });
  });
}
