import { describe, expect, test } from 'vitest';
import { notFound, StatusError } from '../api/errors.ts';
import type { Event } from '../api/generated/core-v1.ts';
import { events, pods } from '../api/generated/resources.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { pod } from '../../test/builders/pod.ts';
import type { Writer } from './client.ts';
import { QueuedEventRecorder, referenceTo } from './events.ts';

type Sink = Pick<Writer, 'create' | 'patch'>;

class MemorySink {
  readonly stored = new Map<string, Event>();
  readonly writes: string[] = [];
  failWith: Error | undefined;

  /** Neither stores nor answers until the caller gives up. */
  hangs = false;

  readonly client: Sink = {
    create: (_resource, object, { signal } = {}) => {
      if (this.hangs)
        return new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      if (this.failWith !== undefined) return Promise.reject(this.failWith);
      const event = object as unknown as Event;
      this.writes.push('create');
      this.stored.set(event.metadata.name ?? '', event);
      return Promise.resolve(object as never);
    },
    patch: (_resource, name, _type, patch) => {
      if (this.failWith !== undefined) return Promise.reject(this.failWith);
      const found = this.stored.get(name.name);
      if (found === undefined) return Promise.reject(notFound(events, name.name));
      this.writes.push('patch');
      this.stored.set(name.name, { ...found, ...(patch as Partial<Event>) });
      return Promise.resolve(found as never);
    },
  };

  get all(): Event[] {
    return [...this.stored.values()];
  }
}

function setUp() {
  const clock = new SteppedClock();
  const sink = new MemorySink();
  const recorder = new QueuedEventRecorder({
    client: sink.client,
    clock,
    component: 'kubelet',
    host: 'a',
    instance: 'kubelet-a',
  });
  const stop = new AbortController();
  void recorder.run(stop.signal);
  const web = referenceTo(pods, pod().named('web').build(), 'spec.containers{main}');
  return { clock, sink, recorder, web };
}

describe('QueuedEventRecorder', () => {
  test('writes who saw what of which object', async () => {
    const { clock, sink, recorder, web } = setUp();
    recorder.event(web, 'Normal', 'Pulled', 'Pulled image "a"');
    await clock.advanceAsync(0);
    expect(sink.all).toHaveLength(1);
    expect(sink.all[0]).toMatchObject({
      metadata: { namespace: 'default' },
      involvedObject: { kind: 'Pod', name: 'web', apiVersion: 'v1', fieldPath: 'spec.containers{main}' },
      source: { component: 'kubelet', host: 'a' },
      count: 1,
      firstTimestamp: '2030-01-01T00:00:00Z',
    });
    expect(sink.all[0]?.metadata.name).toMatch(/^web\.[0-9a-f]+$/);
  });

  test('counts a repetition instead of storing it', async () => {
    const { clock, sink, recorder, web } = setUp();
    for (let i = 0; i < 3; i++) {
      recorder.event(web, 'Warning', 'BackOff', 'Back-off restarting');
      await clock.advanceAsync(10_000);
    }
    expect(sink.all).toHaveLength(1);
    expect(sink.all[0]).toMatchObject({
      count: 3,
      firstTimestamp: '2030-01-01T00:00:00Z',
      lastTimestamp: '2030-01-01T00:00:20Z',
    });
  });

  test('tells of an action in the newer form, which counts in a series', async () => {
    const { clock, sink, recorder, web } = setUp();
    const related = referenceTo(pods, pod().named('other').build());
    const details = { action: 'Preempting', related };
    recorder.event(web, 'Normal', 'Preempted', 'by other', details);
    await clock.advanceAsync(0);
    const [first] = sink.all;
    expect(first).toMatchObject({
      eventTime: '2030-01-01T00:00:00.000000Z',
      ...details,
      reportingComponent: 'kubelet',
      reportingInstance: 'kubelet-a',
      source: {},
    });
    for (const field of ['series', 'count', 'firstTimestamp', 'lastTimestamp'])
      expect(first).not.toHaveProperty(field);
    await clock.advanceAsync(1500);
    recorder.event(web, 'Normal', 'Preempted', 'by other', details);
    await clock.advanceAsync(0);
    expect(sink.all).toEqual([
      { ...first, series: { count: 2, lastObservedTime: '2030-01-01T00:00:01.500000Z' } },
    ]);
  });

  test('shortens what the newer form has no room for, between characters', async () => {
    const { clock, sink, recorder, web } = setUp();
    for (const [reason, message] of [
      ['Long', 'é'.repeat(600)],
      ['Fits', 'é'.repeat(512)],
    ] as const)
      recorder.event(web, 'Warning', reason, message, { action: 'Scheduling' });
    recorder.event(web, 'Warning', 'Old', 'é'.repeat(600));
    await clock.advanceAsync(0);
    expect(sink.all.map(({ message }) => message)).toEqual([
      `${'é'.repeat(510)} ...`,
      'é'.repeat(512),
      'é'.repeat(600),
    ]);
  });

  test('starts anew when the stored event has expired', async () => {
    const { clock, sink, recorder, web } = setUp();
    recorder.event(web, 'Warning', 'BackOff', 'again');
    await clock.advanceAsync(1000);
    sink.stored.clear();
    recorder.event(web, 'Warning', 'BackOff', 'again');
    await clock.advanceAsync(1000);
    recorder.event(web, 'Warning', 'BackOff', 'again');
    await clock.advanceAsync(0);
    expect(sink.all.map((event) => event.count)).toEqual([3]);
  });

  test('tells many similar events as one', async () => {
    const { clock, sink, recorder, web } = setUp();
    for (let i = 0; i < 14; i++) recorder.event(web, 'Warning', 'Failed', `try ${i}`);
    await clock.advanceAsync(0);
    const combined = sink.all.filter((event) =>
      event.message?.startsWith('(combined from similar events): '),
    );
    expect(sink.all).toHaveLength(10);
    expect(combined.map(({ message, count }) => [message, count])).toEqual([
      ['(combined from similar events): try 13', 5],
    ]);
  });

  test('limits a source that speaks of one object without end', async () => {
    const { clock, sink, recorder, web } = setUp();
    for (let i = 0; i < 60; i++) recorder.event(web, 'Normal', 'Noise', 'the same');
    await clock.advanceAsync(0);
    expect(sink.all[0]?.count).toBe(25);
    await clock.advanceAsync(300_000);
    recorder.event(web, 'Normal', 'Noise', 'the same');
    recorder.event(web, 'Normal', 'Noise', 'the same');
    await clock.advanceAsync(0);
    expect(sink.all[0]?.count).toBe(26);
  });

  test('waits for an absent server and keeps the order', async () => {
    const { clock, sink, recorder, web } = setUp();
    sink.failWith = new StatusError('ServiceUnavailable', 'away');
    recorder.event(web, 'Normal', 'Created', 'one');
    recorder.event(web, 'Normal', 'Started', 'two');
    await clock.advanceAsync(15_000);
    expect(sink.all).toEqual([]);
    sink.failWith = undefined;
    await clock.advanceAsync(10_000);
    expect(sink.all.map((event) => event.reason)).toEqual(['Created', 'Started']);
  });

  test('gives a server that does not answer half a minute, and tries again', async () => {
    const { clock, sink, recorder, web } = setUp();
    sink.hangs = true;
    recorder.event(web, 'Normal', 'Created', 'one');
    await clock.advanceAsync(29_000);
    sink.hangs = false;
    expect(sink.all).toEqual([]);
    await clock.advanceAsync(1_000);
    expect(sink.all).toEqual([]);
    await clock.advanceAsync(10_000);
    expect(sink.all.map((event) => event.reason)).toEqual(['Created']);
  });

  test('gives up on what the server refuses', async () => {
    const { clock, sink, recorder, web } = setUp();
    sink.failWith = new StatusError('Forbidden', 'no');
    recorder.event(web, 'Normal', 'Created', 'one');
    await clock.advanceAsync(0);
    sink.failWith = undefined;
    await clock.advanceAsync(60_000);
    expect(sink.all).toEqual([]);
    expect(recorder.waiting).toBe(0);
  });

  test('drops what exceeds its queue, and says so once', () => {
    const dropped: string[] = [];
    const recorder = new QueuedEventRecorder({
      client: new MemorySink().client,
      clock: new SteppedClock(),
      component: 'kubelet',
      onDrop: (event) => dropped.push(event.message ?? ''),
    });
    const web = referenceTo(pods, pod().build());
    for (let i = 0; i < 1500; i++) recorder.event(web, 'Normal', 'Noise', `${i}`);
    expect(recorder.waiting).toBe(1000);
    expect(dropped).toEqual(['1000']);
  });
});
