import { isAlreadyExists, isConflict, isNotFound } from '../../core/api/errors.ts';
import { deployments, pods } from '../../core/api/generated/resources.ts';
import { randomBelow, type Random } from '../../core/machinery/random.ts';
import { deployment } from '../builders/index.ts';
import type { ControlPlane } from './control-plane.ts';

const names = ['web', 'api', 'worker'];

const nothing = Promise.resolve('nothing');

/** What people and accidents do to a cluster. Each takes one random step and says what it did. */
type Action = (plane: ControlPlane, random: Random) => Promise<string>;

const actions: readonly Action[] = [
  async ({ client }, random) => {
    const name = pick(random, names);
    const replicas = randomBelow(random, 8);
    const builder = deployment()
      .named(name)
      .withReplicas(replicas)
      .selecting({ app: name })
      .running(`${name}:1`);
    const made = randomBelow(random, 4) === 0 ? builder.recreating() : builder.rollingWith('30%', '20%');
    await client.create(deployments, made.build());
    return `create ${name} of ${replicas}`;
  },
  async ({ client }, random) => {
    const name = pick(random, names);
    const replicas = randomBelow(random, 10);
    await client.patch(deployments, { namespace: 'default', name }, 'merge', { spec: { replicas } });
    return `scale ${name} to ${replicas}`;
  },
  async ({ client }, random) => {
    const name = pick(random, names);
    const image = `${name}:${1 + randomBelow(random, 4)}`;
    const template = { spec: { containers: [{ name: 'main', image }] } };
    await client.patch(deployments, { namespace: 'default', name }, 'merge', { spec: { template } });
    return `roll ${name} to ${image}`;
  },
  async ({ client }, random) => {
    const name = pick(random, names);
    const paused = randomBelow(random, 2) === 0;
    await client.patch(deployments, { namespace: 'default', name }, 'merge', { spec: { paused } });
    return `${paused ? 'pause' : 'resume'} ${name}`;
  },
  async ({ client }, random) => {
    if (randomBelow(random, 3) > 0) return 'nothing';
    const name = pick(random, names);
    const propagationPolicy = randomBelow(random, 2) === 0 ? 'Foreground' : 'Background';
    await client.delete(deployments, { namespace: 'default', name }, { propagationPolicy });
    return `delete ${name} (${propagationPolicy})`;
  },
  async (plane, random) => {
    const all = await plane.list(pods, 'default');
    if (all.length === 0) return 'nothing';
    const { name = '' } = pick(random, all).metadata;
    await plane.client.delete(pods, { namespace: 'default', name });
    return `delete Pod ${name}`;
  },
  (plane, random) => {
    const name = pick(random, plane.nodeNames);
    // At least one node must be left to run anything.
    if (plane.nodeNames.filter((other) => plane.kubelets.isAlive(other)).length < 2) return nothing;
    plane.kubelets.kill(name);
    return Promise.resolve(`cut off ${name}`);
  },
  async (plane, random) => {
    const name = pick(random, plane.nodeNames);
    if (plane.kubelets.isAlive(name)) return 'nothing';
    await plane.kubelets.revive(name);
    return `reach ${name} again`;
  },
  async (plane, random) => {
    const longMs = 20_000 + randomBelow(random, 60_000);
    await plane.clock.advanceAsync(longMs);
    return `wait ${longMs} ms`;
  },
  async (plane) => {
    await plane.stopManagers();
    plane.startManagers();
    return 'restart controllers and scheduler';
  },
];

export async function act(plane: ControlPlane, random: Random): Promise<string> {
  try {
    return await pick(random, actions)(plane, random);
  } catch (error) {
    if (isNotFound(error) || isAlreadyExists(error) || isConflict(error)) return 'nothing';
    throw error;
  }
}

/** What was paused goes on and what was cut off is reached again, so that there is a state to converge to. */
export async function resumeAll(plane: ControlPlane): Promise<void> {
  for (const name of plane.nodeNames) if (!plane.kubelets.isAlive(name)) await plane.kubelets.revive(name);
  for (const { metadata } of await plane.list(deployments, 'default')) {
    const name = { namespace: 'default', name: metadata.name ?? '' };
    await plane.client.patch(deployments, name, 'merge', { spec: { paused: false } });
  }
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[randomBelow(random, items.length)] as T;
}
