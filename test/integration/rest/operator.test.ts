import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { customresourcedefinitions } from '../../../core/api/generated/resources.ts';
import { database, databaseDefinition, databases, untilServed } from '../../custom-resources/definitions.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

/** A database as an operator sees it. */
interface Database extends KubernetesObject {
  readonly spec: { readonly engine: string; readonly version: string; readonly replicas: number };
  readonly status?: { readonly replicas?: number; readonly observedGeneration?: number };
}

const kind = { group: databases.group, version: databases.version, plural: databases.plural };
const namespace = 'default';

let rest: RestApi;
let config: KubeConfig;
beforeAll(async () => {
  rest = await createRestApi();
  await rest.api.client.create(customresourcedefinitions, databaseDefinition());
  await untilServed(rest.api, databases, true);
  config = new KubeConfig();
  const { serverCa, admin } = rest.pki;
  config.loadFromClusterAndUser(
    {
      name: 'test',
      server: `https://${rest.address}`,
      caData: serverCa.cert.toString('base64'),
      skipTLSVerify: false,
    },
    {
      name: 'operator',
      certData: admin.cert.toString('base64'),
      keyData: admin.key.toString('base64'),
    },
  );
});
afterAll(() => rest[Symbol.asyncDispose]());

/**
 * An operator as people write them: an informer on the custom resource, a reconciler that makes a ConfigMap of each
 * and reports in the status. It knows nothing of this server.
 */
class Operator {
  readonly #custom = config.makeApiClient(CustomObjectsApi);
  readonly #core = config.makeApiClient(CoreV1Api);
  readonly #informer = makeInformer<Database>(
    config,
    `/apis/${kind.group}/${kind.version}/namespaces/${namespace}/${kind.plural}`,
    async () =>
      (await this.#custom.listNamespacedCustomObject({
        ...kind,
        namespace,
      })) as KubernetesListObject<Database>,
  );
  readonly #working = new Set<Promise<void>>();
  readonly failures: unknown[] = [];

  async start(): Promise<void> {
    for (const event of ['add', 'update'] as const)
      this.#informer.on(event, (object) => {
        const work = this.#reconcile(object).catch((error: unknown) => {
          this.failures.push(error);
        });
        this.#working.add(work);
        void work.finally(() => this.#working.delete(work));
      });
    await this.#informer.start();
  }

  async stop(): Promise<void> {
    await this.#informer.stop();
    await Promise.all(this.#working);
  }

  async #reconcile({ metadata, spec, status }: Database): Promise<void> {
    const { name = '', uid = '', generation = 0 } = metadata ?? {};
    if (status?.observedGeneration === generation) return;
    await this.#core.patchNamespacedConfigMap(
      {
        name,
        namespace,
        fieldManager: 'database-operator',
        force: true,
        body: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {
            name,
            ownerReferences: [
              { apiVersion: `${kind.group}/${kind.version}`, kind: 'Database', name, uid, controller: true },
            ],
          },
          data: { engine: `${spec.engine}:${spec.version}` },
        },
      },
      setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
    );
    await this.#custom.patchNamespacedCustomObjectStatus(
      {
        ...kind,
        namespace,
        name,
        body: {
          status: {
            replicas: spec.replicas,
            observedGeneration: generation,
            conditions: [{ type: 'Ready', status: 'True', reason: 'Made' }],
          },
        },
      },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
  }
}

/** Resolves when an object's status tells of its newest generation. */
async function untilReported(name: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const options = { fieldSelector: `metadata.name=${name}`, namespace, signal };
  for await (const events of rest.api.client.watch(databases, options))
    for (const event of events)
      if (
        event.type !== 'BOOKMARK' &&
        event.object.status?.['observedGeneration'] === event.object.metadata.generation
      )
        return { ...event.object };
  throw new Error(`Cannot wait for "${name}": the watch ended`);
}

test('an operator written with the official client keeps up with its custom resources', async () => {
  const stop = new AbortController();
  const operator = new Operator();
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  await custom.createNamespacedCustomObject({ ...kind, namespace, body: database('before') });
  await operator.start();
  try {
    await custom.createNamespacedCustomObject({
      ...kind,
      namespace,
      body: database('after', { replicas: 3 }),
    });
    for (const name of ['before', 'after']) {
      const reported = await untilReported(name, stop.signal);
      expect(reported['status']).toMatchObject({ conditions: [{ type: 'Ready', status: 'True' }] });
    }
    const made = await core.readNamespacedConfigMap({ name: 'after', namespace });
    expect(made.data).toEqual({ engine: 'postgres:16' });
    expect(made.metadata?.ownerReferences?.[0]).toMatchObject({ kind: 'Database', name: 'after' });
    await custom.patchNamespacedCustomObject(
      { ...kind, namespace, name: 'after', body: { spec: { version: '17.1' } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    const changed = await untilReported('after', stop.signal);
    expect(changed).toMatchObject({
      metadata: { generation: 2 },
      status: { replicas: 3, observedGeneration: 2 },
    });
    const kept = await core.readNamespacedConfigMap({ name: 'after', namespace });
    expect(kept.data).toEqual({ engine: 'postgres:17.1' });
  } finally {
    stop.abort();
    await operator.stop();
  }
  expect(operator.failures).toEqual([]);
});
