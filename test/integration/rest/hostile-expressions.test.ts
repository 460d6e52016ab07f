import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainDefinition, resourceOf, untilServed } from '../../custom-resources/definitions.ts';
import type { Refused } from '../../environment/hostile-scene.ts';
import {
  badRequest,
  configMaps,
  createHostileScene,
  deployments,
  expectHealthy,
  expectRefusal,
  expectRefused,
  invalid,
} from '../../environment/hostile-scene.ts';
import type { RestApi } from '../../environment/rest.ts';
import { expectEventually } from '../../expectations/eventually.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const registration = '/apis/admissionregistration.k8s.io/v1';
/** Whatever is built to take for ever has not; a busy machine may need some seconds of it. */
const withinMs = 15_000;

let rest: RestApi;
beforeAll(async () => {
  rest = await createHostileScene();
});
afterAll(() => rest[Symbol.asyncDispose]());

async function inTime<T>(work: Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work;
  expect(performance.now() - began).toBeLessThan(withinMs);
  return result;
}

const schemaWith = (field: object) => ({ type: 'object', properties: { field } });
const listsOf = (levels: number): object =>
  levels === 0 ? { type: 'string' } : { type: 'array', items: listsOf(levels - 1) };
/** Looks at everything in lists of lists, once for each thing in them. */
const squared = (levels: number, within = 'self'): string =>
  levels === 0 ? 'true' : `${within}.all(x${levels}, ${squared(levels - 1, `x${levels}`)})`;

describe('a definition is refused at once', () => {
  const post = (title: string, field: object, message: RegExp): Refused => ({
    title,
    path: definitions,
    body: JSON.stringify(plainDefinition('mines', schemaWith(field))),
    ...invalid,
    message,
  });
  const cases: readonly Refused[] = [
    post('for a pattern of a million steps', { type: 'string', pattern: '(a{1000}){1000}' }, /pattern/),
    post(
      'for a pattern of 10^15 steps',
      { type: 'string', pattern: '((((a{1000}){1000}){1000}){1000}){1000}' },
      /pattern/,
    ),
    post('for a repetition beyond any', { type: 'string', pattern: 'a{100000}' }, /pattern/),
    post(
      'for a pattern that nests 5,000 levels',
      { type: 'string', pattern: `${'('.repeat(5_000)}a${')'.repeat(5_000)}` },
      /pattern/,
    ),
    post('for a pattern that looks ahead', { type: 'string', pattern: '(?=a)b' }, /pattern/),
    post(
      'for a rule that looks at lists of lists without limits',
      { ...listsOf(4), 'x-kubernetes-validations': [{ rule: squared(4) }] },
      /estimated rule cost exceeds budget/,
    ),
    post(
      'for a rule with a pattern that explodes',
      { type: 'string', 'x-kubernetes-validations': [{ rule: "self.matches('(a{1000}){1000}')" }] },
      /invalid matches argument/,
    ),
    post(
      'for a rule of 10,000 levels',
      {
        type: 'string',
        'x-kubernetes-validations': [{ rule: `${'('.repeat(10_000)}true${')'.repeat(10_000)}` }],
      },
      /x-kubernetes-validations\[0\]\.rule: (Invalid value|Too long)/,
    ),
    post(
      'for a rule that is a chain of 10,000 calls',
      { type: 'string', 'x-kubernetes-validations': [{ rule: `self${'.trim()'.repeat(10_000)} == ''` }] },
      /x-kubernetes-validations\[0\]\.rule: (Invalid value|Too long)/,
    ),
  ];
  test.for([...cases])('$title', (refused) => inTime(expectRefused(rest, refused)));
});

test('a pattern that other engines take for ever over is answered in time', async () => {
  const definition = plainDefinition(
    'walls',
    schemaWith({ type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' }),
  );
  const made = await rest.send('POST', definitions, { body: JSON.stringify(definition) });
  expect(made.code).toBe(201);
  await untilServed(rest.api, resourceOf(definition), true);
  const wall = {
    apiVersion: 'example.com/v1',
    kind: 'Wall',
    metadata: { name: 'x' },
    field: 'a'.repeat(50_000),
  };
  await inTime(
    expectRefused(rest, {
      title: '',
      path: '/apis/example.com/v1/namespaces/default/walls',
      body: JSON.stringify(wall),
      ...invalid,
      message: /^Wall.example.com "x" is invalid: field: Invalid value/,
    }),
  );
});

describe('a policy', () => {
  const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
  const policyOf = (expression: string) =>
    JSON.stringify({
      metadata: { name: 'mine' },
      spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression }] },
    });

  // What is wrong is told with the expression that it is about.
  test.for([
    ['a pattern that explodes', "object.metadata.name.matches('(a{1000}){1000}')"],
    ['10,000 operators in a row', Array(8_000).fill('1').join('+')],
    ['a call that is none', 'object.metadata.name.explode()'],
  ] as const)('with %s is refused at once', ([, expression]) =>
    inTime(
      expectRefused(rest, {
        title: '',
        path: `${registration}/validatingadmissionpolicies`,
        body: policyOf(expression),
        ...invalid,
        message: /spec\.validations\[0\]\.expression: Invalid value/,
      }),
    ),
  );

  test('whose expression explodes with what it looks at is stopped, and refuses it', async () => {
    const { clock } = rest.api;
    const numbers = `[${Array.from({ length: 200 }, (_, n) => n).join(',')}]`;
    const nested = `${numbers}.all(a, ${numbers}.all(b, ${numbers}.all(c, a + b + c >= 0)))`;
    const policies = `${registration}/validatingadmissionpolicies`;
    const bindings = `${registration}/validatingadmissionpolicybindings`;
    expect((await rest.send('POST', policies, { body: policyOf(nested) })).code).toBe(201);
    const binding = { metadata: { name: 'mine' }, spec: { policyName: 'mine', validationActions: ['Deny'] } };
    expect((await rest.send('POST', bindings, { body: JSON.stringify(binding) })).code).toBe(201);
    const create = () => rest.send('POST', `${configMaps}?dryRun=All`, { body: '{"metadata":{"name":"x"}}' });
    try {
      await expectEventually(clock, async () => expect((await create()).code).toBe(422));
      const refused = await inTime(create());
      expectRefusal(refused, 422, 'Invalid', /'mine'.*denied request: .*cost limit exceeded/);
      await expectHealthy(rest);
    } finally {
      await rest.send('DELETE', `${bindings}/mine`);
      await rest.send('DELETE', `${policies}/mine`);
    }
    await expectEventually(clock, async () => expect((await create()).code).toBe(201));
  });
});

describe('names that prototypes know', () => {
  const yaml = 'application/yaml';
  const aliases = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 9 }, (_, n) => {
      const [name, before] = ['bcdefghij'.charAt(n), 'abcdefghij'.charAt(n)];
      return `${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`;
    }),
  ].join('\n');
  const apply = { method: 'PATCH', contentType: 'application/apply-patch+yaml' };
  const cases: readonly Refused[] = [
    {
      title: '__proto__ in YAML is refused',
      contentType: yaml,
      body: 'metadata: {name: x}\n__proto__: {polluted: true}\n',
      ...badRequest,
      message: /__proto__/,
    },
    {
      title: '__proto__ among labels in YAML is refused',
      contentType: yaml,
      body: 'metadata:\n  name: x\n  labels: {"__proto__": "x"}\n',
      ...badRequest,
      message: /__proto__/,
    },
    {
      title: '__proto__ by way of a merge of YAML is refused',
      contentType: yaml,
      body: 'metadata: {name: x}\ndata:\n  <<: {__proto__: {polluted: true}}\n',
      ...badRequest,
      message: /__proto__|data/,
    },
    {
      title: 'aliases that multiply are refused in an apply',
      ...apply,
      path: `${configMaps}/there?fieldManager=hostile`,
      body: aliases,
      ...badRequest,
      message: /alias/i,
    },
    {
      title: 'a member that is called constructor is refused where all are known',
      path: `${configMaps}?fieldValidation=Strict`,
      body: '{"metadata":{"name":"x"},"constructor":{"prototype":{"polluted":true}}}',
      ...badRequest,
      message: /unknown field "constructor"/,
    },
    {
      title: 'a JSON patch into a constructor finds nothing there',
      method: 'PATCH',
      path: `${configMaps}/there`,
      contentType: 'application/json-patch+json',
      body: '[{"op":"add","path":"/constructor/prototype/polluted","value":true}]',
      ...invalid,
      message: /constructor/,
    },
  ];
  test.for([...cases])('$title', (refused) => expectRefused(rest, refused));

  test.for([
    ['JSON', 'application/json', '{"constructor":"a","prototype":"b","toString":"c","valueOf":"d"}'],
    ['YAML', yaml, '{constructor: a, prototype: b, toString: c, valueOf: d}'],
  ] as const)('but __proto__ are keys as any other in %s', async ([, contentType, map]) => {
    const body =
      contentType === yaml
        ? `metadata: {name: keys, labels: ${map}, annotations: ${map}}\ndata: ${map}\n`
        : `{"metadata":{"name":"keys","labels":${map},"annotations":${map}},"data":${map}}`;
    const kept = { constructor: 'a', prototype: 'b', toString: 'c', valueOf: 'd' };
    const made = await rest.send('POST', `${configMaps}?fieldValidation=Strict`, { contentType, body });
    expect([made.code, made.text]).toEqual([201, made.text]);
    const { data, metadata } = (await rest.send('GET', `${configMaps}/keys`)).json() as Record<
      string,
      unknown
    >;
    expect(data).toEqual(kept);
    expect(metadata).toMatchObject({ labels: kept, annotations: kept });
    const selected = await rest.send('GET', `${configMaps}?labelSelector=constructor%3Da`);
    expect(selected.json()['items']).toHaveLength(1);
    expect((await rest.send('GET', `${configMaps}?labelSelector=hasOwnProperty`)).json()['items']).toEqual(
      [],
    );
    await rest.send('DELETE', `${configMaps}/keys`);
    await expectHealthy(rest);
  });

  test.for([
    ['merge', 'application/merge-patch+json'],
    ['strategic merge', 'application/strategic-merge-patch+json'],
  ] as const)('go into a map by a %s patch, and out again, and nowhere else', async ([, contentType]) => {
    const patch = async (labels: object, more: object = {}) => {
      const body = JSON.stringify({ metadata: { labels }, ...more });
      const { code, text } = await rest.send('PATCH', `${deployments}/web`, { contentType, body });
      expect([code, text]).toEqual([200, text]);
    };
    const labels = async () =>
      ((await rest.send('GET', `${deployments}/web`)).json().metadata as { labels?: object }).labels ?? {};
    const before = await labels();
    await patch({ constructor: 'a', prototype: 'b' }, { constructor: { prototype: { polluted: true } } });
    expect(await labels()).toEqual({ ...before, constructor: 'a', prototype: 'b' });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    await patch({ constructor: null, prototype: null });
    expect(await labels()).toEqual(before);
    await expectHealthy(rest);
  });
});
