import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createApi } from '../../../core/apiserver/api.ts';
import type { Api } from '../../../core/apiserver/api.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { releaseMemoryWhenIdle } from '../../../core/machinery/process/idle-memory.ts';
import { bindLightly } from '../../../core/machinery/process/light-bind.ts';
import { systemRandom } from '../../../core/machinery/random.ts';
import { EtcdStore } from '../../../core/storage/etcd/store.ts';
import { startCore } from '../../environment/core.ts';
import { serveCalls } from './child.ts';
import { watchLoop } from './loop-watch.ts';
import { allPods } from './stored-pods.ts';
import { watchInProcess } from './watchers-in-process.ts';

/** Core as core/cmd/main.ts starts it, on an etcd that is there already; or its API alone. */
const [endpoint = '', directory = '', part = 'core'] = process.argv.slice(2);
bindLightly();
const report = watchLoop();
const stopping = new AbortController();
const releasing = releaseMemoryWhenIdle(systemClock, stopping.signal);
const store = new EtcdStore({ endpoints: [endpoint], clock: systemClock });
const { api, address, grpcAddress, stop } = part === 'core' ? await startWhole() : await startApi();
let watching: Awaited<ReturnType<typeof watchInProcess>> | undefined;

serveCalls(
  {
    address: () => address,
    grpcAddress: () => grpcAddress,
    report,
    list: async () => {
      const { items } = await api.verbs.list({}, allPods);
      let bytes = 0;
      for (const [index, item] of items.entries()) {
        bytes += item.bytes.length;
        // As long as it takes to make them all, that is no stall of core's.
        if (index % 100 === 0) await nextTurn();
      }
      return bytes;
    },
    /** Begins to watch all Pods, that many times. */
    watch: async (watchers: number) => {
      watching = await watchInProcess(api.verbs, watchers);
    },
    /** Ends it once each watcher has seen so many events. */
    watched: (events: number) => watching?.end(events),
  },
  async () => {
    stopping.abort();
    await Promise.all([stop(), releasing]);
    await store.close();
  },
);

interface Started {
  readonly api: Api;
  readonly address: string | undefined;
  readonly grpcAddress: string | undefined;
  readonly stop: () => Promise<void>;
}

async function startWhole(): Promise<Started> {
  const { core } = await startCore(store, directory);
  const { restAddress: address, address: grpcAddress } = core;
  return { api: core.api, address, grpcAddress, stop: () => core.stop() };
}

async function startApi(): Promise<Started> {
  const ending = new AbortController();
  // The cache of every kind listens.
  setMaxListeners(0, ending.signal);
  const alone = createApi({ store, clock: systemClock, random: systemRandom, rbac: true });
  const running = alone.run(ending.signal);
  await alone.ready();
  const stop = async () => {
    ending.abort();
    await running;
  };
  return { api: alone, address: undefined, grpcAddress: undefined, stop };
}
