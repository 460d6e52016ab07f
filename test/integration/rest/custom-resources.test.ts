import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { database, databaseDefinition, databases, untilServed } from '../../custom-resources/definitions.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const objects = '/apis/data.example.com/v1/namespaces/default/databases';

type Members = Readonly<Record<string, unknown>>;

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
  const created = await rest.send('POST', definitions, { body: JSON.stringify(databaseDefinition()) });
  expect(created.code).toBe(201);
  await untilServed(rest.api, databases, true);
});
afterAll(() => rest[Symbol.asyncDispose]());

async function get(path: string, accept?: string): Promise<Members> {
  const answer = await rest.send('GET', path, { accept });
  expect(answer.code, answer.text).toBe(200);
  return answer.json();
}

describe('as soon as it is established, a custom kind', () => {
  test('is discovered, version by version', async () => {
    const groups = (await get('/apis')) as unknown as { groups: { name: string; versions: unknown }[] };
    expect(groups.groups.find(({ name }) => name === 'data.example.com')).toMatchObject({
      versions: [
        { groupVersion: 'data.example.com/v1', version: 'v1' },
        { groupVersion: 'data.example.com/v1beta1', version: 'v1beta1' },
      ],
      preferredVersion: { version: 'v1' },
    });
    const { resources } = (await get('/apis/data.example.com/v1')) as unknown as { resources: Members[] };
    expect(resources).toEqual([
      {
        name: 'databases',
        singularName: 'database',
        namespaced: true,
        kind: 'Database',
        verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
        shortNames: ['db', 'dbs'],
        categories: ['all', 'data'],
      },
      {
        name: 'databases/status',
        singularName: '',
        namespaced: true,
        kind: 'Database',
        verbs: ['get', 'patch', 'update'],
      },
      {
        name: 'databases/scale',
        singularName: '',
        namespaced: true,
        group: 'autoscaling',
        version: 'v1',
        kind: 'Scale',
        verbs: ['get', 'patch', 'update'],
      },
    ]);
    const aggregated = JSON.stringify(
      await get('/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'),
    );
    expect(aggregated).toContain('"resource":"databases"');
  });

  test('is in OpenAPI 3, with the schema of its definition', async () => {
    const { paths: index } = (await get('/openapi/v3')) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const { components, paths } = (await get(index['apis/data.example.com/v1']?.serverRelativeURL ?? '')) as {
      components: { schemas: Record<string, Members> };
      paths: Members;
    };
    const schema = components.schemas['com.example.data.v1.Database'] as {
      properties: Record<string, { properties: Record<string, Members> }>;
    };
    expect(schema).toMatchObject({
      type: 'object',
      description: 'A database that an operator keeps running.',
      required: ['spec'],
      'x-kubernetes-group-version-kind': [{ group: 'data.example.com', version: 'v1', kind: 'Database' }],
    });
    expect(Object.keys(schema.properties).toSorted()).toEqual([
      'apiVersion',
      'kind',
      'metadata',
      'spec',
      'status',
    ]);
    expect(schema.properties['spec']?.properties['engine']).toEqual({
      type: 'string',
      description: 'The program that keeps the data.',
      enum: ['postgres', 'mysql'],
    });
    expect(paths).toHaveProperty([`${objects.replace('/default/', '/{namespace}/')}/{name}/scale`]);
  });

  test('is in OpenAPI 2, as far as that can say it', async () => {
    const { definitions: schemas } = (await get('/openapi/v2')) as { definitions: Record<string, Members> };
    const schema = JSON.stringify(schemas['com.example.data.v1.Database']);
    expect(schema).not.toMatch(/oneOf|nullable|"default"/);
    expect(schema).toContain('"x-kubernetes-int-or-string":true');
  });

  test('has a table with the columns of its definition', async () => {
    const body = JSON.stringify({ ...database('table', { replicas: 2 }) });
    expect((await rest.send('POST', objects, { body })).code).toBe(201);
    const condition = { type: 'Ready', status: 'True' };
    await rest.send('PATCH', `${objects}/table/status`, {
      body: JSON.stringify({ status: { conditions: [{ type: 'Other', status: 'False' }, condition] } }),
      contentType: 'application/merge-patch+json',
    });
    const table = (await get(`${objects}/table`, 'application/json;as=Table;v=v1;g=meta.k8s.io')) as {
      columnDefinitions: Members[];
      rows: { cells: unknown[] }[];
    };
    expect(table.columnDefinitions.map(({ name, type, priority }) => [name, type, priority])).toEqual([
      ['Name', 'string', 0],
      ['Engine', 'string', 0],
      ['Replicas', 'integer', 0],
      ['Ready', 'string', 0],
      ['Size', 'string', 1],
      ['Age', 'date', 0],
    ]);
    expect(table.rows[0]?.cells.slice(0, 5)).toEqual(['table', 'postgres', 2, 'True', '1Gi']);
  });

  test('takes every patch but strategic merge, which needs to know the type', async () => {
    const answer = await rest.send('PATCH', `${objects}/table`, {
      body: '{"spec":{"replicas":3}}',
      contentType: 'application/strategic-merge-patch+json',
    });
    expect(answer.code).toBe(415);
    expect(answer.json().message).toContain('application/merge-patch+json');
  });

  test('is listed under the name its definition gives lists', async () => {
    expect(await get(objects)).toMatchObject({ kind: 'DatabaseList', apiVersion: 'data.example.com/v1' });
  });
});

test('a kind whose definition is deleted is gone from everywhere', async () => {
  const { name } = databaseDefinition().metadata;
  expect((await rest.send('DELETE', `${definitions}/${name}`)).code).toBe(200);
  await untilServed(rest.api, databases, false);
  expect((await rest.send('GET', objects)).code).toBe(404);
  expect((await rest.send('GET', '/apis/data.example.com')).code).toBe(404);
  expect(await get('/openapi/v3')).not.toHaveProperty(['paths', 'apis/data.example.com/v1']);
  const { definitions: schemas } = (await get('/openapi/v2')) as { definitions: Members };
  expect(schemas).not.toHaveProperty(['com.example.data.v1.Database']);
});
