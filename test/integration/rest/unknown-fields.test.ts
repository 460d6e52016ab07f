import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  configMaps,
  createHostileScene,
  deployments,
  expectRefusal,
} from '../../environment/hostile-scene.ts';
import type { RestAnswer, RestApi, RestRequest } from '../../environment/rest.ts';

/** What becomes of fields that nobody knows, by the head of the answer (RFC 7234, 5.5; upstream's code is 299). */
let rest: RestApi;
beforeAll(async () => {
  rest = await createHostileScene();
});
afterAll(() => rest[Symbol.asyncDispose]());

const warnings = ({ headers }: RestAnswer): readonly string[] => {
  const given = headers['warning'];
  if (given === undefined) return [];
  // Each is "299 - " and a text in quotes, in which quotes stand behind a backslash.
  const each = [...given.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)];
  expect(each.map(([whole]) => whole).join(', ')).toBe(given);
  return each.map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
};

interface Way {
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly request: RestRequest;
  /** What must be said, in any order. */
  readonly told: readonly string[];
}

const hinted = 'unknown field "dta"; did you mean "data"?';
const inPod = 'unknown field "spec.template.spec.containers[0].imagee"; did you mean "image"?';
const inPatch = JSON.stringify({
  spec: { template: { spec: { containers: [{ name: 'main', image: 'web:1', imagee: 'x' }] } } },
});
const ways: readonly Way[] = [
  {
    title: 'POST of JSON',
    method: 'POST',
    path: configMaps,
    request: { body: '{"metadata":{"name":"posted","lables":{}},"dta":{"a":"b"},"data":{"a":"1","a":"2"}}' },
    told: [hinted, 'unknown field "metadata.lables"; did you mean "labels"?', 'duplicate field "data.a"'],
  },
  {
    title: 'POST of YAML',
    method: 'POST',
    path: configMaps,
    request: {
      contentType: 'application/yaml',
      body: 'metadata: {name: posted}\ndta: {a: b}\ndata: {a: "1"}\ndata: {a: "2"}\n',
    },
    told: [hinted, 'line 4: key "data" already set in map'],
  },
  {
    title: 'PUT',
    method: 'PUT',
    path: `${configMaps}/there`,
    request: { body: '{"metadata":{"name":"there"},"dta":{"a":"b"},"data":{"a":"1"}}' },
    told: [hinted],
  },
  {
    title: 'PATCH, merge',
    method: 'PATCH',
    path: `${deployments}/web`,
    request: { contentType: 'application/merge-patch+json', body: inPatch },
    told: [inPod],
  },
  {
    title: 'PATCH, strategic',
    method: 'PATCH',
    path: `${deployments}/web`,
    request: { contentType: 'application/strategic-merge-patch+json', body: inPatch },
    told: [inPod],
  },
  {
    title: 'PATCH, JSON',
    method: 'PATCH',
    path: `${deployments}/web`,
    request: {
      contentType: 'application/json-patch+json',
      body: '[{"op":"add","path":"/spec/template/spec/containers/0/imagee","value":"x"}]',
    },
    told: [inPod],
  },
];

describe.each(ways)('$title with fields nobody knows', ({ method, path, request, told }) => {
  const send = (query: string) => rest.send(method, `${path}${query}`, request);

  test.for(['', '?fieldValidation=Warn', '?fieldValidation='])(
    'is warned of each, which is left out: "%s"',
    async (query) => {
      const answer = await send(query);
      expect([answer.code, answer.text]).toEqual([method === 'POST' ? 201 : 200, answer.text]);
      expect(warnings(answer).toSorted()).toEqual(told.toSorted());
      expect(answer.text).not.toMatch(/"dta"|"lables"|"imagee"/);
      if (method === 'POST') expect((await rest.send('DELETE', `${path}/posted`)).code).toBe(200);
    },
  );

  test('is told nothing where it asks for that', async () => {
    const answer = await send('?fieldValidation=Ignore');
    expect([answer.code < 300, answer.headers['warning']]).toEqual([true, undefined]);
    expect(answer.text).not.toMatch(/"dta"|"lables"|"imagee"/);
    if (method === 'POST') await rest.send('DELETE', `${path}/posted`);
  });

  test('is refused where it is strict, for all of them, and changes nothing', async () => {
    const before = (await rest.send('GET', method === 'POST' ? configMaps : path)).text;
    const answer = await send('?fieldValidation=Strict');
    const isPatch = method === 'PATCH';
    expectRefusal(answer, isPatch ? 422 : 400, isPatch ? 'Invalid' : 'BadRequest', /strict decoding error/);
    const { message = '' } = answer.json();
    for (const each of told) expect(message).toContain(each);
    expect(answer.headers['warning']).toBeUndefined();
    expect((await rest.send('GET', method === 'POST' ? configMaps : path)).text).toBe(before);
  });
});

test('names that would break out of the header are quoted, and thousands of them do not fill it', async () => {
  const odd = '{"metadata":{"name":"odd"},"a\\"b\\\\c":1,"line\\r\\nset-cookie: x":1,"ümlaut":1}';
  const answer = await rest.send('POST', `${configMaps}?dryRun=All`, { body: odd });
  expect(answer.code).toBe(201);
  expect(answer.headers['set-cookie']).toBeUndefined();
  const told = warnings(answer);
  expect(told).toHaveLength(3);
  const path = `[${JSON.stringify('a"b\\c')}]`;
  expect(told[0]).toBe(`unknown field ${JSON.stringify(path)}`);
  expect(told.join('')).not.toMatch(/[\r\n]/);
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`unknown${n}`, 1]));
  const body = JSON.stringify({ metadata: { name: 'many' }, ...many });
  const flooded = await rest.send('POST', `${configMaps}?dryRun=All`, { body });
  expect(flooded.code).toBe(201);
  expect(warnings(flooded).length).toBeGreaterThan(3);
  // Upstream: endpoints/filters/warning.go.
  expect(warnings(flooded).join('').length).toBeLessThanOrEqual(4 * 1024);
});
