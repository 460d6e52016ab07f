import { describe, expect, test } from 'vitest';
import type { Deferred } from '../../machinery/deferred.ts';
import { deferred } from '../../machinery/deferred.ts';
import type { Outcome } from '../storage.ts';
import type { SingleKeyWrite } from './group-commit.ts';
import { GroupCommit, singleKey } from './group-commit.ts';
import { placeOf } from './revisions.ts';

function putting(key: string): SingleKeyWrite {
  return { condition: { key, modRevision: 0 }, write: { kind: 'put', key, value: Buffer.from(key) } };
}

const done: Outcome = { committed: true, revision: 7 };

/** A store that answers when the test says so. */
function scene() {
  const sent: {
    readonly keys: readonly string[];
    readonly lost?: Error | undefined;
    answer: Deferred<void>;
  }[] = [];
  const send = async (keys: readonly string[], lost?: Error) => {
    const answer = deferred();
    sent.push({ keys, lost, answer });
    await answer.promise;
  };
  const commits = new GroupCommit({
    commitOne: (single, _signal, lost) => send([single.write.key], lost).then(() => done),
    commitAll: (group) => send(group.map(({ write }) => write.key)).then(() => group.map(() => done)),
    lostBy: (error) => error as Error,
  });
  return { sent, commits, keys: () => sent.map((each) => each.keys) };
}

/** One is on its way, so that what follows has to wait. */
function occupied(commits: GroupCommit) {
  return commits.commit(putting('a'), undefined);
}

describe('a group commit', () => {
  test('sends what comes alone at once, and what had to wait together', async () => {
    const { commits, sent, keys } = scene();
    const first = occupied(commits);
    const later = ['e', 'f', 'g'].map((key) => commits.commit(putting(key), undefined));
    expect(keys()).toEqual([['a']]);
    sent[0]?.answer.resolve();
    await first;
    await settled();
    expect(keys().at(-1)).toEqual(['e', 'f', 'g']);
    sent[1]?.answer.resolve();
    expect(await Promise.all(later)).toEqual([done, done, done]);
  });

  test('keeps a second write of a key for the next transaction, and what was cancelled out of any', async () => {
    const { commits, sent, keys } = scene();
    void occupied(commits);
    const cancelled = new AbortController();
    const gone = commits.commit(putting('x'), cancelled.signal);
    for (const key of ['e', 'e', 'f']) void commits.commit(putting(key), undefined);
    cancelled.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    sent[0]?.answer.resolve();
    await settled();
    expect(keys().slice(1)).toEqual([['e', 'f']]);
    sent[1]?.answer.resolve();
    await settled();
    expect(keys().slice(2)).toEqual([['e']]);
  });

  test('keeps keys of one place in a transaction apart, in the order they came', async () => {
    const { commits, sent, keys } = scene();
    void occupied(commits);
    const names = Array.from({ length: 5_000 }, (_, index) => `k${index}`);
    const other = names.find((name, index) => index > 0 && placeOf(name) === placeOf('k0')) as string;
    for (const key of ['k0', other, 'k1', other]) void commits.commit(putting(key), undefined);
    for (const index of [0, 1, 2]) {
      sent[index]?.answer.resolve();
      await settled();
    }
    expect(keys().slice(1)).toEqual([['k0', 'k1'], [other], [other]]);
  });

  test('commits each alone when the reply of a group is lost, says so, and holds nobody else up', async () => {
    const { commits, sent, keys } = scene();
    void occupied(commits);
    const later = ['e', 'f'].map((key) => commits.commit(putting(key), undefined));
    sent[0]?.answer.resolve();
    await settled();
    void commits.commit(putting('g'), undefined);
    const lost = new Error('lost');
    sent[1]?.answer.reject(lost);
    await settled();
    expect(keys().slice(2)).toEqual([['e'], ['f'], ['g']]);
    expect(sent.slice(2).map((each) => each.lost)).toEqual([lost, lost, undefined]);
    for (const { answer } of sent.slice(2)) answer.resolve();
    expect(await Promise.all(later)).toEqual([done, done]);
  });
});

test('a write that was cancelled before it came is told so', async () => {
  const { commits, sent } = scene();
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(commits.commit(putting('a'), gone)).rejects.toThrow('gone');
  expect(sent).toEqual([]);
});

test('only a write under a condition on its own key can be grouped', () => {
  const { condition, write } = putting('a');
  expect(singleKey([condition], [write])).toEqual({ condition, write });
  expect(singleKey([], [write])).toBeUndefined();
  expect(singleKey([{ key: 'b', modRevision: 0 }], [write])).toBeUndefined();
  expect(singleKey([condition], [write, { kind: 'delete', key: 'b' }])).toBeUndefined();
});

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
