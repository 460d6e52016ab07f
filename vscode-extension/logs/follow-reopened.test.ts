import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pods } from '../../core/api/generated/resources.ts';
import type { LogsOptions } from '../../core/api/streams.ts';
import type { Call } from '../../core/api/verbs.ts';
import { pod } from '../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { testCluster } from '../../test/environment/open-cluster.ts';
import { expectEventually, settle } from '../../test/expectations/eventually.ts';
import { ClusterSession } from '../session/cluster-session.ts';
import { followReopened } from './follow-reopened.ts';

const context = { name: 'dev', namespace: 'default', endpoint: '127.0.0.1:7443' };
const written = (second: number) => `2030-01-01T00:00:0${second}.000000000Z line ${second}\n`;

describe('following logs of a cluster that is closed and opened again', () => {
  let api: TestApi;
  let session: ClusterSession;
  let stop: AbortController;
  /** What the container wrote so far. */
  let log: string[];
  let shown: string[];
  let asked: number;

  beforeEach(async () => {
    api = await createTestApi();
    [log, shown, asked] = [[written(1)], [], 0];
    stop = new AbortController();
    const containers = {
      ...testCluster(api).containers,
      /** As long as it is followed, it stays open. */
      async *logs({ signal = stop.signal }: Call, _pod: unknown, { sinceTime = '' }: LogsOptions) {
        asked++;
        const lines = log.filter((line) => line >= sinceTime);
        if (lines.length > 0) yield Buffer.from(lines.join(''));
        if (!signal.aborted) await once(signal, 'abort');
        throw signal.reason as Error;
      },
    };
    session = new ClusterSession({
      connect: async () => {
        await settle(1);
        return { ...testCluster(api), containers, discover: () => Promise.resolve({ items: [] }) };
      },
      clock: api.clock,
      random: api.random,
      onError: () => {},
    });
    await session.open(context);
    const web = await api.client.create(pods, pod().named('web').build());
    const running = {
      name: 'main',
      image: 'main:1',
      imageID: '',
      ready: true,
      restartCount: 0,
      containerID: 'docker://web',
      state: { running: {} },
    };
    const status = { phase: 'Running' as const, containerStatuses: [running] };
    await api.client.updateStatus(pods, { ...web, status });
    const sink = {
      lines: (lines: readonly { text: string }[]) => {
        shown.push(...lines.map(({ text }) => text));
        return Promise.resolve();
      },
      note: (name: string, text: string) => shown.push(`── ${name} ${text}`),
    };
    const scope = { namespace: 'default', fieldSelector: 'metadata.name=web' };
    const { clock, random } = api;
    followReopened(session, 'dev', scope, { tailLines: 5 }, sink, { clock, random }, stop.signal);
    await untilShown('line 1');
  });

  afterEach(async () => {
    stop.abort();
    session.close();
    await settle();
    await api.close();
  });

  const untilShown = (...wanted: readonly string[]) =>
    expectEventually(api.clock, () => expect(shown).toEqual(wanted));
  const closed = '──  the connection to "dev" was closed; the logs go on when it is opened again';

  test('goes on after the last line, without a word, when it is opened anew at once', async () => {
    log.push(written(2));
    await session.open({ ...context, endpoint: '127.0.0.1:7444' });
    await untilShown('line 1', 'line 2');
    log.push(written(3));
    await session.open(context);
    await untilShown('line 1', 'line 2', 'line 3');
  });

  test('says that the connection was closed, and when it goes on', async () => {
    session.close('Cannot read kubeconfig');
    await untilShown('line 1', closed);
    log.push(written(2));
    await session.open(context);
    await untilShown('line 1', closed, '──  goes on', 'line 2');
  });

  test('asks no other cluster, and goes on when it is the turn of its own again', async () => {
    const before = asked;
    await session.open({ ...context, name: 'other' });
    await untilShown('line 1', closed);
    expect(asked).toBe(before);
    log.push(written(2));
    await session.open(context);
    await expectEventually(api.clock, () => expect(shown.at(-1)).toBe('line 2'));
  });

  test('tells which Pods have gone meanwhile', async () => {
    session.close();
    await api.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await session.open(context);
    await untilShown('line 1', closed, '──  goes on', '── web is gone');
  });

  test('ends with the terminal, whatever is opened after that', async () => {
    const before = asked;
    stop.abort();
    session.close();
    await session.open(context);
    await settle();
    expect([shown, asked]).toEqual([['line 1'], before]);
  });
});
