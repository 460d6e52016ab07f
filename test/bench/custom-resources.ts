import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '../../core/apiserver/api.ts';
import type { Api } from '../../core/apiserver/api.ts';
import { OpenApiDocuments } from '../../core/apiserver/openapi.ts';
import { customresourcedefinitions } from '../../core/api/generated/resources.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { EtcdStore } from '../../core/storage/etcd/store.ts';
import { plainDefinition, resourceOf, untilServed } from '../custom-resources/definitions.ts';
import { startEtcd } from '../environment/etcd.ts';
import { startChild } from './api/child.ts';
import type { LoopReport } from './api/loop-watch.ts';
import { atMost, median } from './measure.ts';
import type { Measurement } from './measure.ts';

const definitions = 500;
/** The last ones are measured: each comes to a server that has the others already. */
const measured = 100;
const settleMs = 5_000;

/** How soon a definition is served, and what many of them cost. */
export async function measureCustomResources(): Promise<readonly Measurement[]> {
  const directory = await mkdtemp(join(tmpdir(), 'wheelhouse-bench-'));
  const etcd = await startEtcd();
  try {
    const empty = await residentMegabytes(etcd.endpoint, directory);
    const times = await createAll(etcd.endpoint);
    const full = await residentMegabytes(etcd.endpoint, directory);
    return [
      atMost(`definition ${definitions}: created → served, median`, median(times.served), 200, 'ms'),
      atMost('… and in OpenAPI, median', median(times.published), 200, 'ms'),
      atMost(`${definitions} definitions: core, resident`, Math.max(0, full - empty), 60, 'MB'),
    ];
  } finally {
    await etcd.dispose();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Of a core that has just started, on what is stored. */
async function residentMegabytes(endpoint: string, directory: string): Promise<number> {
  await using core = await startChild('api-server', endpoint, directory, 'core');
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return (await core.call<LoopReport>('report')).residentMegabytes;
}

interface Times {
  readonly served: number[];
  readonly published: number[];
}

async function createAll(endpoint: string): Promise<Times> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const store = new EtcdStore({ endpoints: [endpoint], clock: systemClock });
  const api = createApi({ store, clock: systemClock, random: systemRandom });
  const running = api.run(stop.signal);
  try {
    await api.ready(stop.signal);
    const documents = new OpenApiDocuments(api.scheme);
    const times: Times = { served: [], published: [] };
    for (let index = 0; index < definitions; index++) {
      const { served, published } = await createOne(api, documents, index);
      if (index < definitions - measured) continue;
      times.served.push(served);
      times.published.push(published);
    }
    return times;
  } finally {
    stop.abort();
    await running;
    await store.close();
  }
}

async function createOne(
  api: Api,
  documents: OpenApiDocuments,
  index: number,
): Promise<{ readonly served: number; readonly published: number }> {
  const group = `group-${index % 50}.example.com`;
  const definition = plainDefinition(`things${index}s`, schema);
  definition.metadata.name = `things${index}s.${group}`;
  definition.spec.group = group;
  const begun = performance.now();
  await createClient(api.verbs).create(customresourcedefinitions, definition);
  await untilServed(api, resourceOf(definition), true);
  const served = performance.now() - begun;
  documents.version3(`apis/${group}/v1`);
  return { served, published: performance.now() - begun };
}

/** As large as those of operators are in the middle: some 80 fields, all described. */
const schema = object(
  Object.fromEntries(
    ['spec', 'status'].map((part) => [
      part,
      object(
        Object.fromEntries(
          Array.from({ length: 8 }, (_, section) => [
            `section${section}`,
            object(
              Object.fromEntries(
                Array.from({ length: 4 }, (_none, field) => [
                  `field${field}`,
                  {
                    type: 'string',
                    maxLength: 100,
                    description: `What field ${field} of this section means.`,
                  },
                ]),
              ),
            ),
          ]),
        ),
      ),
    ]),
  ),
);

function object(properties: object): object {
  return { type: 'object', description: 'A part of the whole.', properties };
}
