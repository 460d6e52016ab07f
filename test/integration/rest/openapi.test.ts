import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
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

type Json = Readonly<Record<string, unknown>>;
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components?: { readonly schemas: Readonly<Record<string, Json>> };
  readonly definitions?: Readonly<Record<string, Json>>;
}

async function document(path: string): Promise<Document> {
  const answer = await rest.send('GET', path);
  expect(answer.code).toBe(200);
  return JSON.parse(answer.text) as Document;
}

async function index(): Promise<[string, string][]> {
  const { paths } = (await document('/openapi/v3')) as unknown as {
    paths: Record<string, { serverRelativeURL: string }>;
  };
  return Object.entries(paths).map(([path, { serverRelativeURL }]) => [path, serverRelativeURL]);
}

/** Every "$ref" within a value. */
function references(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref' && typeof member === 'string') found.add(member);
    else references(member, found);
  }
  return found;
}

describe('OpenAPI 3', () => {
  test('has a document for every group version of discovery, whose references all lead somewhere', async () => {
    const versions = rest.api.scheme
      .all()
      .map(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`));
    const all = await index();
    expect(all.map(([path]) => path).toSorted()).toEqual([...new Set(versions)].toSorted());
    for (const [, url] of all) {
      const { paths, components } = await document(url);
      const defined = Object.keys(components?.schemas ?? {}).map((name) => `#/components/schemas/${name}`);
      expect(defined).toEqual(expect.arrayContaining([...references({ paths, components })]));
    }
  });

  test('tells what kubectl looks for in a Deployment', async () => {
    const { paths, components } = await document('/openapi/v3/apis/apps/v1');
    const patch = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.['patch'];
    expect(patch?.['x-kubernetes-group-version-kind']).toEqual({
      group: 'apps',
      version: 'v1',
      kind: 'Deployment',
    });
    expect(patch?.['parameters']).toContainEqual(
      expect.objectContaining({ name: 'fieldValidation', in: 'query' }),
    );
    expect(Object.keys((patch?.['requestBody'] as { content: object } | undefined)?.content ?? {})).toContain(
      'application/strategic-merge-patch+json',
    );
    expect(components?.schemas['io.k8s.api.core.v1.PodSpec']).toHaveProperty('properties.containers', {
      description: expect.any(String) as string,
      type: 'array',
      items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    });
  });

  test('names no operation that is not served, and leaves none out', async () => {
    for (const [, url] of await index()) {
      const { paths } = await document(url);
      const ids = Object.values(paths).flatMap((item) =>
        Object.values(item).map((each) => each['operationId']),
      );
      const named = ids.filter((id) => id !== undefined);
      expect(new Set(named).size).toBe(named.length);
    }
    for (const kind of rest.api.scheme.all()) {
      const base = kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
      const { paths } = await document(`/openapi/v3/${base}`);
      const collection = `/${base}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`;
      const methods = [paths[collection], paths[`${collection}/{name}`]].flatMap((item) =>
        Object.values(item ?? {}),
      );
      const actions = methods
        .map((operation) => operation['x-kubernetes-action'])
        .filter((each) => each !== undefined);
      const verbs: Record<string, string> = { post: 'create', put: 'update' };
      expect(actions.map((action) => verbs[action as string] ?? (action as string)).toSorted()).toEqual(
        kind.verbs.filter((verb) => verb !== 'watch').toSorted(),
      );
    }
  });

  test('is sent once: unchanged documents cost a 304, and an address with a hash holds for good', async () => {
    const [[, url] = ['', '']] = await index();
    const first = await rest.send('GET', url, { headers: { 'accept-encoding': 'gzip' } });
    expect(first.headers).toMatchObject({ 'content-encoding': 'gzip', 'cache-control': 'public, immutable' });
    expect(gunzipSync(first.bytes).toString('utf8')).toBe((await rest.send('GET', url)).text);
    const again = await rest.send('GET', url, { headers: { 'if-none-match': first.headers.etag } });
    expect([again.code, again.text]).toEqual([304, '']);
    const old = await rest.send('GET', `${url.split('?')[0]}?hash=OLD`);
    expect([old.code, old.headers.location]).toEqual([301, url]);
    expect((await rest.send('GET', '/openapi/v3/apis/nowhere/v1')).code).toBe(404);
  });
});

test('OpenAPI 2 tells the same of everything at once', async () => {
  const { paths, definitions } = await document('/openapi/v2');
  const defined = Object.keys(definitions ?? {}).map((name) => `#/definitions/${name}`);
  expect(defined).toEqual(expect.arrayContaining([...references({ paths, definitions })]));
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/api/v1/namespaces/{namespace}/pods/{name}', '/apis/apps/v1/deployments']),
  );
});
