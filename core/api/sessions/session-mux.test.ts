import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../errors.ts';
import { AgentFrame, type SessionOpen } from '../generated/wheelhouse.ts';
import { exitCodeOf, exitStatus } from '../streams.ts';
import { initialWindowBytes } from './channels.ts';
import { SessionMux } from './session-mux.ts';
import { errorChannel, inputChannel, outputChannel, type Session } from './session.ts';

/** A core's and an agent's end, joined by a wire the test can look at and hold. */
class Wire {
  readonly core: SessionMux;
  readonly agent: SessionMux;
  readonly opened: { session: Session; open: SessionOpen }[] = [];
  /** What the agent sent, in order: "session:case". */
  readonly fromAgent: string[] = [];
  /** While set, the wire is full. */
  full: Promise<void> | undefined;

  constructor() {
    this.core = new SessionMux({ role: 'core', send: async (message) => this.#carry(message, this.agent) });
    this.agent = new SessionMux({
      role: 'agent',
      send: async (message) => {
        await this.full;
        const { session, kind } = AgentFrame.decode(message);
        this.fromAgent.push(`${session}:${kind?.case}`);
        return this.#carry(message, this.core);
      },
      onOpen: (session, open) => this.opened.push({ session, open }),
    });
  }

  async pair(): Promise<[core: Session, agent: Session]> {
    const core = this.core.open({ pod: 'web', kind: { case: 'exec', value: { command: ['sh'] } } });
    await turn();
    return [core, this.opened.at(-1)?.session as Session];
  }

  #carry(message: Buffer, to: SessionMux): boolean {
    to.receive(AgentFrame.decode(message));
    return true;
  }
}

describe('sessions', () => {
  let wire: Wire;
  beforeEach(() => {
    wire = new Wire();
  });

  test('carry what was opened, data both ways, sizes and the exit code', async () => {
    const [core, agent] = await wire.pair();
    expect(wire.opened[0]?.open).toMatchObject({ pod: 'web', kind: { case: 'exec' } });
    const sizes: string[] = [];
    agent.onResize((columns, rows) => sizes.push(`${columns}x${rows}`));
    agent.markStarted();
    await core.started;
    core.resize(80, 24);
    core.writable(inputChannel).end('in');
    agent.writable(outputChannel).end('out');
    agent.writable(errorChannel).end('err');
    expect(await text(agent.readable(inputChannel))).toBe('in');
    expect(await text(core.readable(outputChannel))).toBe('out');
    expect(await text(core.readable(errorChannel))).toBe('err');
    agent.close(exitStatus(7));
    expect(exitCodeOf(await core.closed)).toBe(7);
    expect(exitCodeOf(await agent.closed)).toBe(7);
    expect(sizes).toEqual(['80x24']);
    expect([wire.core.size, wire.agent.size]).toEqual([0, 0]);
  });

  test('many small writes go in few frames, in order', async () => {
    const [core, agent] = await wire.pair();
    const out = agent.writable(outputChannel);
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}\n`);
    for (const line of lines) out.write(line);
    out.end();
    expect(await text(core.readable(outputChannel))).toBe(lines.join(''));
    expect(wire.fromAgent.filter((frame) => frame.endsWith('data')).length).toBeLessThan(5);
  });

  test('a sender stops at the window of a reader that does not read, and goes on when it does', async () => {
    const [core, agent] = await wire.pair();
    const out = agent.writable(outputChannel);
    let written = 0;
    out.write(Buffer.alloc(3 * initialWindowBytes, 'x'), () => (written = 1));
    await turns(10);
    const frames = () => wire.fromAgent.filter((frame) => frame.endsWith('data')).length;
    // The reader's own buffer took a little, which is less than what makes it grant more.
    expect(frames() * 32 * 1024).toBe(initialWindowBytes);
    expect(written).toBe(0);
    out.end();
    expect((await text(core.readable(outputChannel))).length).toBe(3 * initialWindowBytes);
    expect(written).toBe(1);
  });

  test('a channel that stalls does not hold up the other channel', async () => {
    const [core, agent] = await wire.pair();
    agent.writable(outputChannel).write(Buffer.alloc(10 * initialWindowBytes));
    agent.writable(errorChannel).end('still here');
    expect(await text(core.readable(errorChannel))).toBe('still here');
  });

  test('a peer that ignores the window is cut off', async () => {
    const [core] = await wire.pair();
    const data = Buffer.alloc(initialWindowBytes);
    const flood = { session: core.id, kind: { case: 'data', value: { channel: 1, data } } } as const;
    wire.core.receive(flood);
    wire.core.receive(flood);
    expect((await core.closed).message).toBe('The other end ignores flow control');
  });

  test('channels with data take turns, and control goes first', async () => {
    const [, a] = await wire.pair();
    const [, b] = await wire.pair();
    let open = () => {};
    wire.full = new Promise((resolve) => (open = resolve));
    a.writable(outputChannel).write(Buffer.alloc(4 * 32 * 1024));
    b.writable(outputChannel).write(Buffer.alloc(4 * 32 * 1024));
    b.markStarted();
    await turn();
    open();
    await turns(10);
    const order = wire.fromAgent.map((frame) => frame.replace(':data', '')).join(' ');
    expect(order).toBe('1 2:started 1 2 1 2 1 2 2');
  });

  test('what was received before an error is still delivered, then the error', async () => {
    const [core, agent] = await wire.pair();
    agent.writable(outputChannel).write('last words');
    await turn();
    const out = core.readable(outputChannel);
    const [data] = (await once(out, 'data')) as [Buffer];
    expect(String(data)).toBe('last words');
    agent.close(new StatusError('InternalError', 'it broke').status);
    const [error] = (await once(out, 'error')) as [Error];
    expect(error.message).toBe('it broke');
    await expect(core.started).rejects.toThrow('it broke');
  });

  test('closing on one side ends the streams and aborts the signal on the other', async () => {
    const [core, agent] = await wire.pair();
    const input = agent.readable(inputChannel);
    input.resume();
    core.close(new StatusError('Timeout', 'the user left').status);
    await once(input, 'error');
    expect(agent.signal.reason).toMatchObject({ reason: 'Timeout', message: 'the user left' });
    const writing = new Promise((resolve) => {
      agent.writable(outputChannel).write('too late', resolve);
    });
    expect(await writing).toBeInstanceOf(Error);
  });

  test('the end of the stream ends every session with its error', async () => {
    const [one] = await wire.pair();
    const [two] = await wire.pair();
    wire.core.end(new StatusError('ServiceUnavailable', 'the node went away'));
    expect((await one.closed).message).toBe('the node went away');
    expect((await two.closed).reason).toBe('ServiceUnavailable');
    expect(() => wire.core.open({})).toThrow('the node went away');
  });

  test("frames of sessions that are gone, and opens of the wrong side, are nobody's", async () => {
    const [core] = await wire.pair();
    const { id } = core;
    core.close(exitStatus(0));
    wire.core.receive({ session: id, kind: { case: 'data', value: { channel: 1, data: Buffer.from('x') } } });
    wire.core.receive({ session: 99, kind: { case: 'open', value: {} as SessionOpen } });
    wire.core.receive({ session: 99, kind: undefined });
    expect(wire.core.size).toBe(0);
  });
});

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}
