import { atLeast, median, ratioOf, timed } from '../measure.ts';
import type { Measurement } from '../measure.ts';
import { podsPath } from './bench.ts';
import type { Bench } from './bench.ts';

const rounds = 9;

/** Lists of everything and of nothing, over TLS. */
export async function measureLists(bench: Bench): Promise<readonly Measurement[]> {
  const { stalls } = bench;
  const client = bench.clients.of(0);
  const floor = bench.floorClients.of(0);
  const none = `${podsPath}?labelSelector=app%3Dnobody`;
  const bytes = await client.fetch(podsPath);
  const ours: number[] = [];
  const bare: number[] = [];
  const selected: number[] = [];
  // In turn, so that a machine that gets slower slows all of them down.
  for (let round = 0; round < rounds; round++)
    await stalls.round('list', bench, async () => {
      ours.push(await timed(() => client.fetch(podsPath)));
      bare.push(await timed(() => floor.fetch(`/${bytes}`)));
      for (let again = 0; again < 3; again++) selected.push(await timed(() => client.fetch(none)));
    });
  const [list, least, nothing] = [median(ours), median(bare), median(selected)];
  const rate = (ms: number) => bytes / 1e6 / (ms / 1_000);
  return [
    atLeast(`REST list of ${(bytes / 1e6).toFixed(0)} MB of Pods`, rate(list), 300, 'MB/s', rate(least)),
    ratioOf('label-selected list with no match, beside the full one', nothing, list, 1 / 50),
  ];
}
