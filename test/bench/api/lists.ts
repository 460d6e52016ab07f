import { atLeast, ratioOf, timed } from '../measure.ts';
import type { Measurement } from '../measure.ts';
import { podsPath } from './bench.ts';
import type { Bench } from './bench.ts';

const roundsInARow = 5;
const none = `${podsPath}?labelSelector=app%3Dnobody`;

/** Lists of everything and of nothing, over TLS. Measured now and then, as `Mix` is, and the best of each counts. */
export class Lists {
  readonly #bench: Bench;
  readonly #ours: number[] = [];
  readonly #bare: number[] = [];
  readonly #selected: number[] = [];
  #bytes = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async measure(): Promise<void> {
    const { stalls, clients, floorClients } = this.#bench;
    const client = clients.of(0);
    const floor = floorClients.of(0);
    this.#bytes = await client.fetch(podsPath);
    // In turn, so that a machine that gets slower slows all of them down.
    for (let round = 0; round < roundsInARow; round++)
      await stalls.round('list', this.#bench, async () => {
        this.#ours.push(await timed(() => client.fetch(podsPath)));
        this.#bare.push(await timed(() => floor.fetch(`/${this.#bytes}`)));
        for (let again = 0; again < 3; again++) this.#selected.push(await timed(() => client.fetch(none)));
      });
  }

  measurements(): readonly Measurement[] {
    const [list, least, nothing] = [this.#ours, this.#bare, this.#selected].map((ms) => Math.min(...ms)) as [
      number,
      number,
      number,
    ];
    const megabytes = this.#bytes / 1e6;
    const rate = (ms: number) => megabytes / (ms / 1_000);
    return [
      atLeast(`REST list of ${megabytes.toFixed(0)} MB of Pods`, rate(list), 300, 'MB/s', rate(least)),
      ratioOf('label-selected list with no match, beside the full one', nothing, list, 1 / 50),
    ];
  }
}
