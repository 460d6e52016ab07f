import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerRuntime, RuntimeEvent, SandboxStatus } from '../../node-agent/runtime/runtime.ts';
import { busyboxImage } from '../environment/images.ts';
import { containerConfig, sandboxConfig } from '../builders/runtime.ts';
import { eventually, logText, readAll, reasonOf } from '../expectations/runtime.ts';

export interface RuntimeUnderTest {
  /** Each call is another agent over the same Pods. */
  open(): Promise<ContainerRuntime>;
  /** Called at the end, with everything closed. */
  cleanUp(): Promise<void>;
}

const forever = ['sh', '-c', 'while true; do sleep 1; done'];

/** The contract of `node-agent/runtime/runtime.ts` as far as every runtime keeps it, one test per promise. */
export function runtimeCases(name: string, underTest: RuntimeUnderTest): void {
  describe(`${name} runtime`, () => {
    let runtime: ContainerRuntime;
    let caseNumber = 0;
    const signal = AbortSignal.timeout(120_000);
    const nextName = () => `${name}-case-${++caseNumber}`;
    const only = async (podUid: string): Promise<SandboxStatus> => {
      const found = await runtime.list(signal, podUid);
      expect(found).toHaveLength(1);
      return found[0] as SandboxStatus;
    };
    const started = async (
      command: readonly string[],
      changes: Parameters<typeof containerConfig>[1] = {},
    ) => {
      const config = sandboxConfig(nextName());
      const sandbox = await runtime.runSandbox(config, signal);
      const containerId = await runtime.startContainer(sandbox.id, containerConfig(command, changes), signal);
      return { sandbox, containerId, podUid: config.pod.uid };
    };
    const exited = (podUid: string) =>
      eventually(async () => {
        const [container] = (await only(podUid)).containers;
        expect(container?.state).toBe('exited');
        return container;
      });

    beforeAll(async () => {
      runtime = await underTest.open();
    });
    afterAll(async () => {
      await runtime.close();
      await underTest.cleanUp();
    });

    test('says what it is', async () => {
      expect(runtime.name).toBe(name);
      const version = await runtime.version(signal);
      expect(version.version).not.toBe('');
      expect(['amd64', 'arm64']).toContain(version.architecture);
      const capacity = await runtime.capacity(signal);
      expect(capacity.cpuCores).toBeGreaterThan(0);
      expect(capacity.memoryBytes).toBeGreaterThan(2 ** 20);
    });

    test('a sandbox is ready with an address once it runs, and lists as it was made', async () => {
      const config = sandboxConfig(nextName(), { attempt: 3, labels: { 'example.com/spec': 'a1' } });
      const sandbox = await runtime.runSandbox(config, signal);
      expect(sandbox).toMatchObject({ pod: config.pod, attempt: 3, state: 'ready', containers: [] });
      expect(sandbox.labels).toMatchObject(config.labels);
      expect(sandbox.ips[0]).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(await only(config.pod.uid)).toEqual(sandbox);
      expect(await runtime.list(signal)).toContainEqual(sandbox);
    });

    test('a Pod is listed alone without its neighbours', async () => {
      const { sandbox } = await started(forever);
      expect(await runtime.list(signal, 'uid-of-nobody')).toEqual([]);
      expect((await only(sandbox.pod.uid)).id).toBe(sandbox.id);
    });

    test('the same attempt of a sandbox or container is refused as a conflict', async () => {
      const { sandbox } = await started(forever);
      const again = sandboxConfig(sandbox.pod.name);
      expect(await reasonOf(runtime.runSandbox(again, signal))).toBe('conflict');
      expect(await reasonOf(runtime.startContainer(sandbox.id, containerConfig(forever), signal))).toBe(
        'conflict',
      );
      expect((await only(sandbox.pod.uid)).containers.map((each) => each.state)).toEqual(['running']);
    });

    test('a running container has a start and no end', async () => {
      const { podUid, containerId } = await started(forever, {
        attempt: 2,
        labels: { 'example.com/spec': 'b2' },
      });
      const [container] = (await only(podUid)).containers;
      expect(container).toMatchObject({
        id: containerId,
        name: 'app',
        attempt: 2,
        state: 'running',
        image: busyboxImage,
        finishedAtMs: undefined,
        exitCode: undefined,
        error: undefined,
        oomKilled: false,
      });
      expect(container?.labels).toMatchObject({ 'example.com/spec': 'b2' });
      expect(container?.startedAtMs).toBeGreaterThanOrEqual(container?.createdAtMs ?? Number.NaN);
      expect(container?.imageId).toMatch(/^sha256:[0-9a-f]{64}$/);
    });

    test('a running container can be given other resources', async () => {
      const { podUid, containerId } = await started(forever);
      const wanted = { cpuShares: 256, cpuQuotaUs: 30_000, memoryLimitBytes: 64 << 20 };
      const { resources } = containerConfig([]);
      await runtime.updateContainer(containerId, { ...resources, ...wanted }, signal);
      expect((await only(podUid)).containers[0]).toMatchObject({ state: 'running', resources: wanted });
      await runtime.updateContainer(containerId, { ...resources, cpuShares: 128 }, signal);
      const changed = { ...wanted, cpuShares: 128 };
      expect((await only(podUid)).containers[0]).toMatchObject({ state: 'running', resources: changed });
      await expect(reasonOf(runtime.updateContainer('0'.repeat(64), resources, signal))).resolves.toBe(
        'not-found',
      );
    });

    test('a container that ends keeps its exit code and times', async () => {
      const { podUid } = await started(['sh', '-c', 'exit 3']);
      const container = await exited(podUid);
      expect(container).toMatchObject({ exitCode: 3, oomKilled: false });
      expect(container?.finishedAtMs).toBeGreaterThanOrEqual(container?.startedAtMs ?? Number.NaN);
      expect((await only(podUid)).state).toBe('ready');
    });

    test('environment values reach the program as they are', async () => {
      const env = [{ name: 'GREETING', value: 'two words = "quoted"' }];
      const { podUid, containerId } = await started(['env'], { env });
      await exited(podUid);
      expect(await logText(runtime, containerId, signal)).toContain('GREETING=two words = "quoted"\n');
    });

    test('events tell of each start, end and removal with the Pod they belong to', async () => {
      const listening = new AbortController();
      const seen: RuntimeEvent[] = [];
      const done = (async () => {
        for await (const event of runtime.events(listening.signal)) seen.push(event);
      })();
      await eventually(async () => expect(seen[0]).toMatchObject({ kind: 'unknown' }));
      const { sandbox, podUid, containerId } = await started(forever);
      await runtime.stopContainer(containerId, 0, signal);
      await runtime.removeSandbox(sandbox.id, signal);
      const about = (id: string) =>
        seen.filter((event) => event.containerId === id && event.podUid === podUid);
      const kinds = ['started', 'exited', 'removed'];
      await eventually(async () => {
        expect(about(containerId).map((event) => event.kind)).toEqual(kinds);
        expect(about(sandbox.id).map((event) => event.kind)).toEqual(kinds);
      });
      listening.abort();
      await done;
    });

    test('stopping ends a container, and again does nothing', async () => {
      const { podUid, containerId } = await started(forever);
      await runtime.stopContainer(containerId, 0, signal);
      const [first] = (await only(podUid)).containers;
      expect(first).toMatchObject({ state: 'exited' });
      expect(first?.exitCode).toBeGreaterThan(128);
      await runtime.stopContainer(containerId, 0, signal);
      expect((await only(podUid)).containers).toEqual([first]);
    });

    test('stopping a sandbox ends all its containers and takes its address', async () => {
      const { sandbox, podUid } = await started(forever);
      await runtime.startContainer(sandbox.id, containerConfig(forever, { name: 'side' }), signal);
      await runtime.stopSandbox(sandbox.id, signal);
      await runtime.stopSandbox(sandbox.id, signal);
      const stopped = await only(podUid);
      expect(stopped).toMatchObject({ state: 'not-ready', ips: [] });
      expect(stopped.containers.map((each) => each.state)).toEqual(['exited', 'exited']);
      const next = runtime.startContainer(sandbox.id, containerConfig(forever, { attempt: 1 }), signal);
      expect(await reasonOf(next)).toBe('start-failed');
    });

    test('removing a container or a sandbox leaves nothing, and again does nothing', async () => {
      const { sandbox, podUid, containerId } = await started(forever);
      await runtime.removeContainer(containerId, signal);
      await runtime.removeContainer(containerId, signal);
      expect((await only(podUid)).containers).toEqual([]);
      await runtime.startContainer(sandbox.id, containerConfig(forever, { attempt: 1 }), signal);
      await runtime.removeSandbox(sandbox.id, signal);
      await runtime.removeSandbox(sandbox.id, signal);
      await runtime.stopSandbox(sandbox.id, signal);
      await runtime.stopContainer(containerId, 0, signal);
      expect(await runtime.list(signal, podUid)).toEqual([]);
    });

    test('another agent finds what the first one made', async () => {
      const { podUid, containerId } = await started(forever);
      const before = await only(podUid);
      await runtime.close();
      runtime = await underTest.open();
      expect(await only(podUid)).toEqual(before);
      await runtime.stopContainer(containerId, 0, signal);
      expect((await only(podUid)).containers[0]?.state).toBe('exited');
    });

    test('images that are there have an ID, others are undefined or say why they cannot be pulled', async () => {
      const present = await runtime.imageStatus(busyboxImage, signal);
      expect(present?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(await runtime.imageStatus('busybox', signal)).toEqual(present);
      expect((await runtime.listImages(signal)).map((image) => image.id)).toContain(present?.id);
      const absent = 'localhost:1/missing/image:1';
      expect(await runtime.imageStatus(absent, signal)).toBeUndefined();
      expect(['image-not-found', 'registry-unavailable']).toContain(
        await reasonOf(runtime.pullImage(absent, undefined, signal)),
      );
      expect(await reasonOf(runtime.imageStatus('Not An Image', signal))).toBe('invalid-image-name');
    });

    test('a container of an image that is not there is refused', async () => {
      const sandbox = await runtime.runSandbox(sandboxConfig(nextName()), signal);
      const config = containerConfig(forever, { image: 'localhost:1/missing/image:1' });
      expect(await reasonOf(runtime.startContainer(sandbox.id, config, signal))).toBe('image-not-found');
      expect((await only(sandbox.pod.uid)).containers).toEqual([]);
    });

    test('a log has what was printed, its last lines, and its times', async () => {
      const { podUid, containerId } = await started(['sh', '-c', 'echo one; echo two; echo three']);
      await exited(podUid);
      expect(await logText(runtime, containerId, signal)).toContain('one\ntwo\nthree\n');
      expect(await logText(runtime, containerId, signal, { tailLines: 2 })).toBe('two\nthree\n');
      expect(await logText(runtime, containerId, signal, { tailLines: 1, timestamps: true })).toMatch(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z three\n$/,
      );
      expect(await logText(runtime, containerId, signal, { sinceMs: Date.now() + 60_000 })).toBe('');
    });

    test('a followed log ends with the container', async () => {
      const { containerId } = await started(forever);
      const followed = logText(runtime, containerId, signal, { follow: true });
      await runtime.stopContainer(containerId, 0, signal);
      await expect(followed).resolves.toBeTypeOf('string');
    });

    test('a followed log ends quietly when nobody wants it any more', async () => {
      const { containerId } = await started(forever);
      const reading = new AbortController();
      const followed = logText(runtime, containerId, reading.signal, { follow: true });
      await runtime.list(signal);
      reading.abort();
      await expect(followed).resolves.toBeTypeOf('string');
    });

    test('exec gives the output of a command and its exit code', async () => {
      const { containerId } = await started(forever);
      const command = ['sh', '-c', 'echo hello; exit 5'];
      const process = await runtime.exec(containerId, { command, tty: false, stdin: false }, signal);
      expect(await readAll(process.stdout)).toBe('hello\n');
      expect(await process.exitCode).toBe(5);
    });

    test('exec on a terminal talks to a shell until it exits', async () => {
      const { containerId } = await started(forever);
      const process = await runtime.exec(containerId, { command: ['sh'], tty: true, stdin: true }, signal);
      process.resize(100, 30);
      expect(process.stderr).toBeUndefined();
      process.stdin?.write('echo here-$((1)) there\recho again\rexit 4\r');
      const output = await readAll(process.stdout);
      expect(output).toContain('again');
      expect(await process.exitCode).toBe(4);
    });

    test('exec in a container that has ended is refused', async () => {
      const { podUid, containerId } = await started(['true']);
      await exited(podUid);
      const refused = runtime.exec(containerId, { command: ['true'], tty: false, stdin: false }, signal);
      expect(await reasonOf(refused)).toBe('conflict');
    });

    test('aborting an exec ends it', async () => {
      const { containerId } = await started(forever);
      const aborting = new AbortController();
      const options = { command: ['sleep', '1000'], tty: false, stdin: false };
      const process = await runtime.exec(containerId, options, aborting.signal);
      aborting.abort(new Error('the client went away'));
      await expect(process.exitCode).rejects.toThrow('the client went away');
    });

    test('running containers have statistics, others none', async () => {
      const { podUid, containerId } = await started(forever);
      const ended = await started(['true']);
      await exited(ended.podUid);
      const stats = await runtime.stats([containerId, ended.containerId, '0'.repeat(64)], signal);
      expect(stats.map((each) => each.containerId)).toEqual([containerId]);
      expect(stats[0]?.memoryWorkingSetBytes).toBeGreaterThan(0);
      expect((await only(podUid)).state).toBe('ready');
    });

    test('what does not exist is not found', async () => {
      const nothing = '0'.repeat(64);
      expect(await reasonOf(runtime.startContainer(nothing, containerConfig(forever), signal))).toBe(
        'not-found',
      );
      expect(await reasonOf(logText(runtime, nothing, signal))).toBe('not-found');
      const options = { command: ['true'], tty: false, stdin: false };
      expect(await reasonOf(runtime.exec(nothing, options, signal))).toBe('not-found');
      expect(await reasonOf(runtime.dial(nothing, 80, signal))).toBe('not-found');
    });

    test('an aborted call rejects with the reason it was aborted for', async () => {
      const aborted = AbortSignal.abort(new Error('enough'));
      await expect(runtime.list(aborted)).rejects.toThrow('enough');
      await expect(runtime.runSandbox(sandboxConfig(nextName()), aborted)).rejects.toThrow('enough');
    });
  });
}
