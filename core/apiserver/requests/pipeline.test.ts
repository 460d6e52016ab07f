import { expect, test } from 'vitest';
import type { StatusError } from '../../api/errors.ts';
import { unlessAborted } from '../../machinery/signals.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { mastersOnly } from '../handlers/authorize.ts';
import { RequestPipeline } from './pipeline.ts';
import type { IncomingRequest } from './pipeline.ts';

function incoming(longRunning: boolean, end: (why: StatusError) => void): IncomingRequest {
  return {
    attributes: { verb: 'get', path: '/', uri: '/', resource: undefined, longRunning },
    auditId: undefined,
    userAgent: undefined,
    sourceIps: () => [],
    identify: () => ({ user: { name: 'ann', groups: [] }, expiresAtMs: undefined }),
    classified: () => {},
    end,
    impersonation: () => undefined,
  };
}

/** Serves a request whose client never reads on; how it ended, and what had happened when a minute was over. */
async function serve(longRunning: boolean) {
  const clock = new SteppedClock();
  const pipeline = new RequestPipeline({ authorizer: mastersOnly, clock });
  const ending = new AbortController();
  const request = incoming(longRunning, (why) => ending.abort(why));
  const served = pipeline.run(request, ending.signal, async () => {
    await new Promise<void>((resolve) => ending.signal.addEventListener('abort', () => resolve()));
    return 'as far as it was read';
  });
  const outcome = served.catch((error: unknown) => (error as StatusError).status);
  await clock.advanceAsync(59_999);
  const before = ending.signal.aborted;
  await clock.advanceAsync(1);
  const after = ending.signal.aborted;
  ending.abort();
  return { before, after, outcome: await outcome, timers: clock.pendingTimers };
}

test('a request that is no stream is ended after a minute', async () => {
  expect(await serve(false)).toMatchObject({
    before: false,
    after: true,
    outcome: { code: 504, reason: 'Timeout' },
    timers: 0,
  });
});

test('a stream goes on for as long as it likes', async () => {
  expect(await serve(true)).toEqual({
    before: false,
    after: false,
    outcome: 'as far as it was read',
    timers: 0,
  });
});

test.each([false, true])(
  'whoever cannot be known within a minute is told so; a stream: %s',
  async (longRunning) => {
    const clock = new SteppedClock();
    const pipeline = new RequestPipeline({ authorizer: mastersOnly, clock });
    const ending = new AbortController();
    const served = pipeline.run(
      {
        ...incoming(longRunning, (why) => ending.abort(why)),
        identify: (signal) => unlessAborted(new Promise<never>(() => {}), signal),
      },
      ending.signal,
      () => Promise.resolve('served'),
    );
    const outcome = served.catch((error: unknown) => (error as StatusError).status);
    await clock.advanceAsync(60_000);
    expect(await outcome).toMatchObject({ code: 504, reason: 'Timeout' });
    expect(clock.pendingTimers).toBe(0);
  },
);
