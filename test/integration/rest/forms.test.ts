import { afterAll, beforeAll, expect, test } from 'vitest';
import { configmaps, deployments } from '../../../core/api/generated/resources.ts';
import { readDocuments } from '../../../core/machinery/yaml.ts';
import { deployment } from '../../builders/index.ts';
import type { RestApi, RestRequest } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const path = '/api/v1/namespaces/default/configmaps';
const selfReviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
  for (const name of ['one', 'two'])
    await rest.api.client.create(configmaps, {
      metadata: { name, namespace: 'default' },
      data: { text: 'first\n\n  - second: "#"\n', empty: '' },
    });
  await rest.api.client.create(deployments, deployment().named('web').build());
});
afterAll(() => rest[Symbol.asyncDispose]());

async function get(from: string, accept: string | undefined, headers: RestRequest['headers'] = {}) {
  const answer = await rest.send('GET', from, { accept, headers });
  expect(answer.code).toBe(200);
  return answer;
}

async function yaml(from: string, accept: string): Promise<unknown> {
  const answer = await get(from, accept);
  expect(answer.headers['content-type']).toBe('application/yaml');
  const [document] = readDocuments(answer.text, { source: from });
  return document?.value;
}

test.for([
  ['a list of objects', path, ''],
  ['a list of nothing', '/api/v1/namespaces/default/secrets', ''],
  ['a list of metadata', path, ';as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'],
  ['an object', `${path}/one`, ''],
  ['the list of groups', '/apis', ''],
  ['the list of core versions', '/api', ''],
  ['a group', '/apis/apps', ''],
  ['the resources of a version', '/apis/apps/v1', ''],
  ['the metadata of an object', `${path}/one`, ';as=PartialObjectMetadata;v=v1;g=meta.k8s.io'],
] as const)('%s is the same in YAML, over several lines and in one', async ([, from, parameters]) => {
  const plain = await get(from, `application/json${parameters}`);
  expect(await yaml(from, `application/yaml${parameters}`)).toEqual(plain.json());
  const pretty = await get(`${from}?pretty=true`, `application/json${parameters}`);
  expect(pretty.text.trimEnd()).toBe(JSON.stringify(plain.json(), undefined, 2).trimEnd());
  expect(plain.text.trimEnd()).not.toContain('\n');
});

test('a Table is written in YAML as well', async () => {
  expect(await yaml(path, asTable.replace('json', 'yaml'))).toMatchObject({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    rows: [{ object: { metadata: { name: 'one' } } }, { object: { metadata: { name: 'two' } } }],
  });
});

test.for([
  ['application/json;q=0.1,application/yaml;q=0.9', 'application/yaml'],
  ['application/yaml;q=0.1,application/json;q=0.9', 'application/json'],
  ['*/*,application/yaml', 'application/yaml'],
  ['application/json;q=0,*/*;q=0.1,application/yaml;q=0.1', 'application/yaml'],
  ['application/vnd.kubernetes.protobuf,application/json', 'application/json'],
  [undefined, 'application/json'],
])('of %s, what is liked best is answered', async ([accept, expected]) => {
  expect((await get(path, accept)).headers['content-type']).toBe(expected);
});

test('what is liked not at all is not acceptable, nor is a stream of YAML', async () => {
  expect((await rest.send('GET', path, { accept: 'application/json;q=0' })).code).toBe(406);
  expect((await rest.send('GET', `${path}?watch=1`, { accept: 'application/yaml' })).code).toBe(406);
});

test.for([
  ['curl/8.5.0', '', true],
  ['Mozilla/5.0 (X11; Linux x86_64)', '', true],
  ['Wget/1.21', '', true],
  ['kubectl/v1.32.0', '', false],
  ['curl/8.5.0', '?pretty=false', false],
  ['kubectl/v1.32.0', '?pretty=1', true],
] as const)('JSON is printed for people: to %s with "%s"', async ([userAgent, query, isPretty]) => {
  for (const from of [path, `${path}/one`]) {
    const { text } = await get(`${from}${query}`, 'application/json', { 'user-agent': userAgent });
    expect(text.startsWith('{\n  "kind": "ConfigMap') || text.startsWith('{\n  "apiVersion"')).toBe(isPretty);
  }
  const { text } = await rest.send('GET', `${path}/none${query}`, { headers: { 'user-agent': userAgent } });
  expect(text.startsWith('{\n  "kind": "Status"')).toBe(isPretty);
});

test.for([
  ['a review', selfReviews, { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } }],
  ['an eviction', '/api/v1/namespaces/default/pods/web/eviction', { metadata: { name: 'web' } }],
] as const)('%s is in no Table', async ([, to, body]) => {
  const refused = await rest.send('POST', to, { accept: asTable, body: JSON.stringify(body) });
  expect(refused.json()).toMatchObject({ code: 406, reason: 'NotAcceptable' });
});

test('a client that takes objects for want of a Table gets a review', async () => {
  const body = JSON.stringify({ spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } });
  const answer = await rest.send('POST', selfReviews, { accept: `${asTable},application/json`, body });
  expect(answer.json()).toMatchObject({ kind: 'SelfSubjectAccessReview', status: { allowed: true } });
});

test('Tables and metadata go by their older version, too', async () => {
  const older = (as: string) => `application/json;as=${as};v=v1beta1;g=meta.k8s.io`;
  const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1' };
  for (const from of [path, `${path}/one`])
    expect((await get(from, older('Table'))).json()).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1beta1',
      rows: expect.arrayContaining([expect.objectContaining({ object: expect.objectContaining(partial) })]),
    });
  expect((await get(`${path}/one`, older('PartialObjectMetadata'))).json()).toMatchObject(partial);
  expect((await rest.send('GET', path, { accept: older('Table').replace('beta1', 'alpha1') })).code).toBe(
    406,
  );
});
