import { describe, expect, test } from 'vitest';
import { deferred } from '../../core/machinery/deferred.ts';
import { seededRandom } from '../../core/machinery/random.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import type { Cluster } from '../../core/client/cluster.ts';
import { settle } from '../../test/expectations/eventually.ts';
import { ClusterSession } from './cluster-session.ts';
import { untilOpen } from './until-open.ts';

const context = (name: string) => ({ name, namespace: 'default', endpoint: '127.0.0.1:7443' });

const silent = {
  state: 'connecting',
  onStateChange: () => () => {},
  connect: () => {},
  close: () => {},
} as unknown as Cluster;

function scene() {
  const clock = new SteppedClock();
  const connected = deferred<Cluster>();
  const connect = () => connected.promise;
  const session = new ClusterSession({ connect, clock, random: seededRandom(1), onError: () => {} });
  return { clock, session, connected, opened: () => untilOpen(session, clock, 5_000) };
}

describe('waiting for the cluster of a window', () => {
  test('takes no time where none is on its way', async () => {
    const { session, opened } = scene();
    session.close();
    expect(await opened()).toBeUndefined();
  });

  test('ends with the cluster that was being opened, before it answers', async () => {
    const { session, connected, opened } = scene();
    void session.open(context('dev'));
    const waiting = opened();
    connected.resolve(silent);
    expect((await waiting)?.context.name).toBe('dev');
    expect(session.state.kind).toBe('connecting');
    expect(await opened()).toBe(session.current);
  });

  test('begins before it is known which one that is', async () => {
    const { session, connected, opened } = scene();
    const waiting = opened();
    void session.open(context('dev'));
    connected.resolve(silent);
    expect((await waiting)?.context.name).toBe('dev');
  });

  test('ends without one where none was found', async () => {
    const { session, opened } = scene();
    const waiting = opened();
    session.close();
    expect(await waiting).toBeUndefined();
  });

  test('is not led astray by another that takes its place', async () => {
    const { session, connected, opened } = scene();
    void session.open(context('dev'));
    const waiting = opened();
    void session.open(context('other'));
    connected.resolve(silent);
    expect((await waiting)?.context.name).toBe('other');
  });

  test('ends without one where opening fails', async () => {
    const { session, connected, opened } = scene();
    void session.open(context('dev'));
    const waiting = opened();
    connected.reject(new Error('bad base64 decode'));
    expect(await waiting).toBeUndefined();
  });

  test('has an end', async () => {
    const { session, clock, opened } = scene();
    void session.open(context('dev'));
    const waiting = opened();
    await settle();
    await clock.advanceAsync(5_000);
    expect(await waiting).toBeUndefined();
    expect(clock.nextTimerMs).toBeUndefined();
  });
});
