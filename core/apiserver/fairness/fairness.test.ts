import { setMaxListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/flowcontrol-v1.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { isLongRunning } from '../requests/attributes.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import { suggestedLevels, suggestedSchemas } from './built-in.ts';
import { Fairness } from './fairness.ts';

function asks(
  verb: string,
  resource: string,
  more: { group?: string; namespace?: string } = {},
): RequestAttributes {
  const [plural = '', subresource] = resource.split('/');
  const { group = '', namespace } = more;
  return {
    verb,
    path: '/',
    uri: '/',
    resource: { group, version: 'v1', resource: plural, subresource, namespace, name: undefined },
    longRunning: isLongRunning(verb, subresource),
  };
}

const reads = (path: string): RequestAttributes => ({
  verb: 'get',
  path,
  uri: path,
  resource: undefined,
  longRunning: false,
});
const user = (name: string, ...groups: string[]) => ({ name, groups: [...groups, 'system:authenticated'] });
const node = user('system:node:a', 'system:nodes');
const account = (namespace: string) =>
  user(
    `system:serviceaccount:${namespace}:a`,
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
  );

/** With uids, so that it shows what a request was taken for. */
function fairness(levels: readonly PriorityLevelConfiguration[] = [], schemas: readonly FlowSchema[] = []) {
  const made = new Fairness({ clock: new SteppedClock(), serverSeats: 600, count: () => 950 });
  const named = <T extends PriorityLevelConfiguration | FlowSchema>(one: T): T => ({
    ...one,
    metadata: { ...one.metadata, uid: one.metadata.name },
  });
  made.configure([...levels, ...suggestedLevels].map(named), [...schemas, ...suggestedSchemas].map(named));
  return made;
}

describe('a request', () => {
  test.each<[string, string | undefined, ReturnType<typeof user>, RequestAttributes]>([
    ['nodes themselves', 'system-node-high', node, asks('patch', 'nodes/status')],
    [
      'their leases',
      'system-node-high',
      node,
      asks('update', 'leases', { group: 'coordination.k8s.io', namespace: 'n' }),
    ],
    ['their Pods', 'system-nodes', node, asks('list', 'pods')],
    ['probes', 'probes', user('a'), reads('/readyz')],
    [
      'elections',
      'system-leader-election',
      account('kube-system'),
      asks('update', 'leases', { group: 'coordination.k8s.io', namespace: 'n' }),
    ],
    ['accounts of the system', 'kube-system-service-accounts', account('kube-system'), asks('list', 'pods')],
    ['other accounts', 'service-accounts', account('default'), asks('list', 'pods')],
    ['everybody else', 'global-default', user('a'), asks('list', 'pods')],
    ['other paths', 'global-default', user('a'), reads('/metrics')],
    // Built in, and not stored yet.
    ['masters', undefined, user('a', 'system:masters'), asks('list', 'pods')],
  ])('of %s is of its schema', (_what, schema, who, request) => {
    let taken: string | undefined = 'nothing';
    void fairness().enter(request, who, new AbortController().signal, ({ schemaUid }) => (taken = schemaUid));
    expect(taken).toBe(schema);
  });

  test('that streams takes no seat', () => {
    expect(
      fairness().enter(asks('create', 'pods/exec'), user('a'), new AbortController().signal, () => {}),
    ).toBeUndefined();
  });

  test('is as wide as what it lists', async () => {
    const one = fairness();
    const seatsOf = (name: string) =>
      Object.fromEntries(
        [...(one.families.find((family) => family.name.endsWith(name))?.samples() ?? [])].map(
          ({ labels, value }) => [labels.map(([, label]) => label).join('/'), value],
        ),
      );
    const seat = await one.enter(
      asks('list', 'pods'),
      account('default'),
      new AbortController().signal,
      () => {},
    );
    await one.enter(
      { ...asks('list', 'pods'), selection: { limit: 100, filtered: false, resourceVersion: undefined } },
      account('default'),
      new AbortController().signal,
      () => {},
    );
    expect(seatsOf('current_executing_seats')['workload-low/service-accounts']).toBe(11);
    expect(seatsOf('demand_seats')['workload-low']).toBe(11);
    seat?.release();
    seat?.release();
    expect(seatsOf('current_executing_requests')['workload-low/service-accounts']).toBe(1);
  });
});

describe('levels', () => {
  const tight: PriorityLevelConfiguration = {
    metadata: { name: 'tight' },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } } },
    status: {},
  };
  const greedy = (level: string): FlowSchema => ({
    metadata: { name: 'greedy' },
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence: 50,
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'greedy' } }],
          resourceRules: [
            { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
          ],
        },
      ],
    },
    status: {},
  });

  test('turn away who finds no seat, and nobody of another level', async () => {
    const one = fairness([tight], [greedy('tight')]);
    const enter = (who: ReturnType<typeof user>) =>
      one.enter(asks('get', 'pods'), who, new AbortController().signal, () => {});
    const seat = await enter(user('greedy'));
    expect(() => enter(user('greedy'))).toThrow('Too many requests');
    await enter(node);
    seat?.release();
    await enter(user('greedy'));
  });

  test('that are not there are for nobody', async () => {
    let taken: string | undefined;
    await fairness([], [greedy('gone')]).enter(
      asks('get', 'pods'),
      user('greedy'),
      new AbortController().signal,
      ({ schemaUid }) => {
        taken = schemaUid;
      },
    );
    expect(taken).toBe('global-default');
  });

  test('get more seats when others leave theirs', async () => {
    const clock = new SteppedClock();
    const one = new Fairness({ clock, serverSeats: 60, count: () => 0 });
    const current = () =>
      [...(one.families.find(({ name }) => name.endsWith('current_limit_seats'))?.samples() ?? [])].find(
        ({ labels }) => labels[0]?.[1] === 'global-default',
      )?.value;
    expect(current()).toBe(5);
    for (let index = 0; index < 30; index++)
      void one.enter(asks('get', 'pods'), user(`a${index}`), new AbortController().signal, () => {});
    clock.advance(10_000);
    one.rebalance();
    expect(current()).toBeGreaterThan(20);
  });

  test('keep the seats of agents, however many requests of a greedy client wait', async () => {
    const one = fairness();
    const leaving = new AbortController();
    setMaxListeners(0, leaving.signal);
    const enter = (who: ReturnType<typeof user>, request: RequestAttributes) =>
      one.enter(request, who, leaving.signal, () => {});
    const waiting: Promise<unknown>[] = [];
    const ask = () => {
      for (;;) {
        const entered = enter(user('greedy'), asks('get', 'pods'));
        if (entered instanceof Promise) waiting.push(entered.catch(() => undefined));
      }
    };
    // Until even its queues are full.
    expect(ask).toThrow('Too many requests');
    expect(waiting.length).toBeGreaterThan(100);
    const ofAgents = [
      asks('get', 'pods'),
      asks('get', 'secrets'),
      asks('patch', 'pods/status'),
      asks('get', 'configmaps'),
      asks('patch', 'nodes/status'),
      asks('update', 'leases', { group: 'coordination.k8s.io', namespace: 'kube-node-lease' }),
    ];
    const agents = Array.from({ length: 10 }, (_, i) => user(`system:node:n${i}`, 'system:nodes'));
    const seated = () =>
      agents.flatMap((agent) =>
        ofAgents.map((request) => {
          const seat = enter(agent, request);
          if (seat instanceof Promise) throw new Error(`${agent.name} waits to ${request.verb}`);
          return seat;
        }),
      );
    for (const seat of seated()) seat?.release();
    // What the greedy one wants is lent to it, but never what agents must have.
    for (let i = 0; i < 30; i++) one.rebalance();
    expect(ask).toThrow('Too many requests');
    for (const seat of seated()) seat?.release();
    leaving.abort();
    await Promise.all(waiting);
  });
});
