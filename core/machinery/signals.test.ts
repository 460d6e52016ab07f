import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { linkSignals, OpenCalls, signalWithin, unlessAborted, untilAborted } from './signals.ts';
import { SteppedClock } from './stepped-clock.ts';

test('a linked signal aborts with the first of its sources, and with its reason', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  using linked = linkSignals(a.signal, b.signal);
  b.abort('b was first');
  a.abort('a came later');
  expect(linked.signal.reason).toBe('b was first');
});

test('a linked signal is aborted at once when a source already is', () => {
  using linked = linkSignals(new AbortController().signal, AbortSignal.abort('before'));
  expect(linked.signal.reason).toBe('before');
});

test('a linked signal leaves nothing behind in its sources', () => {
  const source = new AbortController();
  {
    using linked = linkSignals(source.signal);
    expect(linked.signal.aborted).toBe(false);
    expect(getEventListeners(source.signal, 'abort')).toHaveLength(1);
  }
  expect(getEventListeners(source.signal, 'abort')).toEqual([]);
});

test('a signal within a time aborts when that is over, and not once it is disposed of', () => {
  const clock = new SteppedClock();
  const source = new AbortController();
  {
    using within = signalWithin(clock, 1_000, source.signal);
    clock.advance(999);
    expect(within.signal.aborted).toBe(false);
    clock.advance(1);
    expect(within.signal.reason).toMatchObject({ name: 'TimeoutError' });
  }
  {
    using within = signalWithin(clock, 1_000, source.signal);
    expect(within.signal.aborted).toBe(false);
  }
  expect(clock.pendingTimers).toBe(0);
  expect(getEventListeners(source.signal, 'abort')).toEqual([]);
});

test('a signal within a time aborts with its source', () => {
  const source = new AbortController();
  using within = signalWithin(new SteppedClock(), 1_000, source.signal);
  source.abort('enough');
  expect(within.signal.reason).toBe('enough');
});

test('who waits for a signal is told when it aborts, and at once where it has', async () => {
  const source = new AbortController();
  const waiting = untilAborted(source.signal);
  source.abort();
  await waiting;
  await untilAborted(source.signal);
});

test('open calls end together, with the reason, and so do those that begin later', () => {
  const calls = new OpenCalls();
  const [open, done] = [calls.begin(), calls.begin()];
  calls.end(done);
  const reason = new Error('shutting down');
  calls.endAll(reason);
  expect(open.ending.signal.reason).toBe(reason);
  expect(done.ending.signal.aborted).toBe(false);
  expect(calls.begin().ending.signal.reason).toBe(reason);
});

test('what never ends is left when the signal aborts, and leaves nothing behind', async () => {
  const source = new AbortController();
  expect(await unlessAborted(Promise.resolve('done'), source.signal)).toBe('done');
  expect(getEventListeners(source.signal, 'abort')).toEqual([]);
  const left = unlessAborted(new Promise(() => {}), source.signal);
  source.abort(new Error('too late'));
  await expect(left).rejects.toThrow('too late');
  await expect(unlessAborted(new Promise(() => {}), source.signal)).rejects.toThrow('too late');
});
