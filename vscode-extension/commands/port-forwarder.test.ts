import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import type { ObjectName } from '../../core/api/object.ts';
import type { Call } from '../../core/api/verbs.ts';
import type { Cluster } from '../../core/client/cluster.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { testCluster } from '../../test/environment/open-cluster.ts';
import { ClusterSession } from '../session/cluster-session.ts';
import { PortForward, type Destination } from './port-forwarder.ts';

const context = { name: 'dev', namespace: 'default', endpoint: '127.0.0.1:7443' };
const web: Destination = { pod: { namespace: 'default', name: 'web-1' }, port: 8080 };

describe('a port that is forwarded', () => {
  let api: TestApi;
  let session: ClusterSession;
  let forward: PortForward;
  /** What listens in the Pods, and which of them are there. */
  let far: Server;
  let running: Set<string>;
  let found: Destination;
  let errors: string[];
  let changes: number;

  beforeEach(async () => {
    api = await createTestApi();
    [running, found, errors, changes] = [new Set(['web-1']), web, [], 0];
    far = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => socket.write(`heard ${String(data)}`));
    });
    far.listen(0, '127.0.0.1');
    await once(far, 'listening');
    const containers = {
      ...testCluster(api).containers,
      async portForward({ signal }: Call, { name }: ObjectName) {
        if (!running.has(name)) throw new StatusError('NotFound', `pods "${name}" not found`);
        const socket = connect({ port: (far.address() as AddressInfo).port, host: '127.0.0.1' });
        signal?.addEventListener('abort', () => socket.destroy(), { once: true });
        await once(socket, 'connect');
        return socket;
      },
    };
    session = new ClusterSession({
      connect: (): Promise<Cluster> =>
        Promise.resolve({
          ...testCluster(api),
          containers,
          discover: () => Promise.resolve({ items: [] }),
        }),
      clock: api.clock,
      random: api.random,
      onError: () => {},
    });
    await session.open(context);
    forward = new PortForward(session, {
      context: 'dev',
      name: 'pod "web-1"',
      where: web,
      find: () => Promise.resolve(found),
      onError: (text) => errors.push(text),
      onChange: () => changes++,
    });
    await forward.listen(0);
  });

  afterEach(async () => {
    forward.close();
    session.close();
    far.close();
    await api.close();
  });

  async function call(): Promise<Socket> {
    const socket = connect({ port: forward.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  /** What comes back; empty where nobody is reached. */
  async function ask(text: string): Promise<string> {
    const socket = await call();
    socket.write(text);
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data)));
      socket.once('close', () => resolve(''));
    });
    socket.destroy();
    return answer;
  }

  test('leads to its Pod again when the connection to the core was opened again', async () => {
    const { port } = forward;
    expect(await ask('one')).toBe('heard one');
    const talking = await call();
    talking.write('two');
    await once(talking, 'data');
    const cut = new Promise((resolve) => talking.once('close', resolve));
    await session.open({ ...context, endpoint: '127.0.0.1:7444' });
    await cut;
    expect(await ask('three')).toBe('heard three');
    expect([forward.port, errors]).toEqual([port, []]);
  });

  test('leads into no other cluster, says that it waits, and goes on after that', async () => {
    expect(forward.text).toBe(`pod "web-1": 8080 answers at localhost:${forward.port}`);
    await session.open({ ...context, name: 'other' });
    expect(await ask('one')).toBe('');
    const waits = `pod "web-1": 8080 at localhost:${forward.port} waits until cluster "dev" is opened again`;
    expect(forward.text).toBe(waits);
    expect(errors).toEqual([`Cannot forward to pod "web-1": 8080: ${waits}`]);
    await session.open(context);
    expect(await ask('two')).toBe('heard two');
  });

  test('leads to another Pod when its own is gone', async () => {
    running = new Set(['web-2']);
    found = { ...web, pod: { namespace: 'default', name: 'web-2' } };
    expect(await ask('one')).toBe('heard one');
    expect(errors).toEqual([]);
  });

  test('says why it leads nowhere when there is no other', async () => {
    running.clear();
    expect(await ask('one')).toBe('');
    expect(await ask('two')).toBe('');
    expect(errors).toEqual(Array(2).fill('Cannot forward to pod "web-1": 8080: pods "web-1" not found'));
    const where = `localhost:${forward.port}`;
    expect(forward.text).toBe(`pod "web-1": 8080 does not answer at ${where}: pods "web-1" not found`);
    expect([forward.isWell, changes]).toEqual([false, 1]);
    running.add('web-1');
    expect(await ask('three')).toBe('heard three');
    expect([forward.isWell, changes]).toEqual([true, 2]);
  });

  test('is free again when it was closed', async () => {
    const { port } = forward;
    const talking = await call();
    talking.write('one');
    await once(talking, 'data');
    const cut = new Promise((resolve) => talking.once('close', resolve));
    forward.close();
    await cut;
    expect(forward.closed.aborted).toBe(true);
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    other.close();
  });
});
