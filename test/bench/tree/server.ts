import { MemoryStore } from '../../../core/storage/memory/store.ts';
import { startCore } from '../../environment/core.ts';
import { serveCalls } from '../api/child.ts';
import { fill } from '../api/stored-pods.ts';

/** A core with many Pods, for those who look at them. */
const [directory = '', pods = '0'] = process.argv.slice(2);
const store = new MemoryStore();
await fill(store, 0, Number(pods));
const { core } = await startCore(store, directory);

serveCalls({ grpcAddress: () => core.address }, async () => {
  await core.stop();
  await store.close();
});
