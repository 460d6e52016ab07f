import { describe, expect, test } from 'vitest';
import { conflict, notFound, StatusError } from '../../core/api/errors.ts';
import type { Pod, PodStatus } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import { silentLogger } from '../../core/machinery/logger.ts';
import { deepEqual } from '../../core/machinery/json.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { pod } from '../../test/builders/pod.ts';
import { StatusManager } from './status-manager.ts';

/** One stored Pod, with the API's rules for writing its status. */
class StoredPod {
  stored: Pod | undefined;
  readonly writes: PodStatus[] = [];
  failWith: Error | undefined;
  #revision = 1;

  constructor(initial: Pod) {
    this.stored = this.#at(initial);
  }

  change(status: PodStatus): Pod {
    this.stored = this.#at({ ...(this.stored as Pod), status: { ...this.stored?.status, ...status } });
    return this.stored;
  }

  relabel(labels: Record<string, string>): void {
    const { metadata, ...rest } = this.stored as Pod;
    this.stored = this.#at({ ...rest, metadata: { ...metadata, labels } });
  }

  readonly client = {
    get: () => Promise.resolve().then(() => this.#found()),
    updateStatus: (_: unknown, object: Pod) =>
      Promise.resolve().then(() => {
        if (this.failWith !== undefined) throw this.failWith;
        const found = this.#found();
        if (!deepEqual(object.metadata.labels, found.metadata.labels))
          throw new StatusError('Forbidden', 'cannot update labels through pod status');
        if (object.metadata.resourceVersion !== found.metadata.resourceVersion)
          throw conflict(pods, 'web', 'changed');
        this.writes.push(object.status);
        this.stored = this.#at(object);
        return this.stored;
      }),
  } as unknown as Pick<Client, 'get' | 'updateStatus'>;

  #found(): Pod {
    if (this.stored === undefined) throw notFound(pods, 'web');
    return this.stored;
  }

  #at(subject: Pod): Pod {
    return { ...subject, metadata: { ...subject.metadata, resourceVersion: String(this.#revision++) } };
  }
}

function setUp() {
  const clock = new SteppedClock();
  const api = new StoredPod(pod().build());
  const manager = new StatusManager({ client: api.client, clock, logger: silentLogger });
  manager.start(new AbortController().signal);
  manager.observe(api.stored as Pod);
  const settle = () => clock.advanceAsync(0);
  return { clock, api, manager, settle };
}

const uid = 'pod-web';

describe('StatusManager', () => {
  test('writes what differs, once', async () => {
    const { api, manager, settle } = setUp();
    manager.set(uid, { phase: 'Running' });
    await settle();
    manager.set(uid, { phase: 'Running' });
    await settle();
    expect(api.writes).toHaveLength(1);
  });

  test('writes only the newest of what came while it wrote', async () => {
    const { api, manager, settle } = setUp();
    for (const message of ['one', 'two', 'three']) manager.set(uid, { phase: 'Running', message });
    await settle();
    expect(api.writes.map(({ message }) => message)).toEqual(['one', 'three']);
  });

  test('lays the status over what others wrote meanwhile', async () => {
    const { api, manager, settle } = setUp();
    api.change({ conditions: [{ type: 'example.com/gate', status: 'True' }] });
    manager.set(uid, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
    await settle();
    expect(api.stored?.status.conditions?.map(({ type }) => type)).toEqual(['example.com/gate', 'Ready']);
  });

  test('keeps the labels that others set meanwhile', async () => {
    const { api, manager, settle } = setUp();
    api.relabel({ colour: 'red' });
    manager.set(uid, { phase: 'Running' });
    await settle();
    expect(api.stored).toMatchObject({
      metadata: { labels: { colour: 'red' } },
      status: { phase: 'Running' },
    });
  });

  test('takes its time where it is forbidden to write', async () => {
    const { clock, api, manager, settle } = setUp();
    api.failWith = new StatusError('Forbidden', 'no');
    manager.set(uid, { phase: 'Running' });
    await settle();
    api.failWith = undefined;
    await settle();
    expect(api.writes).toEqual([]);
    await clock.advanceAsync(10_000);
    expect(api.writes).toHaveLength(1);
  });

  test('does not take an old echo of its own writes for news', async () => {
    const { api, manager, settle } = setUp();
    manager.set(uid, { phase: 'Pending', message: 'one' });
    await settle();
    const echo = api.stored as Pod;
    manager.set(uid, { phase: 'Running' });
    await settle();
    manager.observe(echo);
    manager.set(uid, { phase: 'Running', message: 'three' });
    await settle();
    expect(api.writes).toHaveLength(3);
  });

  test('goes on trying while the API is away', async () => {
    const { clock, api, manager } = setUp();
    api.failWith = new StatusError('ServiceUnavailable', 'away');
    manager.set(uid, { phase: 'Running' });
    await clock.advanceAsync(30_000);
    expect(api.writes).toEqual([]);
    api.failWith = undefined;
    await clock.advanceAsync(10_000);
    expect(api.stored?.status.phase).toBe('Running');
  });

  test('tries at once when the API is back', async () => {
    const { clock, api, manager, settle } = setUp();
    api.failWith = new StatusError('ServiceUnavailable', 'away');
    manager.set(uid, { phase: 'Running' });
    await clock.advanceAsync(30_000);
    api.failWith = undefined;
    manager.retryNow();
    await settle();
    expect(api.stored?.status.phase).toBe('Running');
  });

  test('leaves another Pod of the same name alone', async () => {
    const { api, manager, settle } = setUp();
    api.stored = pod().withUid('another').withMetadata({ resourceVersion: '99' }).build();
    manager.set(uid, { phase: 'Failed' });
    await settle();
    expect(api.writes).toEqual([]);
  });

  test('tells when all is written, or the Pod is gone', async () => {
    const { clock, api, manager } = setUp();
    api.failWith = new StatusError('ServiceUnavailable', 'away');
    manager.set(uid, { phase: 'Running' });
    let done = false;
    void manager.flushed(uid, new AbortController().signal).then(() => (done = true));
    await clock.advanceAsync(5_000);
    expect(done).toBe(false);
    manager.forget(uid);
    await clock.advanceAsync(0);
    expect(done).toBe(true);
  });
});
