import { startControlPlane } from '../../../core/cmd/control-plane.ts';
import { ensurePki } from '../../../core/cmd/pki.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { jsonLogger } from '../../../core/machinery/logger.ts';
import { systemRandom } from '../../../core/machinery/random.ts';
import { MemoryStore } from '../../../core/storage/memory/store.ts';
import { serveCalls } from '../api/child.ts';
import { fill } from '../api/stored-pods.ts';

/** A core with many Pods, for those who look at them. */
const [directory = '', pods = '0'] = process.argv.slice(2);
const store = new MemoryStore();
await fill(store, 0, Number(pods));
const core = await startControlPlane({
  store,
  soleWriter: true,
  listen: '127.0.0.1:0',
  rest: { listen: '127.0.0.1:0', pki: await ensurePki(directory, systemClock) },
  clock: systemClock,
  random: systemRandom,
  log: jsonLogger((line) => process.stderr.write(line), systemClock, 'warn'),
});

serveCalls({ grpcAddress: () => core.address }, async () => {
  await core.stop();
  await store.close();
});
