import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePki } from '../../core/cmd/pki.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { plainDefinition } from '../custom-resources/definitions.ts';
import { startEtcd } from '../environment/etcd.ts';
import { startChild } from './api/child.ts';
import type { Child } from './api/child.ts';
import { Http2Client } from './api/http2-client.ts';
import type { LoopReport } from './api/loop-watch.ts';
import { atMost, quantile, timed } from './measure.ts';
import type { Measurement } from './measure.ts';

const definitions = 500;
/** Made when the others are there, by a client that reads the document of each: those leave garbage that is its own. */
const further = 100;
/** For a process that has nothing to do to let go of what it threw away. */
const settleMs = 30_000;

/** How soon a definition is served, and what many of them cost: core as it is run, and a client over REST. */
export async function measureCustomResources(): Promise<readonly Measurement[]> {
  const directory = await mkdtemp(join(tmpdir(), 'wheelhouse-bench-'));
  const etcd = await startEtcd();
  const start = () => startChild('api-server', etcd.endpoint, directory, 'core');
  try {
    const { served, empty, grown } = await createMany(await start(), directory);
    const { plain, published, restarted } = await createMore(await start(), directory);
    const p99 = (name: string, samples: readonly number[]) =>
      atMost(name, quantile(samples, 0.99), 200, 'ms', quantile(plain, 0.99));
    const cost = (name: string, megabytes: number) =>
      atMost(`${definitions} definitions: ${name}, resident`, Math.max(0, megabytes - empty), 60, 'MB');
    return [
      p99('a definition: created → served, p99, beside a ConfigMap', served),
      p99('… and in OpenAPI, p99', published),
      cost('the core that they were made in', grown),
      cost('a core that has just started', restarted),
    ];
  } finally {
    await etcd.dispose();
    await rm(directory, { recursive: true, force: true });
  }
}

async function settled(core: Child): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return (await core.call<LoopReport>('report')).residentMegabytes;
}

async function clientOf(core: Child, directory: string): Promise<Http2Client> {
  const { serverCa, admin } = await ensurePki(directory, systemClock);
  return Http2Client.connect(await core.call<string>('address'), { ca: serverCa.cert, ...admin });
}

async function createMany(core: Child, directory: string) {
  await using running = core;
  const client = await clientOf(running, directory);
  const empty = await settled(running);
  const served: number[] = [];
  for (let index = 0; index < definitions; index++) served.push(await timed(() => createOne(client, index)));
  const grown = await settled(running);
  await client.close();
  return { served, empty, grown };
}

async function createMore(core: Child, directory: string) {
  await using running = core;
  const client = await clientOf(running, directory);
  const restarted = await settled(running);
  const plain: number[] = [];
  const published: number[] = [];
  for (let index = definitions; index < definitions + further; index++) {
    // Of the same size, but it declares nothing.
    plain.push(await timed(() => createPlain(client, index)));
    published.push(
      await timed(async () => {
        const { group, kind } = await createOne(client, index);
        await untilThere(client, `/openapi/v3/apis/${group}/v1`, `"kind":"${kind}"`);
      }),
    );
  }
  await client.close();
  return { plain, published, restarted };
}

const configMaps = '/api/v1/namespaces/default/configmaps';

async function createPlain(client: Http2Client, index: number): Promise<void> {
  const name = `plain-${index}`;
  const object = { metadata: { name }, data: { schema: JSON.stringify(schema) } };
  await client.fetch(configMaps, {
    method: 'POST',
    contentType: 'application/json',
    body: JSON.stringify(object),
  });
  await client.fetch(`${configMaps}/${name}`);
  await client.fetch(`${configMaps}/${name}`, { method: 'DELETE' });
}

/** Resolves when objects of its kind can be listed. */
async function createOne(
  client: Http2Client,
  index: number,
): Promise<{ readonly group: string; readonly kind: string }> {
  const group = `group-${index % 50}.example.com`;
  const plural = `things${index}s`;
  const definition = plainDefinition(plural, schema);
  definition.metadata.name = `${plural}.${group}`;
  definition.spec.group = group;
  await client.fetch('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    method: 'POST',
    contentType: 'application/json',
    body: JSON.stringify(definition),
  });
  await untilThere(client, `/apis/${group}/v1/${plural}`);
  return { group, kind: definition.spec.names.kind };
}

/** Asks again and again, as nobody can be told. */
async function untilThere(client: Http2Client, path: string, text = ''): Promise<void> {
  for (;;) {
    const answer = await client.read(path);
    if (answer.status === 200 && answer.text.includes(text)) return;
    if (answer.status !== 200 && answer.status !== 404)
      throw new Error(`Cannot read ${path}: ${answer.status} ${answer.text}`);
  }
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
