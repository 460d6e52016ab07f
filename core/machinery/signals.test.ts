import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { linkSignals, OpenCalls, unlessAborted } from './signals.ts';

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

test('open calls end together, with the reason, and so do those that begin later', () => {
  const calls = new OpenCalls();
  const [open, done] = [calls.begin(), calls.begin()];
  calls.end(done);
  const reason = new Error('shutting down');
  calls.endAll(reason);
  expect(open.signal.reason).toBe(reason);
  expect(done.signal.aborted).toBe(false);
  expect(calls.begin().signal.reason).toBe(reason);
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
