import { afterAll, beforeAll, test } from 'vitest';
import type { Refused } from '../../environment/hostile-scene.ts';
import {
  badRequest,
  configMaps,
  createHostileScene,
  deep,
  deployments,
  expectRefused,
  invalid,
  tooLarge,
  unsupported,
} from '../../environment/hostile-scene.ts';
import type { RestApi } from '../../environment/rest.ts';

const patchTypes = [
  ['merge', 'application/merge-patch+json'],
  ['strategic merge', 'application/strategic-merge-patch+json'],
  ['JSON', 'application/json-patch+json'],
  ['apply', 'application/apply-patch+yaml'],
] as const;

const directives: readonly (readonly [string, object, RegExp])[] = [
  ['an unknown directive', { $patch: 'explode' }, /"explode"/],
  ['an unknown directive in a list', { containers: [{ $patch: 'explode', name: 'web' }] }, /"explode"/],
  ['a directive that is no text', { containers: [{ $patch: 7, name: 'web' }] }, /7/],
  ['keys to retain that are no list', { $retainKeys: 'containers' }, /retainKeys/],
  ['keys to retain without those it sets', { $retainKeys: ['volumes'], hostNetwork: true }, /retainKeys/],
  ['an order that is no list', { '$setElementOrder/containers': 'web' }, /setElementOrder/],
  [
    'an order without the items it changes',
    { '$setElementOrder/containers': [{ name: 'other' }], containers: [{ name: 'web', image: 'b' }] },
    /setElementOrder/,
  ],
  [
    'items to take away that are no list',
    { '$deleteFromPrimitiveList/finalizers': 'a' },
    /deleteFromPrimitiveList/,
  ],
  ['an item without its merge key', { containers: [{ image: 'b' }] }, /name/],
];
const cases: readonly Refused[] = [
  {
    title: 'a patch without a known type',
    method: 'PATCH',
    path: `${configMaps}/there`,
    body: '{}',
    ...unsupported,
    message: /application\/merge-patch\+json/,
  },
  {
    title: 'a JSON patch that is no list',
    method: 'PATCH',
    path: `${configMaps}/there`,
    contentType: 'application/json-patch+json',
    body: '{"op":"add"}',
    ...badRequest,
    message: /patch/i,
  },
  {
    title: 'a JSON patch whose test fails',
    method: 'PATCH',
    path: `${configMaps}/there`,
    contentType: 'application/json-patch+json',
    body: '[{"op":"test","path":"/data/a","value":"2"}]',
    ...invalid,
    message: /test/,
  },
  {
    title: 'a JSON patch of 10,001 operations',
    method: 'PATCH',
    path: `${configMaps}/there`,
    contentType: 'application/json-patch+json',
    body: `[${Array(10_001).fill('{"op":"add","path":"/data/b","value":"x"}').join(',')}]`,
    ...tooLarge,
    message: /10,?000/,
  },
  {
    title: 'a JSON patch whose copies multiply',
    method: 'PATCH',
    path: `${configMaps}/there`,
    contentType: 'application/json-patch+json',
    body: `[${Array.from({ length: 40 }, (_, n) => `{"op":"copy","from":"/data","path":"/data/k${n}"}`).join(',')}]`,
    ...tooLarge,
    message: /copies too much/,
  },
  {
    title: 'a merge patch that poisons',
    method: 'PATCH',
    path: `${configMaps}/there`,
    contentType: 'application/merge-patch+json',
    body: '{"metadata":{"labels":{"__proto__":"x"}}}',
    ...badRequest,
    message: /__proto__/,
  },
  ...directives.map(([directive, members, message]) => ({
    title: `a strategic merge patch with ${directive}`,
    method: 'PATCH',
    path: `${deployments}/web`,
    contentType: 'application/strategic-merge-patch+json',
    body: JSON.stringify({ spec: { template: { spec: members } } }),
    ...badRequest,
    message,
  })),
  ...patchTypes.flatMap(([title, contentType]): Refused[] => {
    const patch = { method: 'PATCH', path: `${deployments}/web?fieldManager=hostile`, contentType };
    const isList = title === 'JSON';
    const isYaml = title === 'apply';
    const whole = JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 2 } });
    const operations = (path: string, value: string) => `[{"op":"add","path":"${path}","value":${value}}]`;
    const text = isList ? operations('/spec/replicas', '2') : whole;
    const nested = deep(100_000);
    const poisoned = '{"metadata":{"labels":{"__proto__":"x"}}}';
    return [
      {
        title: `a ${title} patch that is cut off`,
        ...patch,
        body: text.slice(0, -2),
        ...badRequest,
        message: isYaml ? /line 1/ : /JSON/,
      },
      {
        title: `a ${title} patch of 100,000 levels`,
        ...patch,
        body: isList ? operations('/metadata/labels', nested) : nested,
        ...badRequest,
        message: /deep/,
      },
      {
        title: `a ${title} patch with a member called __proto__`,
        ...patch,
        body: isList ? operations('/metadata/labels', '{"__proto__":"x"}') : poisoned,
        ...badRequest,
        message: /__proto__/,
      },
    ];
  }),
  {
    title: 'a JSON patch into __proto__',
    method: 'PATCH',
    path: `${deployments}/web`,
    contentType: 'application/json-patch+json',
    body: '[{"op":"add","path":"/metadata/__proto__/polluted","value":true}]',
    ...badRequest,
    message: /__proto__/,
  },
  {
    title: 'an apply of YAML with a member called __proto__',
    method: 'PATCH',
    path: `${deployments}/web?fieldManager=hostile`,
    contentType: 'application/apply-patch+yaml',
    body: 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    __proto__: {polluted: "x"}\n',
    ...badRequest,
    message: /__proto__/,
  },
  {
    title: 'an apply without a field manager',
    method: 'PATCH',
    path: `${configMaps}/there`,
    contentType: 'application/apply-patch+yaml',
    body: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: there}\n',
    ...invalid,
    message: /fieldManager/,
  },
];

let rest: RestApi;
beforeAll(async () => {
  rest = await createHostileScene();
});
afterAll(() => rest[Symbol.asyncDispose]());

test.for([...cases])('$title is refused, and the server goes on', (refused) => expectRefused(rest, refused));
