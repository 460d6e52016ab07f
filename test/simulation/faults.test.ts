import { expect, onTestFailed, test } from 'vitest';
import { randomBelow, seededRandom } from '../../core/machinery/random.ts';
import { expectEventually, settle } from '../expectations/eventually.ts';
import { act, resumeAll } from './actions.ts';
import { ControlPlane } from './control-plane.ts';
import { expectConverged } from './convergence.ts';
import { faultyClient, noFaults, type Faults } from './faulty-client.ts';
import { Observer } from './observer.ts';

/** `npm run test:simulation -- SEED` replays one run; without, the same few are made each time. */
const given = process.env['WHEELHOUSE_SEED'];
const seeds = given === undefined ? [1, 2, 3, 4, 5, 6, 7, 8] : [Number(given)];
const steps = 60;

const badDay: Faults = { conflict: 0.05, lost: 0.05, unanswered: 0.05, unreadable: 0.03, cut: 0.02 };

test.each(seeds)('whatever happens, wishes come true in the end: seed %i', async (seed) => {
  const random = seededRandom(seed);
  let faults: Faults = noFaults;
  await using plane = await ControlPlane.start({
    seed,
    nodes: 4,
    kubelets: { stopMs: 400, startMs: 150 },
    wrapClient: (client) => faultyClient(client, seededRandom(seed + 1), () => faults),
  });
  const observer = new Observer(plane.client);
  await using _ = observer.start();
  const history: string[] = [];
  onTestFailed(() => {
    console.log(`Seed ${seed}: replay with "npm run test:simulation -- ${seed}"\n${history.join('\n')}`);
  });

  faults = badDay;
  for (let step = 0; step < steps; step++) {
    history.push(`${plane.clock.monotonicMs()} ms: ${await act(plane, random)}`);
    await settle(randomBelow(random, 8));
    await plane.clock.advanceAsync(20 + randomBelow(random, 700));
  }
  faults = noFaults;
  await resumeAll(plane);
  // Controllers may have to sit out a back-off, and expectations of writes whose events will never come.
  await expectEventually(plane.clock, () => expectConverged(plane), 20 * 60_000);
  expect(observer.violations).toEqual([]);
});
