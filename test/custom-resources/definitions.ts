import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CustomResourceDefinition } from '../../core/api/generated/apiextensions-v1.ts';
import { customresourcedefinitions } from '../../core/api/generated/resources.ts';
import { mutable } from '../../core/api/object.ts';
import type { KubernetesObject, Mutable, New } from '../../core/api/object.ts';
import type { Resource } from '../../core/api/resource.ts';
import { readDocuments } from '../../core/machinery/yaml.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

/** Where the definition of databases stands, for kubectl. */
export const databasesFile = join(import.meta.dirname, 'databases.yaml');

/** A private copy of the definition of databases. */
export function databaseDefinition(): Mutable<CustomResourceDefinition> {
  const [document] = readDocuments(readFileSync(databasesFile, 'utf8'), { source: databasesFile });
  return structuredClone(document?.value) as Mutable<CustomResourceDefinition>;
}

/** A custom resource of the tests: all of it may be anything. */
export type Custom = KubernetesObject & { spec?: Record<string, unknown>; status?: Record<string, unknown> };

export const databases: Resource<Custom> = {
  group: 'data.example.com',
  version: 'v1',
  plural: 'databases',
  kind: 'Database',
  namespaced: true,
};

export function database(name: string, spec: Record<string, unknown> = {}): New<Custom> {
  return {
    apiVersion: 'data.example.com/v1',
    kind: 'Database',
    metadata: { name, namespace: 'default' },
    spec: { engine: 'postgres', ...spec },
  };
}

/** The least that a definition must say; `schema` is that of its one version. */
export function plainDefinition(
  plural: string,
  schema: object = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
): Mutable<CustomResourceDefinition> {
  const kind = plural.charAt(0).toUpperCase() + plural.slice(1, -1);
  return {
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  } as unknown as Mutable<CustomResourceDefinition>;
}

export function resourceOf({ spec }: Mutable<CustomResourceDefinition>, version = 'v1'): Resource<Custom> {
  const { group, names, scope } = spec;
  return { group, version, plural: names.plural, kind: names.kind, namespaced: scope === 'Namespaced' };
}

/** Creates a definition and resolves when its kind is served. */
export async function establish(api: TestApi, definition: Mutable<CustomResourceDefinition>): Promise<void> {
  await api.client.create(customresourcedefinitions, definition);
  await untilServed(api, resourceOf(definition, definition.spec.versions[0]?.name), true);
}

/** An API in process that serves databases. */
export async function createDatabasesApi(): Promise<TestApi> {
  const api = await createTestApi();
  await establish(api, databaseDefinition());
  return api;
}

/** Resolves when a version of a kind is served, or is not any more. */
export async function untilServed(
  { scheme }: Pick<TestApi, 'scheme'>,
  { group, version, plural }: Resource<Custom>,
  served: boolean,
): Promise<void> {
  const reached = () => (scheme.byResource(group, version, plural) !== undefined) === served;
  if (reached()) return;
  await new Promise<void>((resolve) => {
    const end = scheme.onChange(() => {
      if (!reached()) return;
      end();
      resolve();
    });
  });
}

/** Changes a definition and resolves when what it declares is served. */
export async function redefine(
  api: TestApi,
  name: string,
  change: (definition: Mutable<CustomResourceDefinition>) => void,
): Promise<void> {
  const definition = mutable(await api.client.get(customresourcedefinitions, { name }));
  change(definition);
  const changed = new Promise<void>((resolve) => {
    const end = api.scheme.onChange(() => {
      end();
      resolve();
    });
  });
  await api.client.update(customresourcedefinitions, definition);
  await changed;
}
