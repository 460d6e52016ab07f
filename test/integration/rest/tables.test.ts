import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployments } from '../../../core/api/generated/resources.ts';
import { SteppedClock } from '../../../core/machinery/stepped-clock.ts';
import { deployment } from '../../builders/index.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const path = '/apis/apps/v1/namespaces/default/deployments';
const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Table {
  readonly columnDefinitions: readonly Readonly<Record<string, unknown>>[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: object }[];
}

/** Begins when the clock of the API does. */
const serverClock = new SteppedClock();
let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi({ serverClock });
  await rest.api.client.create(deployments, deployment().named('web').build());
});
afterAll(() => rest[Symbol.asyncDispose]());

async function table(from: string): Promise<Table> {
  const answer = await rest.send('GET', from, { accept });
  expect(answer.code).toBe(200);
  const body = answer.json() as unknown as Table;
  expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
  return body;
}

test('a Table says of its columns what the API knows, and nothing else', async () => {
  for (const from of [path, `${path}/web`]) {
    const { columnDefinitions, rows } = await table(from);
    expect(columnDefinitions[2]).toEqual({
      name: 'Up-to-date',
      type: 'string',
      format: '',
      description: '',
      priority: 0,
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.cells).toHaveLength(columnDefinitions.length);
    expect(rows[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'web' } });
  }
});

test('a Scale has a Table of its own', async () => {
  const { columnDefinitions, rows } = await table(`${path}/web/scale`);
  expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Desired', 'Available', 'Age']);
  expect(rows[0]?.cells.slice(0, 3)).toEqual(['web', expect.any(Number), 0]);
});

test('ages are counted by the clock of the server', async () => {
  serverClock.advance(5 * 60_000);
  const ages = async (from: string) => (await table(from)).rows.map(({ cells }) => cells[4]);
  for (const from of [path, `${path}/web`]) expect(await ages(from)).toEqual(['5m']);
});
