import { afterAll, beforeAll, expect, test } from 'vitest';
import { customresourcedefinitions, rolebindings, roles } from '../../core/api/generated/resources.ts';
import type { Cluster } from '../../core/client/cluster.ts';
import { ResourceIndex } from '../../core/client/resource-index.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { LiveTable } from '../../shell/models/live-table.ts';
import { database, databaseDefinition, databases, establish } from '../custom-resources/definitions.ts';
import { serveGrpc } from '../environment/grpc.ts';
import type { GrpcApi } from '../environment/grpc.ts';
import { clientPair, createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';

let rest: RestApi;
let grpc: GrpcApi;

beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  grpc = await serveGrpc(rest);
  await establish(rest.api, databaseDefinition());
});
afterAll(async () => {
  await grpc[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
});

test('a pane of a custom kind has its columns, for one who may list it and not read its definition', async () => {
  const { client: admin, clock } = rest.api;
  await admin.create(databases, database('orders', { replicas: 2 }));
  const metadata = { name: 'readers', namespace: 'default' };
  const rules = [{ apiGroups: [databases.group], resources: ['databases'], verbs: ['get', 'list', 'watch'] }];
  await admin.create(roles, { metadata, rules });
  const apiGroup = 'rbac.authorization.k8s.io';
  await admin.create(rolebindings, {
    metadata,
    roleRef: { apiGroup, kind: 'Role', name: 'readers' },
    subjects: [{ apiGroup, kind: 'User', name: 'ann' }],
  });
  const ann = grpc.connect(await clientPair(rest.pki.clientCa, 'O=developers, CN=ann'));
  const client = createClient(ann.verbs);
  const definition = { name: 'databases.data.example.com' };
  await expect(client.get(customresourcedefinitions, definition)).rejects.toMatchObject({ code: 403 });
  const resource = new ResourceIndex(JSON.parse((await ann.discovery.resources({})).toString())).lookUp('db');
  if (resource === undefined) throw new Error('nobody knows "db"');

  const cluster = { client, onStateChange: () => () => undefined } as unknown as Cluster;
  const pane = new LiveTable(cluster, resource, 'default');
  expect(pane.columns.map(({ name }) => name)).toEqual(['NAME', 'ENGINE', 'REPLICAS', 'READY', 'AGE']);
  await new Promise<void>((resolve) => {
    const end = pane.subscribe(() => {
      if (pane.rows().length === 0) return;
      end();
      resolve();
    });
  });
  // What has no value is left empty, as kubectl does.
  expect(
    pane
      .rows()[0]
      ?.cells(clock.now())
      .map(({ text }) => text),
  ).toEqual(['orders', 'postgres', '2', '', '0s']);
});
