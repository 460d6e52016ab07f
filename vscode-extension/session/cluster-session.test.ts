import { describe, expect, test } from 'vitest';
import { configmaps } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import type { Cluster } from '../../core/client/cluster.ts';
import type { ConnectionState } from '../../core/client/grpc/channel.ts';
import type { ClusterContext } from '../../core/client/kubeconfig.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { deferred } from '../../core/machinery/deferred.ts';
import { seededRandom } from '../../core/machinery/random.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { settle } from '../../test/expectations/eventually.ts';
import { useTranslation } from '../language/l10n.ts';
import { ClusterSession } from './cluster-session.ts';

const context = { name: 'dev', namespace: 'default', endpoint: '127.0.0.1:7443' };
const version = { gitVersion: 'v1.36.2', wheelhouseVersion: '0.1.0', store: 'memory' } as const;

/** A connection whose state the test decides. */
class ScriptedCluster {
  readonly listeners = new Set<(state: ConnectionState) => void>();
  state: ConnectionState = 'idle';
  connects = 0;
  closed = false;
  answer: () => Promise<typeof version> = () => Promise.resolve(version);

  become(state: ConnectionState): void {
    this.state = state;
    for (const listener of this.listeners) listener(state);
  }
}

function clusterOf(scripted: ScriptedCluster): Cluster {
  return {
    client: undefined as never,
    verbs: undefined as never,
    containers: undefined as never,
    discover: () => Promise.resolve({ items: [] }),
    openApi: () => Promise.resolve({}),
    version: () => scripted.answer(),
    get state() {
      return scripted.state;
    },
    onStateChange: (listener) => {
      scripted.listeners.add(listener);
      return () => scripted.listeners.delete(listener);
    },
    connect: () => {
      scripted.connects++;
    },
    close: () => {
      scripted.closed = true;
    },
  };
}

function closed(connect?: () => Promise<Cluster>, onError: (error: unknown) => void = () => {}) {
  const scripted = new ScriptedCluster();
  const clock = new SteppedClock();
  const session = new ClusterSession({
    connect: connect ?? (() => Promise.resolve(clusterOf(scripted))),
    clock,
    random: seededRandom(1),
    onError,
  });
  const states: string[] = [];
  session.onStateChange(({ kind }) => states.push(kind));
  return { scripted, clock, session, states };
}

async function opened(place: ClusterContext = context) {
  const all = closed();
  await all.session.open(place);
  return all;
}

/** The context with a client certificate that holds for a year from when the clock says. */
async function certified(clock: SteppedClock): Promise<ClusterContext> {
  const { cert, key } = await makePair({ name: 'ann', subject: 'CN=ann', use: 'client' }, clock);
  return { ...context, tls: { cert, key } };
}

const yearMs = 365 * 24 * 3600 * 1000;

describe('the session with a cluster', () => {
  test('does not say that there is no cluster before anybody has looked', () => {
    const { session } = closed();
    expect(session.state.kind).toBe('unread');
    session.close('no kubeconfig');
    expect(session.state).toEqual({ kind: 'none', why: 'no kubeconfig' });
  });

  test('is connected once the cluster said who it is', async () => {
    const { scripted, session, states } = await opened();
    expect(scripted.connects).toBe(1);
    scripted.become('ready');
    await settle();
    expect(session.state).toEqual({ kind: 'connected', context, version });
    expect(states).toEqual(['none', 'connecting', 'connected']);
  });

  test('asks anew what the cluster serves when that changed, and tells', async () => {
    const { scripted, session } = await opened();
    scripted.become('ready');
    await settle();
    const before = await session.current?.resources();
    expect(await session.current?.resources()).toBe(before);
    const told: unknown[] = [];
    session.onKindsChange((served) => told.push(served));
    session.kindsChanged();
    await settle();
    expect(told).toEqual([await session.current?.resources()]);
    expect(told[0]).not.toBe(before);
  });

  test('says that the cluster is away, keeps what is open, and is back by itself', async () => {
    const { scripted, session, states } = await opened();
    scripted.become('ready');
    await settle();
    const { current } = session;
    scripted.become('unavailable');
    expect(session.state).toMatchObject({ kind: 'unavailable', why: '127.0.0.1:7443 does not answer' });
    scripted.become('ready');
    await settle();
    expect(states.slice(-2)).toEqual(['unavailable', 'connected']);
    expect(session.current).toBe(current);
  });

  test('connects again when an idle connection was let go', async () => {
    const { scripted } = await opened();
    scripted.become('ready');
    await settle();
    scripted.become('idle');
    expect(scripted.connects).toBe(2);
  });

  test('tells why a cluster does not let it in, and asks again later', async () => {
    const { scripted, clock, session } = await opened();
    scripted.answer = () => Promise.reject(new Error('Unauthorized'));
    scripted.become('ready');
    await settle();
    expect(session.state).toMatchObject({ kind: 'unavailable', why: 'Unauthorized' });
    scripted.answer = () => Promise.resolve(version);
    await clock.advanceAsync(5_000);
    await settle();
    expect(session.state.kind).toBe('connected');
  });

  test('asks once at a time, however often the connection comes and goes', async () => {
    const { scripted, clock, session } = await opened();
    let asked = 0;
    scripted.answer = () => {
      asked++;
      return Promise.reject(new Error('Unauthorized'));
    };
    for (const state of ['ready', 'unavailable', 'ready', 'unavailable', 'ready'] as const) {
      scripted.become(state);
      await settle();
    }
    expect(asked).toBe(3);
    await clock.advanceAsync(5_000);
    await settle();
    expect(asked).toBe(4);
    session.close();
    expect(clock.nextTimerMs).toBeUndefined();
  });

  test('heeds no answer that comes after the connection was lost', async () => {
    const { scripted, session } = await opened();
    const late = deferred<typeof version>();
    scripted.answer = () => late.promise;
    scripted.become('ready');
    scripted.become('unavailable');
    late.resolve(version);
    await settle();
    expect(session.state.kind).toBe('unavailable');
  });

  test('tells once why a kind cannot be watched, and again over another connection', async () => {
    const scripted = new ScriptedCluster();
    const refuse = () => Promise.reject(new Error('the server has no boats'));
    const client = { listHandles: refuse, watchHandles: refuse } as unknown as Client;
    const errors: unknown[] = [];
    const { session, clock } = closed(
      () => Promise.resolve({ ...clusterOf(scripted), client }),
      (error) => errors.push(error),
    );
    await session.open(context);
    scripted.become('ready');
    await settle();
    session.current?.informers.informer(configmaps);
    await clock.advanceAsync(60_000);
    expect(errors).toEqual([new Error('the server has no boats')]);
    scripted.become('unavailable');
    scripted.become('ready');
    await settle();
    await clock.advanceAsync(60_000);
    expect(errors).toHaveLength(2);
    session.close();
  });

  test('tells once why it is not let in, however often it asks', async () => {
    const { scripted, clock, states } = await opened();
    scripted.answer = () => Promise.reject(new Error('Unauthorized'));
    scripted.become('ready');
    await settle();
    const before = states.length;
    await clock.advanceAsync(15_000);
    await settle();
    expect(states).toHaveLength(before);
  });

  test('does not knock with a certificate that is over, and is back with a newer one', async () => {
    const { scripted, clock, session } = closed();
    const before = await certified(clock);
    await clock.advanceAsync(yearMs + 1);
    await session.open(before);
    expect(session.current).toBeUndefined();
    expect(session.state).toMatchObject({
      kind: 'unavailable',
      why: expect.stringMatching(/^the client certificate of "dev" expired at \d{4}-.*Z; it takes a newer/),
    });
    await session.open(await certified(clock));
    scripted.become('ready');
    await settle();
    expect(session.state.kind).toBe('connected');
  });

  test('gives up a connection that is lost because its certificate is over', async () => {
    const clock = new SteppedClock();
    const { scripted, session, clock: now } = await opened(await certified(clock));
    scripted.become('ready');
    await settle();
    await now.advanceAsync(yearMs + 1);
    scripted.become('unavailable');
    expect(scripted.closed).toBe(true);
    expect(session.state).toMatchObject({ why: expect.stringContaining('expired at') });
  });

  test('says what is wrong in the words of the editor', async () => {
    const clock = new SteppedClock();
    const { scripted, session, clock: now } = await opened(await certified(clock));
    scripted.become('ready');
    await settle();
    useTranslation((message, ...args) => `«${message}» ${args.join(' ')}`);
    try {
      scripted.become('unavailable');
      expect(session.state).toMatchObject({ why: '«{0} does not answer» 127.0.0.1:7443' });
      const { current } = session;
      await now.advanceAsync(yearMs + 1);
      scripted.become('unavailable');
      expect(session.state).toMatchObject({
        why: expect.stringMatching(/^«the client certificate of "\{0}"/),
      });
      // What still ran then says this.
      expect(current?.signal.reason).toMatchObject({
        message: '«the connection to "{0}" was closed» dev',
      });
    } finally {
      useTranslation(undefined);
    }
  });

  test('says what is wrong with a context that cannot even be tried', async () => {
    const { session } = closed(() => Promise.reject(new Error('bad base64 decode')));
    await session.open(context);
    expect(session.state).toEqual({ kind: 'unavailable', context, why: 'bad base64 decode' });
  });

  test('closes what it had when another cluster is opened', async () => {
    const { scripted, session } = await opened();
    const before = session.current;
    await session.open({ ...context, name: 'other' });
    expect(scripted.closed).toBe(true);
    expect(before?.signal.aborted).toBe(true);
    expect(session.current?.context.name).toBe('other');
  });

  test('puts objects without a namespace where the view or the context says', async () => {
    const { session } = await opened();
    expect(session.defaultNamespace).toBe('default');
    session.showNamespace('shop');
    expect(session.defaultNamespace).toBe('shop');
  });
});
