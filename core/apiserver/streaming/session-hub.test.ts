import { beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../api/errors.ts';
import { AgentFrame, type AgentFrameInit } from '../../api/generated/wheelhouse.ts';
import { outputChannel, type Session } from '../../api/sessions/session.ts';
import { SessionMux } from '../../api/sessions/session-mux.ts';
import { exitStatus } from '../../api/streams.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { SessionHub } from './session-hub.ts';

const exec = { pod: 'web', kind: { case: 'exec', value: { command: ['sh'] } } } as const;
const logs = { pod: 'web', kind: { case: 'logs', value: { follow: true } } } as const;

/** An agent joined to the hub without a network. */
class Agent {
  readonly over = new AbortController();
  readonly sessions: Session[] = [];
  readonly served: Promise<void>;
  #toHub: (frame: AgentFrame) => void = () => {};
  readonly mux = new SessionMux({
    role: 'agent',
    send: async (message) => {
      this.#toHub(AgentFrame.decode(message));
      return true;
    },
    onOpen: (session) => this.sessions.push(session),
  });

  constructor(hub: SessionHub, node: string, user?: UserInfo, first?: AgentFrameInit) {
    this.served = hub.serve({
      user,
      over: this.over.signal,
      onFrame: (listener) => (this.#toHub = listener),
      send: async (message) => {
        this.mux.receive(AgentFrame.decode(message));
        return true;
      },
    });
    this.served.catch(() => {});
    const hello = { kind: { case: 'hello', value: { node, instance: 'i', version: 'v' } } } as const;
    this.#toHub(AgentFrame.decode(AgentFrame.encode(first ?? hello)));
  }
}

describe('the session hub', () => {
  let clock: SteppedClock;
  let hub: SessionHub;
  let changes: string[];

  beforeEach(() => {
    clock = new SteppedClock();
    changes = [];
    hub = new SessionHub({
      clock,
      instance: 'core',
      version: 'v',
      startTimeoutMs: 30_000,
      idleTimeoutMs: 60_000,
      onNodeChange: (node, connected) => changes.push(`${node} ${connected ? 'came' : 'went'}`),
    });
  });

  test('gives up on what does not begin in time', async () => {
    const agent = new Agent(hub, 'a');
    const opening = hub.open('a', exec, 'exec in pod "web"');
    const refused = expect(opening).rejects.toMatchObject({
      reason: 'Timeout',
      message: 'Cannot exec in pod "web": node "a" did not begin within 30 s',
    });
    await clock.advanceAsync(30_000);
    await refused;
    expect(agent.sessions[0]?.signal.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  test('ends a process that is idle for too long, not one that is busy, and no log', async () => {
    const agent = new Agent(hub, 'a');
    const opening = Promise.all([
      hub.open('a', exec, 'exec'),
      hub.open('a', exec, 'exec'),
      hub.open('a', logs, 'log'),
    ]);
    await clock.advanceAsync(0);
    for (const session of agent.sessions) session.markStarted();
    const [idle, busy, log] = await opening;
    busy.readable(outputChannel).resume();
    for (let i = 0; i < 3; i++) {
      await clock.advanceAsync(50_000);
      agent.sessions[1]?.writable(outputChannel).write('x');
    }
    expect((await idle.closed).message).toBe('Cannot exec any longer: nothing was sent for 1 min');
    expect([idle, busy, log].map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
    agent.sessions[1]?.close(exitStatus(0));
    agent.sessions[2]?.close(exitStatus(0));
    await Promise.all([busy.closed, log.closed]);
    await clock.advanceAsync(0);
    expect(clock.pendingTimers).toBe(0);
  });

  test('names the node and its last contact when it is not there', async () => {
    const agent = new Agent(hub, 'a');
    agent.over.abort();
    await agent.served;
    clock.advance(42_000);
    await expect(hub.open('a', exec, 'exec in pod "web"')).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message:
        'Cannot exec in pod "web": node "a" is not connected (last contact 42 s ago, at 2030-01-01T00:00:00.000Z)',
    });
    expect(changes).toEqual(['a came', 'a went']);
  });

  test('a new stream of the same node takes over from the old one', async () => {
    const first = new Agent(hub, 'a');
    const opening = hub.open('a', exec, 'exec');
    await clock.advanceAsync(0);
    first.sessions[0]?.markStarted();
    const session = await opening;
    const second = new Agent(hub, 'a');
    expect((await session.closed).message).toBe('The agent of node "a" connected anew');
    first.over.abort();
    await first.served;
    expect(hub.isConnected('a')).toBe(true);
    second.over.abort();
    await second.served;
    expect(hub.isConnected('a')).toBe(false);
    expect(changes).toEqual(['a came', 'a went']);
  });

  test('lets a node speak only for itself', async () => {
    const user = { name: 'system:node:a', groups: ['system:nodes'] };
    await expect(new Agent(hub, 'b', user).served).rejects.toMatchObject({ reason: 'Forbidden' });
    const mute = new Agent(hub, 'a', user, { session: 1, kind: { case: 'started', value: true } });
    await expect(mute.served).rejects.toMatchObject({ reason: 'BadRequest' });
    expect(hub.isConnected('b')).toBe(false);
    const agent = new Agent(hub, 'a', user);
    expect(hub.isConnected('a')).toBe(true);
    hub.stop();
    await agent.served;
  });

  test('a signal that aborts before or after the start ends the session', async () => {
    const agent = new Agent(hub, 'a');
    const before = AbortSignal.abort();
    await expect(hub.open('a', exec, 'exec', { signal: before })).rejects.toThrow(
      'the request was cancelled',
    );
    const later = new AbortController();
    const opening = hub.open('a', exec, 'exec', { signal: later.signal });
    await clock.advanceAsync(0);
    agent.sessions.at(-1)?.markStarted();
    const session = await opening;
    later.abort();
    expect((await session.closed).reason).toBe('Timeout');
    await clock.advanceAsync(0);
    expect(agent.sessions.every(({ signal }) => signal.aborted)).toBe(true);
  });

  describe('bounds what users hold of a node', () => {
    const greedy = { name: 'greedy', groups: [] };
    const modest = { name: 'modest', groups: [] };
    const limits = { perUser: 2, users: 3 };
    let agent: Agent;

    beforeEach(() => {
      hub = new SessionHub({ clock, instance: 'core', version: 'v', limits });
      agent = new Agent(hub, 'a');
    });

    async function opened(user?: UserInfo, signal?: AbortSignal): Promise<Session> {
      const opening = hub.open('a', logs, 'read the log of pod "web"', {
        ...(user === undefined ? {} : { user }),
        signal,
      });
      opening.catch(() => {});
      await clock.advanceAsync(0);
      agent.sessions.at(-1)?.markStarted();
      return opening;
    }

    const counts = () => hub.families.map((family) => [...family.samples()].map(({ value }) => value));

    test('to so many of one user, and leaves the others theirs', async () => {
      await opened(greedy);
      await opened(greedy);
      await expect(opened(greedy)).rejects.toMatchObject({
        reason: 'TooManyRequests',
        code: 429,
        message:
          'Cannot read the log of pod "web": user "greedy" has 2 sessions open on node "a", and 2 is the limit of a user',
      });
      // The agent has heard nothing of it.
      expect(agent.sessions).toHaveLength(2);
      await opened(modest);
      expect(counts()).toEqual([[3, 0], [1]]);
    });

    test("to so many of all users, and leaves the rest the server's own", async () => {
      for (const user of [greedy, greedy, modest]) await opened(user);
      await expect(opened(modest)).rejects.toThrow(
        'Cannot read the log of pod "web" for user "modest": users have 3 sessions open on node "a", and 3 is the limit of all users',
      );
      await opened();
      expect(counts()).toEqual([[3, 1], [1]]);
    });

    test('on each node by itself', async () => {
      for (const user of [greedy, greedy]) await opened(user);
      agent = new Agent(hub, 'b');
      const opening = hub.open('b', logs, 'log', { user: greedy });
      await clock.advanceAsync(0);
      agent.sessions[0]?.markStarted();
      await opening;
    });

    test.each<[string, (session: Session, leaves: AbortController) => unknown]>([
      ['its client leaves', (_session, leaves) => leaves.abort()],
      ['the server closes it', (session) => session.close(exitStatus(0))],
      ['the process ends', () => agent.sessions.at(-1)?.close(exitStatus(1))],
      [
        'it fails at the agent',
        () => agent.sessions.at(-1)?.close(new StatusError('InternalError', 'no').status),
      ],
      ['the agent connects anew', () => (agent = new Agent(hub, 'a'))],
      [
        'the agent goes and comes back',
        async () => {
          agent.over.abort();
          await agent.served;
          agent = new Agent(hub, 'a');
        },
      ],
    ])('until %s', async (_how, end) => {
      const leaves = new AbortController();
      await opened(greedy);
      const session = await opened(greedy, leaves.signal);
      await expect(opened(greedy)).rejects.toMatchObject({ reason: 'TooManyRequests' });
      await end(session, leaves);
      await session.closed;
      await opened(greedy);
    });

    test('and counts none that never began', async () => {
      const gone = AbortSignal.abort();
      for (let count = 0; count < 3; count++)
        await expect(hub.open('a', logs, 'log', { user: greedy, signal: gone })).rejects.toThrow('cancelled');
      const mute = [0, 1].map(() => hub.open('a', logs, 'log', { user: greedy }));
      const late = Promise.allSettled(mute);
      await clock.advanceAsync(30_000);
      await late;
      await opened(greedy);
      expect(counts()).toEqual([[1, 0], []]);
    });

    test('to 256 each and 3,072 together unless told otherwise', async () => {
      hub = new SessionHub({ clock, instance: 'core', version: 'v' });
      agent = new Agent(hub, 'a');
      const open = (user?: UserInfo) => {
        const opening = hub.open('a', logs, 'log', user === undefined ? {} : { user });
        opening.catch(() => {});
        return opening;
      };
      for (let user = 0; user < 12; user++) {
        for (let held = 0; held < 256; held++) void open({ name: `user-${user}`, groups: [] });
        await expect(open({ name: `user-${user}`, groups: [] })).rejects.toThrow(
          '256 is the limit of a user',
        );
      }
      await expect(open(modest)).rejects.toThrow('3072 is the limit of all users');
      for (let own = 0; own < 1_024; own++) void open();
      await expect(open()).rejects.toThrow('4096 are open on the node');
      hub.stop();
    });
  });
});
