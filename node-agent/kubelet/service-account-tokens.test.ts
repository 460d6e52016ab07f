import { describe, expect, test } from 'vitest';
import { notFound, StatusError } from '../../core/api/errors.ts';
import { serviceaccounts } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { timestamp } from '../../core/machinery/timestamp.ts';
import { pod } from '../../test/builders/pod.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';

const subject = pod().build();

function setUp() {
  const clock = new SteppedClock();
  const server = { requests: 0, failWith: undefined as Error | undefined };
  const due: string[] = [];
  const client = {
    createSubresource: () => {
      server.requests += 1;
      if (server.failWith !== undefined) return Promise.reject(server.failWith);
      const expirationTimestamp = timestamp(clock.now() + 3_600_000);
      return Promise.resolve({ status: { token: `token-${server.requests}`, expirationTimestamp } });
    },
  } as unknown as Pick<Client, 'createSubresource'>;
  const tokens = new ServiceAccountTokens({ client, clock, onDue: (uid) => due.push(uid) });
  return { clock, server, due, tokens, ask: () => tokens.tokenFor(subject, undefined, 3600) };
}

describe('ServiceAccountTokens', () => {
  test('asks once and renews when four fifths of the time are over', async () => {
    const { clock, due, ask } = setUp();
    expect([await ask(), await ask()]).toEqual(['token-1', 'token-1']);
    clock.advance(2_880_000);
    expect(due).toEqual(['pod-web']);
    expect(await ask()).toBe('token-2');
  });

  test('gives a token that still holds while the server is away, and no longer', async () => {
    const { clock, server, ask } = setUp();
    await ask();
    server.failWith = new StatusError('ServiceUnavailable', 'away');
    clock.advance(3_000_000);
    expect(await ask()).toBe('token-1');
    clock.advance(700_000);
    await expect(ask()).rejects.toThrow('away');
  });

  test('gives none where none are issued, and does not ask every time', async () => {
    const { clock, server, ask } = setUp();
    server.failWith = new StatusError('NotFound', 'the server could not find the requested resource');
    expect([await ask(), await ask()]).toEqual([undefined, undefined]);
    expect(server.requests).toBe(1);
    server.failWith = undefined;
    clock.advance(30_000);
    expect(await ask()).toBe('token-2');
  });

  test('does not take a missing account for a server without tokens', async () => {
    const { server, ask } = setUp();
    server.failWith = notFound(serviceaccounts, 'default');
    await expect(ask()).rejects.toThrow('serviceaccounts "default" not found');
  });

  test('forgets a Pod, and its timers', async () => {
    const { clock, tokens, ask } = setUp();
    await ask();
    tokens.forget('pod-web');
    expect(clock.pendingTimers).toBe(0);
    expect(await ask()).toBe('token-2');
  });
});
