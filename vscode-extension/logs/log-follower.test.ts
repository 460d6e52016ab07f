import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { deployments, pods, services } from '../../core/api/generated/resources.ts';
import { StatusError } from '../../core/api/errors.ts';
import type { ContainerStreams, LogsOptions } from '../../core/api/streams.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { deployment, pod } from '../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { openTestCluster } from '../../test/environment/open-cluster.ts';
import { expectEventually } from '../../test/expectations/eventually.ts';
import type { OpenCluster } from '../session/cluster-session.ts';
import { followLogs, logScopeOf } from './log-follower.ts';

const stamp = (second: number) => `2030-01-01T00:00:0${second}.000000000Z`;

describe('following logs', () => {
  let api: TestApi;
  let open: ReturnType<typeof openTestCluster>;
  let asked: (LogsOptions & { pod: string })[];
  /** What the next log says; one that is undefined breaks off like a connection. */
  let answers: (string | undefined)[];
  let cluster: OpenCluster;
  let stop: AbortController;
  let shown: string[];
  let following: Promise<void> = Promise.resolve();

  beforeEach(async () => {
    api = await createTestApi();
    open = openTestCluster(api);
    [asked, answers, shown] = [[], [], []];
    stop = new AbortController();
    const containers = {
      ...open.cluster.containers,
      async *logs(_call: unknown, { name }: { name: string }, options: LogsOptions) {
        asked.push({ ...options, pod: name });
        const parts = answers.splice(0, 2);
        for (const part of parts) {
          if (part === undefined) throw new StatusError('ServiceUnavailable', 'gone away');
          yield Buffer.from(part);
        }
      },
    };
    cluster = { ...open, cluster: { ...open.cluster, containers } };
  });

  afterEach(async () => {
    stop.abort();
    await following;
    await open[Symbol.asyncDispose]();
    await api.close();
  });

  function follow(scope: Parameters<typeof followLogs>[1]): void {
    const sink = {
      lines: (lines: readonly { pod: string; text: string }[]) => {
        shown.push(...lines.map((line) => `${line.pod}: ${line.text}`));
        return Promise.resolve();
      },
      note: (name: string, text: string) => shown.push(`${name} ${text}`),
    };
    const dependencies = { clock: api.clock, random: api.random };
    following = followLogs(cluster, scope, { tailLines: 5 }, sink, dependencies, stop.signal);
  }

  async function run(name: string): Promise<Pod> {
    const created = await api.client.create(pods, pod().named(name).labelled({ app: 'web' }).build());
    const status = {
      phase: 'Running' as const,
      containerStatuses: [
        {
          name: 'main',
          image: 'main:1',
          imageID: '',
          ready: true,
          restartCount: 0,
          containerID: `docker://${name}`,
          state: { running: {} },
        },
      ],
    };
    return api.client.updateStatus(pods, { ...created, status });
  }

  test('joins Pods that come later, from their first line', async () => {
    await run('web-1');
    answers = [`${stamp(1)} one\n`, ''];
    follow({ namespace: 'default', labelSelector: 'app=web' });
    await expectEventually(api.clock, () => expect(shown).toEqual(['web-1: one']));
    answers = [`${stamp(2)} two\n`, ''];
    await run('web-2');
    await expectEventually(api.clock, () => expect(shown).toEqual(['web-1: one', 'web-2: two']));
    expect(asked.map(({ pod: name, tailLines }) => [name, tailLines])).toEqual([
      ['web-1', 5],
      ['web-2', undefined],
    ]);
  });

  test('goes on after the last line it saw, when a connection broke', async () => {
    await run('web-1');
    answers = [`${stamp(1)} one\n${stamp(2)} two\n`, undefined, `${stamp(2)} two\n${stamp(3)} three\n`, ''];
    follow({ namespace: 'default', labelSelector: 'app=web' });
    await expectEventually(api.clock, () =>
      expect(shown).toEqual(['web-1: one', 'web-1: two', 'web-1: three']),
    );
    expect(asked[1]).toMatchObject({ sinceTime: stamp(2) });
  });

  test('shows every line of a moment, and those that are out of order', async () => {
    await run('web-1');
    answers = [`${stamp(2)} out\n`, `${stamp(2)} out too\n${stamp(1)} error\nuntimed\n`];
    follow({ namespace: 'default', labelSelector: 'app=web' });
    await expectEventually(api.clock, () =>
      expect(shown).toEqual(['web-1: out', 'web-1: out too', 'web-1: error', 'web-1: untimed']),
    );
  });

  test('tells all of why a log, or the list of Pods, is refused, and that once', async () => {
    const forbidden = () => {
      const { status } = new StatusError('Forbidden', 'pods is forbidden');
      const causes = [{ field: 'spec.user', message: 'is a stranger' }];
      return StatusError.fromStatus({ ...status, details: { causes } });
    };
    const containers: ContainerStreams = {
      ...cluster.cluster.containers,
      logs: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(forbidden()) }) }),
    };
    cluster = { ...cluster, cluster: { ...cluster.cluster, containers } };
    await run('web-1');
    follow({ namespace: 'default', labelSelector: 'app=web' });
    const why = 'pods is forbidden\nspec.user: is a stranger';
    await expectEventually(api.clock, () => expect(shown).toEqual([`web-1 main: ${why}`]));
    stop.abort();
    await following;
    stop = new AbortController();
    shown = [];
    let lists = 0;
    const verbs = { ...api.verbs, list: () => (lists++, Promise.reject(forbidden())) };
    cluster = { ...cluster, cluster: { ...cluster.cluster, client: createClient(verbs) } };
    follow({ namespace: 'default', labelSelector: 'app=web' });
    await expectEventually(api.clock, () => expect(lists).toBeGreaterThan(2));
    expect(shown).toEqual([` ${why}`]);
  });

  test('follows a hundred logs at a time, and the next when one of them ends', async () => {
    const ends: (() => void)[] = [];
    const containers: ContainerStreams = {
      ...cluster.cluster.containers,
      async *logs(_call, { name }) {
        asked.push({ pod: name });
        yield Buffer.from('');
        await new Promise<void>((resolve) => {
          ends.push(resolve);
          stop.signal.addEventListener('abort', () => resolve(), { once: true });
        });
      },
    };
    cluster = { ...cluster, cluster: { ...cluster.cluster, containers } };
    const names = Array.from({ length: 102 }, (_, index) => `web-${String(index).padStart(3, '0')}`);
    await Promise.all(names.map(run));
    follow({ namespace: 'default', labelSelector: 'app=web' });
    await expectEventually(api.clock, () => expect(ends).toHaveLength(100));
    expect(shown).toEqual([' 100 logs are followed; more of them when one of these ends']);
    await api.client.delete(
      pods,
      { namespace: 'default', name: names[100] ?? '' },
      { gracePeriodSeconds: 0 },
    );
    await expectEventually(api.clock, () => expect(shown.at(-1)).toBe(`${names[100]} is gone`));
    ends[0]?.();
    await expectEventually(api.clock, () => expect(asked.at(-1)?.pod).toBe(names[101]));
    expect(asked).toHaveLength(101);
  });

  test('tells when a Pod is gone', async () => {
    await run('web-1');
    follow({ namespace: 'default', fieldSelector: 'metadata.name=web-1' });
    await expectEventually(api.clock, () => expect(asked).toHaveLength(1));
    await api.client.delete(pods, { namespace: 'default', name: 'web-1' }, { gracePeriodSeconds: 0 });
    await expectEventually(api.clock, () => expect(shown).toEqual(['web-1 is gone']));
  });
});

describe('the Pods whose logs are followed', () => {
  test('are the Pod itself, or what a workload or a Service selects', () => {
    expect(logScopeOf(pods, pod().named('a').build(), 'main')).toEqual({
      namespace: 'default',
      fieldSelector: 'metadata.name=a',
      container: 'main',
    });
    const web = deployment().selecting({ app: 'web' }).build();
    expect(logScopeOf(deployments, web)).toMatchObject({ labelSelector: 'app=web' });
    const service = { metadata: { name: 's', namespace: 'x' }, spec: { selector: { app: 'api' } } };
    expect(logScopeOf(services, service)).toEqual({ namespace: 'x', labelSelector: 'app=api' });
  });

  test('are none of a Service that selects nothing', () => {
    for (const spec of [{}, { selector: {} }]) {
      const service = { metadata: { name: 's', namespace: 'x' }, spec };
      expect(() => logScopeOf(services, service)).toThrow('Service "s" selects no Pods');
    }
  });
});
