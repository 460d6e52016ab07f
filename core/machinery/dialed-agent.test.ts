import { once } from 'node:events';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { DialedAgent, dialedRequest } from './dialed-agent.ts';
import { makePair } from './pki/make-certificate.ts';
import { SteppedClock } from './stepped-clock.ts';

type Dial = (wish: string, signal: AbortSignal) => Promise<Duplex>;

describe('an agent that dials', () => {
  const clock = new SteppedClock();
  const agents: DialedAgent<string>[] = [];
  afterEach(() => agents.splice(0).forEach((agent) => agent.destroy()));

  function agentOver(dial: Dial, maxFreeSockets = 4): DialedAgent<string> {
    const agent = new DialedAgent({ clock, connectWithinMs: 10_000, maxFreeSockets, idleMs: 30_000, dial });
    agents.push(agent);
    return agent;
  }

  /** Rejects with what became of the request; resolves with the code of its answer, once that is read. */
  async function ask(agent: DialedAgent<string>, signal?: AbortSignal): Promise<number | undefined> {
    const wish = { agent, wish: 'web', host: 'web.default.svc', rejectUnauthorized: false };
    const outgoing = dialedRequest({ ...wish, ...(signal === undefined ? {} : { signal }) });
    outgoing.end();
    const [answer] = await once(outgoing, 'response');
    answer.resume();
    await once(answer, 'close');
    return answer.statusCode;
  }

  test('asks the way once for each request, whatever comes of it', async () => {
    let dialled = 0;
    const refused = new Error('Cannot look up service "web"');
    const agent = agentOver(() => {
      dialled++;
      throw refused;
    });
    const asked = await Promise.allSettled([ask(agent), ask(agent), ask(agent)]);
    expect(asked.map((one) => one.status === 'rejected' && one.reason)).toEqual([refused, refused, refused]);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([dialled, clock.pendingTimers]).toEqual([3, 0]);
    await expect(ask(agent)).rejects.toBe(refused);
    expect(dialled).toBe(4);
  });

  test('gives up on a way that takes too long, and tells it', async () => {
    let told: AbortSignal | undefined;
    const agent = agentOver((_wish, signal) => {
      told = signal;
      return new Promise(() => {});
    });
    const asked = ask(agent);
    asked.catch(() => {});
    await expect.poll(() => clock.pendingTimers).toBe(1);
    clock.advance(10_000);
    await expect(asked).rejects.toThrow('no connection within 10 s');
    expect(told?.aborted).toBe(true);
  });

  test.each([
    [0, 2],
    [4, 1],
  ])('keeps at most %i connections, so that two requests took %i', async (maxFreeSockets, expected) => {
    const pair = await makePair(
      { name: 'web', subject: 'CN=web', use: 'server', addresses: ['web'] },
      systemClock,
    );
    const server = createServer(pair, (_request, response) => response.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    let dialled = 0;
    const agent = agentOver(async () => {
      dialled++;
      return connect((server.address() as AddressInfo).port, '127.0.0.1');
    }, maxFreeSockets);
    expect(await ask(agent)).toBe(200);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await ask(agent)).toBe(200);
    expect(dialled).toBe(expected);
    agent.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});
