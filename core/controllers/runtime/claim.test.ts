import { describe, expect, test } from 'vitest';
import { pod, replicaSet } from '../../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { pods, replicasets } from '../../api/generated/resources.ts';
import { selectorFromLabels } from '../../machinery/label-selector.ts';
import { claimChildren } from './claim.ts';

async function claim({ client }: TestApi, candidates: readonly Pod[], ownerIs: 'alive' | 'gone' = 'alive') {
  const owner = await client.create(replicasets, replicaSet().build());
  if (ownerIs === 'gone') await client.delete(replicasets, { namespace: 'default', name: 'web' });
  const created: Pod[] = [];
  for (const candidate of candidates) {
    const mine = candidate.metadata.ownerReferences?.map((reference) =>
      reference.uid === 'mine' ? { ...reference, uid: owner.metadata.uid ?? '' } : reference,
    );
    const metadata = { ...candidate.metadata, ...(mine === undefined ? {} : { ownerReferences: mine }) };
    created.push(await client.create(pods, { ...candidate, metadata }));
  }
  const claimed = await claimChildren({
    client,
    ownerResource: replicasets,
    owner,
    selector: selectorFromLabels({ app: 'web' }),
    childResource: pods,
    candidates: created,
    signal: new AbortController().signal,
  });
  const ownerOf = async (name: string) => {
    const live = await client.get(pods, { namespace: 'default', name });
    return live.metadata.ownerReferences?.map(({ uid }) => (uid === owner.metadata.uid ? 'mine' : uid)) ?? [];
  };
  return { claimed: claimed.map(({ metadata }) => metadata.name), ownerOf };
}

const web = (name: string) => pod().named(name).labelled({ app: 'web' });
const mine = replicaSet().withUid('mine').build();
const others = replicaSet().withUid('others').build();

describe('claiming', () => {
  test('keeps what is owned and selected, adopts orphans, releases what is no longer selected', async () => {
    await using api = await createTestApi();
    const { claimed, ownerOf } = await claim(api, [
      web('owned').ownedBy(mine).build(),
      web('orphan').build(),
      web('taken').ownedBy(others).build(),
      pod().named('strange').build(),
      pod().named('renamed').ownedBy(mine).build(),
    ]);
    expect(claimed).toEqual(['owned', 'orphan']);
    expect(await ownerOf('orphan')).toEqual(['mine']);
    expect(await ownerOf('taken')).toEqual(['others']);
    expect(await ownerOf('strange')).toEqual([]);
    expect(await ownerOf('renamed')).toEqual([]);
  });

  test('adopts nothing for an owner that only the cache still knows', async () => {
    await using api = await createTestApi();
    await expect(claim(api, [web('orphan').build()], 'gone')).rejects.toThrow('not found');
    const live = await api.client.get(pods, { namespace: 'default', name: 'orphan' });
    expect(live.metadata.ownerReferences ?? []).toEqual([]);
  });
});
