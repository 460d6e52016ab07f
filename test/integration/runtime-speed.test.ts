import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { label } from '../../node-agent/runtime/docker/labels.ts';
import { pauseImage } from '../../node-agent/runtime/docker/pause-image.ts';
import { busyboxImage } from '../environment/images.ts';
import { withDocker } from './runtime-scene.ts';

const command = ['sleep', '1000'];
const podsOneByOne = 8;
const podsAtOnce = 30;
const rounds = 3;
/** Other tests run beside this one: it finds a runtime that does work twice; the bench holds the real limit of 1.5. */
const limit = 2.5;

/**
 * Beside the floor, the same two containers by bare calls, taken in turns so that a busy machine slows both; only the
 * ratio counts. Beyond the floor a Pod costs one inspect, for its address, and what its isolation takes.
 */
await withDocker('speed beside bare calls to Docker', (scene) => {
  const { runtime, signal } = scene;
  const docker = new Docker({ socketPath: '/var/run/docker.sock' });
  const Labels = { [label.owner]: scene.owner };

  async function byHand(): Promise<string[]> {
    const sandbox = await docker.createContainer({
      Image: pauseImage,
      Labels,
      HostConfig: { IpcMode: 'shareable' },
    });
    await sandbox.start();
    const shared = `container:${sandbox.id}`;
    const HostConfig = { NetworkMode: shared, IpcMode: shared };
    const container = await docker.createContainer({ Image: busyboxImage, Cmd: command, Labels, HostConfig });
    await container.start();
    return [container.id, sandbox.id];
  }

  async function byRuntime(): Promise<string[]> {
    const { sandbox, containerId } = await scene.pod(command);
    return [containerId, sandbox.id];
  }

  /** Milliseconds for `work`, without those for removing what it made. */
  async function timed(work: () => Promise<string[]>): Promise<number> {
    const startMs = performance.now();
    const made = await work();
    const tookMs = performance.now() - startMs;
    await Promise.all(made.map((id) => docker.getContainer(id).remove({ force: true })));
    return tookMs;
  }

  /** As many at once as Docker starts soonest, the way the runtime does it. */
  async function handfuls(): Promise<string[]> {
    const made: string[] = [];
    let left = podsAtOnce;
    const worker = async () => {
      while (left-- > 0) made.push(...(await byHand()));
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    return made;
  }

  function report(what: string, ours: readonly number[], floor: readonly number[]): number {
    // The best of each: what else the machine does can only add.
    const [ourMs, floorMs] = [Math.min(...ours), Math.min(...floor)];
    console.info(
      `${what}: ${ourMs.toFixed(0)} ms, floor ${floorMs.toFixed(0)} ms, ${(ourMs / floorMs).toFixed(2)} ×`,
    );
    return ourMs / floorMs;
  }

  test('Pods start one by one about as fast as by hand', async () => {
    const [ours, floor]: [number[], number[]] = [[], []];
    await timed(byRuntime);
    await timed(byHand);
    for (let i = 0; i < podsOneByOne; i++) {
      ours.push(await timed(byRuntime));
      floor.push(await timed(byHand));
    }
    expect(report('a Pod started', ours, floor)).toBeLessThan(limit);
  }, 120_000);

  test('Pods start many at once about as fast as by hand', async () => {
    const [ours, floor]: [number[], number[]] = [[], []];
    for (let i = 0; i < rounds; i++) {
      ours.push(
        await timed(async () => (await Promise.all(Array.from({ length: podsAtOnce }, byRuntime))).flat()),
      );
      floor.push(await timed(handfuls));
    }
    expect(report(`${podsAtOnce} Pods started at once`, ours, floor)).toBeLessThan(limit);
  }, 300_000);

  test('a list of 60 containers that did not change costs little more than Docker’s own', async () => {
    await Promise.all(Array.from({ length: podsAtOnce }, () => scene.pod(command)));
    await runtime.list(signal);
    const [ours, floor]: [number[], number[]] = [[], []];
    for (let i = 0; i < 10; i++) {
      ours.push(await lasting(() => runtime.list(signal)));
      const filters = { label: [`${label.owner}=${scene.owner}`] };
      floor.push(await lasting(() => docker.listContainers({ all: true, filters })));
    }
    expect(report('a list of 60 containers', ours, floor)).toBeLessThan(3);
  }, 120_000);
});

async function lasting(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
