import { describe, expect, test } from 'vitest';
import { configmaps } from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { createTestApi } from '../../../test/environment/api.ts';
import { expectEventually, settle } from '../../../test/expectations/eventually.ts';
import { seededRandom } from '../../machinery/random.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { CredentialEnds } from './credential-end.ts';
import type { BoundTo } from './identity.ts';

const user = { name: 'ann', groups: [] };
const dayMs = 24 * 3_600_000;

/** Whose timers reach no further than Node's. */
class ShortTimers extends SteppedClock {
  override after(delayMs: number, callback: () => void): () => void {
    return super.after(Math.min(delayMs, 2 ** 31 - 1), callback);
  }
}

const nobody = { get: () => Promise.reject(new Error('not asked')), watch: () => [] as never };

describe('the end of a credential', () => {
  test('comes when its time does, however far away that is', () => {
    const clock = new ShortTimers();
    const ends = new CredentialEnds({ clock, random: seededRandom(1), client: nobody });
    let ended = 0;
    ends.until({ user, expiresAtMs: clock.now() + 90 * dayMs }, () => ended++);
    clock.advance(90 * dayMs - 1);
    expect(ended).toBe(0);
    clock.advance(1);
    expect(ended).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test('comes when who vouched for it is believed no longer, even where that was before', async () => {
    const clock = new SteppedClock();
    const ends = new CredentialEnds({ clock, random: seededRandom(1), client: nobody });
    const authority = new AbortController();
    const identity = { user, expiresAtMs: clock.now() + dayMs, revoked: authority.signal };
    let ended = 0;
    ends.until(identity, () => expect.unreachable())[Symbol.dispose]();
    ends.until(identity, () => ended++);
    authority.abort();
    expect(ended).toBe(1);
    ends.until(identity, () => ended++);
    await settle();
    expect(ended).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  test('concerns nobody who has gone before', () => {
    const clock = new SteppedClock();
    const ends = new CredentialEnds({ clock, random: seededRandom(1), client: nobody });
    ends.until({ user, expiresAtMs: clock.now() + dayMs }, () => expect.unreachable())[Symbol.dispose]();
    expect(clock.pendingTimers).toBe(0);
  });

  test('is found out once for all who have shown the same, even where the store fails at times', async () => {
    await using api = await createTestApi();
    const { client, clock, random } = api;
    const made = await client.create(configmaps, { metadata: { name: 'a', namespace: 'default' } });
    const bound: BoundTo = {
      resource: configmaps,
      namespace: 'default',
      name: 'a',
      uid: made.metadata.uid ?? '',
    };
    let asked = 0;
    const ends = new CredentialEnds({
      clock,
      random,
      client: {
        get: <T extends KubernetesObject>(...args: Parameters<typeof client.get<T>>) => {
          asked++;
          return asked === 1 ? Promise.reject(new Error('not now')) : client.get<T>(...args);
        },
        watch: (resource, options) => client.watch(resource, options),
      },
    });
    const ended: string[] = [];
    const identity = { user, expiresAtMs: undefined, boundTo: [bound] };
    ends.until(identity, () => ended.push('one'));
    const other = ends.until(identity, () => ended.push('other'));
    ends.until(identity, () => ended.push('third'));
    await expectEventually(clock, () => expect(asked).toBe(2));
    other[Symbol.dispose]();
    await settle();
    expect(ended).toEqual([]);
    await client.delete(configmaps, { namespace: 'default', name: 'a' });
    await expectEventually(clock, () => expect(ended).toEqual(['one', 'third']));
    // One that was made anew under the same name is another.
    await client.create(configmaps, { metadata: { name: 'a', namespace: 'default' } });
    ends.until(identity, () => ended.push('late'));
    await expectEventually(clock, () => expect(ended).toEqual(['one', 'third', 'late']));
  });
});
