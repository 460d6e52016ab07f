import { expect, test } from 'vitest';
import { Listeners } from './listeners.ts';
import type { OpenCluster, SessionState } from './cluster-session.ts';
import { settle } from '../../test/expectations/eventually.ts';
import { whileOpen, type Openings } from './while-open.ts';

const context = (name: string) => ({ name, namespace: 'default', endpoint: '127.0.0.1:7443' });

/** A session whose openings the test decides. */
class ScriptedSession implements Openings {
  readonly #states = new Listeners<SessionState>(() => {});
  readonly #clusters = new Listeners<OpenCluster | undefined>(() => {});
  current: OpenCluster | undefined;
  state: SessionState = { kind: 'none' };

  onStateChange(listener: (state: SessionState) => void) {
    return this.#states.add(listener);
  }

  onClusterChange(listener: (cluster: OpenCluster | undefined) => void) {
    return this.#clusters.add(listener);
  }

  open(name: string): void {
    this.current = { context: context(name), signal: new AbortController().signal } as OpenCluster;
    this.#clusters.tell(this.current);
  }

  answers(): void {
    const version = { gitVersion: 'v1', wheelhouseVersion: 'test', store: 'memory' } as const;
    this.state = { kind: 'connected', context: context('dev'), version };
    this.#states.tell(this.state);
  }
}

function scene(work: () => Promise<void>) {
  const session = new ScriptedSession();
  const errors: unknown[] = [];
  const stop = new AbortController();
  const worked: OpenCluster[] = [];
  whileOpen(
    session,
    'dev',
    (open) => {
      worked.push(open);
      return work();
    },
    { signal: stop.signal, onError: (error) => errors.push(error) },
  );
  return { session, worked, errors, stop };
}

test('work is done with every opening of its own cluster, once each', async () => {
  const { session, worked } = scene(() => Promise.resolve());
  session.open('other');
  session.open('dev');
  const first = session.current;
  session.answers();
  session.open('dev');
  await settle();
  expect(worked).toEqual([first, session.current]);
});

test('work that failed is tried again when the cluster answers', async () => {
  const { session, worked, errors } = scene(() => Promise.reject(new Error('not there')));
  session.open('dev');
  await settle();
  expect([worked.length, errors.length]).toEqual([1, 1]);
  session.answers();
  await settle();
  expect([worked.length, errors.length]).toEqual([2, 2]);
});

test('nothing begins once it was ended', async () => {
  const { session, worked, stop } = scene(() => Promise.resolve());
  stop.abort();
  session.open('dev');
  session.answers();
  await settle();
  expect(worked).toEqual([]);
});
