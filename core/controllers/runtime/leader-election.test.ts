import { describe, expect, test } from 'vitest';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import { expectEventually, settle } from '../../../test/expectations/eventually.ts';
import { StatusError } from '../../api/errors.ts';
import { leases } from '../../api/generated/resources.ts';
import type { Client } from '../../client/client.ts';
import { seededRandom } from '../../machinery/random.ts';
import { LeaderElection, type Leadership } from './leader-election.ts';

const lease = { namespace: 'kube-system', name: 'controllers' };

/** A process that wants to lead; `reachable` says whether it gets through to the API. */
function start({ client, clock }: TestApi, identity: string, reachable: () => boolean = () => true) {
  const stop = new AbortController();
  const terms: Leadership[] = [];
  let working = 0;
  const cut: Client = {
    ...client,
    get: (resource, name) => (reachable() ? client.get(resource, name) : lost()),
    create: (resource, object) => (reachable() ? client.create(resource, object) : lost()),
    update: (resource, object) => (reachable() ? client.update(resource, object) : lost()),
  };
  const election = new LeaderElection({ client: cut, clock, random: seededRandom(1), lease, identity });
  const ended = election.run(stop.signal, async (leadership) => {
    terms.push(leadership);
    working++;
    await new Promise((resolve) => leadership.signal.addEventListener('abort', resolve, { once: true }));
    working--;
  });
  return {
    election,
    terms,
    isLeading: () => working > 0,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

function lost(): Promise<never> {
  return Promise.reject(new StatusError('ServiceUnavailable', 'The connection was lost'));
}

describe('of several processes', () => {
  test('one leads, and when it ends the next begins soon', async () => {
    await using api = await createTestApi();
    const a = start(api, 'a');
    await expectEventually(api.clock, () => expect(a.isLeading()).toBe(true));
    const b = start(api, 'b');
    await api.clock.advanceAsync(60_000);
    expect([a.isLeading(), b.isLeading()]).toEqual([true, false]);
    expect(b.election.leader).toBe('a');
    await a.stop();
    await expectEventually(api.clock, () => expect(b.isLeading()).toBe(true), 3000);
    const terms = [a.terms[0]?.term ?? 0, b.terms[0]?.term ?? 0] as const;
    expect(terms[1]).toBeGreaterThan(terms[0]);
    await b.stop();
  });

  test('no two ever lead: one that is cut off stops before the next begins', async () => {
    await using api = await createTestApi();
    let reachable = true;
    const a = start(api, 'a', () => reachable);
    await expectEventually(api.clock, () => expect(a.isLeading()).toBe(true));
    const b = start(api, 'b');
    await settle();
    reachable = false;
    let gapSeen = false;
    await expectEventually(api.clock, () => {
      if (a.isLeading() && b.isLeading()) throw new Error('Two lead');
      gapSeen ||= !a.isLeading() && !b.isLeading();
      expect(b.isLeading()).toBe(true);
    });
    expect(gapSeen).toBe(true);
    expect(() => a.terms[0]?.check()).toThrow();
    reachable = true;
    await api.clock.advanceAsync(60_000);
    expect([a.isLeading(), b.isLeading()]).toEqual([false, true]);
    await a.stop();
    await b.stop();
  });
});

test('a leader whose lease was given to another steps down', async () => {
  await using api = await createTestApi();
  const a = start(api, 'a');
  await expectEventually(api.clock, () => expect(a.isLeading()).toBe(true));
  await api.client.patch(leases, lease, 'merge', { spec: { holderIdentity: 'b' } });
  await expectEventually(api.clock, () => expect(a.isLeading()).toBe(false), 5000);
  await a.stop();
});

test('what fails while it leads is passed on', async () => {
  await using api = await createTestApi();
  const { client, clock } = api;
  const election = new LeaderElection({ client, clock, random: seededRandom(1), lease, identity: 'a' });
  const ended = election.run(new AbortController().signal, () => Promise.reject(new Error('broken')));
  await expect(ended).rejects.toThrow('broken');
  expect((await client.get(leases, lease)).spec.holderIdentity ?? '').toBe('');
});

test('times that cannot work are refused', () => {
  const options = { lease, identity: 'a', leaseMs: 10_000, renewDeadlineMs: 10_000 };
  expect(() => new LeaderElection(options as never)).toThrow('must decrease');
});
