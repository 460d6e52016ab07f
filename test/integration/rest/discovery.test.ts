import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

let rest: RestApi;
beforeAll(async () => {
  // Tokens are served where there is a key to sign them with.
  const { privateKey: signing, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  rest = await createRestApi({ serviceAccountKeys: { signing, verifying: [publicKey] } });
});
afterAll(() => rest[Symbol.asyncDispose]());

interface Resource {
  readonly name: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
}

async function json<T>(path: string, accept?: string): Promise<T> {
  const answer = await rest.send('GET', path, { accept });
  expect([path, answer.code]).toEqual([path, 200]);
  return answer.json() as unknown as T;
}

/** Where each group version is, such as "/apis/apps/v1". */
async function bases(): Promise<readonly string[]> {
  const { groups } = await json<{ groups: { versions: { groupVersion: string }[] }[] }>('/apis');
  const named = groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`));
  return ['/api/v1', ...named];
}

const resourcesAt = async (base: string) => (await json<{ resources: Resource[] }>(base)).resources;

const methods: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
};

/** Where a verb of discovery is asked for. */
function pathOf(
  base: string,
  { name, namespaced }: Resource,
  verb: string,
  places: readonly [string, string],
) {
  const [plural, subresource] = name.split('/');
  const [namespace, object] = places;
  const collection = `${base}${namespaced ? `/namespaces/${namespace}` : ''}/${plural}`;
  const ofCollection =
    ['list', 'watch', 'deletecollection'].includes(verb) || (verb === 'create' && subresource === undefined);
  if (ofCollection) return collection;
  return `${collection}/${object}${subresource === undefined ? '' : `/${subresource}`}`;
}

describe('discovery', () => {
  test('names nothing that answers 404', async () => {
    const { groups } = await json<{ groups: { name: string }[] }>('/apis');
    for (const { name } of groups) expect((await rest.send('GET', `/apis/${name}`)).code).toBe(200);
    for (const base of await bases()) {
      const resources = await resourcesAt(base);
      expect(resources.length).toBeGreaterThan(0);
      for (const { name, verbs } of resources.filter((each) => each.verbs.includes('list'))) {
        const list = await rest.send('GET', `${base}/${name}`);
        expect([base, name, verbs, list.code]).toEqual([base, name, verbs, 200]);
      }
    }
    const { paths } = await json<{ paths: string[] }>('/');
    for (const path of paths) expect([path, (await rest.send('GET', path)).code]).toEqual([path, 200]);
  });

  test('names no verb, of whichever subresource, that is not served', async () => {
    const wrong: unknown[] = [];
    for (const base of await bases()) {
      for (const resource of await resourcesAt(base)) {
        for (const verb of resource.verbs.filter((each) => each !== 'watch')) {
          const path = pathOf(base, resource, verb, ['nowhere', 'nobody']);
          const { code, text } = await rest.send(methods[verb] ?? verb, `${path}?dryRun=All`, { body: '{}' });
          if ([405, 501].includes(code) || text.includes('could not find the requested resource'))
            wrong.push([verb, path, code, text]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('names nothing to watch that cannot be watched', async () => {
    const wrong: unknown[] = [];
    let watched = 0;
    for (const base of await bases()) {
      for (const resource of (await resourcesAt(base)).filter(({ verbs }) => verbs.includes('watch'))) {
        const path = pathOf(base, resource, 'watch', ['default', '']);
        const message = await rest.open('GET', `${path}?watch=true&allowWatchBookmarks=true`);
        if (message.statusCode !== 200) wrong.push([path, message.statusCode]);
        message.destroy();
        watched++;
      }
    }
    expect(wrong).toEqual([]);
    expect(watched).toBeGreaterThan(40);
  });

  test('names nothing that is not in OpenAPI 2 and 3, each verb at its path', async () => {
    interface Document {
      readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    }
    const missing: string[] = [];
    const whole = await json<Document>('/openapi/v2');
    for (const base of await bases()) {
      const { paths } = await json<Document>(`/openapi/v3${base}`);
      for (const resource of await resourcesAt(base)) {
        for (const verb of resource.verbs) {
          const path = pathOf(base, resource, verb, ['{namespace}', '{name}']);
          const method = (methods[verb] ?? verb).toLowerCase();
          for (const [version, document] of [
            [2, whole.paths],
            [3, paths],
          ] as const)
            if (document[path]?.[method] === undefined) missing.push(`${version}: ${verb} ${path}`);
        }
      }
    }
    expect(missing).toEqual([]);
  });

  test.each(['/api', '/apis', '/apis/apps', '/apis/apps/v1'])(
    'costs nothing at %s where it is known',
    async (path) => {
      const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
      const headers = { 'accept-encoding': 'gzip' };
      const first = await rest.send('GET', path, { accept, headers });
      expect(first.code).toBe(200);
      expect(first.headers.vary).toBe('Accept, Accept-Encoding');
      const known = { ...headers, 'if-none-match': first.headers.etag };
      const again = await rest.send('GET', path, { accept, headers: known });
      expect([again.code, again.text]).toEqual([304, '']);
    },
  );

  test('says the same plain and aggregated', async () => {
    interface Aggregated {
      readonly resource: string;
      readonly scope: string;
      readonly responseKind: { readonly kind: string };
      readonly verbs: readonly string[];
      readonly shortNames?: readonly string[];
      readonly subresources?: readonly {
        readonly subresource: string;
        readonly responseKind: { readonly kind: string };
        readonly verbs: readonly string[];
      }[];
    }
    interface Groups {
      readonly items: readonly {
        readonly metadata: { readonly name?: string };
        readonly versions: readonly { readonly version: string; readonly resources: readonly Aggregated[] }[];
      }[];
    }
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const told: string[] = [];
    for (const root of ['/api', '/apis']) {
      const { items } = await json<Groups>(root, accept);
      for (const { metadata, versions } of items) {
        for (const { version, resources } of versions) {
          const base = metadata.name === undefined ? '/api' : `/apis/${metadata.name}`;
          told.push(`${base}/${version}`);
          const plain = await resourcesAt(`${base}/${version}`);
          const aggregated = resources.flatMap(
            ({ resource, scope, responseKind, verbs, shortNames = [], subresources = [] }) => {
              const namespaced = scope === 'Namespaced';
              return [
                { name: resource, namespaced, kind: responseKind.kind, verbs, shortNames },
                ...subresources.map((sub) => ({
                  name: `${resource}/${sub.subresource}`,
                  namespaced,
                  kind: sub.responseKind.kind,
                  verbs: sub.verbs,
                  shortNames: [],
                })),
              ];
            },
          );
          const inOrder = (list: readonly Resource[]) => list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
          expect(inOrder(aggregated)).toEqual(
            inOrder(
              plain.map(({ name, namespaced, kind, verbs, shortNames = [] }) => ({
                name,
                namespaced,
                kind,
                verbs,
                shortNames,
              })),
            ),
          );
        }
      }
    }
    expect(told.toSorted()).toEqual((await bases()).toSorted());
  });
});
