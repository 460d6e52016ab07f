import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const password = 'hunter2-hunter2';
const base64 = Buffer.from(password).toString('base64');
const pin = 31_415_926;

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
  await send('POST', secrets, secret({ data: { password: base64 } }, 'there'));
  await send('POST', secrets, secret({ data: { password: base64 }, immutable: true }, 'fixed'));
});
afterAll(() => rest[Symbol.asyncDispose]());

const secrets = '/api/v1/namespaces/default/secrets';

function secret(more: object, name = 'web') {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, ...more };
}

function send(method: string, path: string, body: unknown, contentType = 'application/json') {
  return rest.send(method, path, {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    contentType,
  });
}

const merge = 'application/merge-patch+json';
const apply = 'application/apply-patch+yaml';
const yaml = 'application/yaml';
const valid = JSON.stringify(secret({ data: { password: base64 } }));

type Case = readonly [why: string, method: string, path: string, body: unknown, type?: string];

const cases: readonly Case[] = [
  ['no base64', 'POST', '', secret({ data: { password } })],
  ['a number for a text', 'POST', '', secret({ stringData: { pin } })],
  ['a number for base64', 'POST', '', secret({ data: { pin } })],
  ['a list for a text', 'POST', '', secret({ stringData: { password: [password] } })],
  ['an object for a text', 'POST', '', secret({ stringData: { password: { a: password } } })],
  ['a text for the data', 'POST', '', secret({ data: password })],
  ['a list for the data', 'POST', '', secret({ stringData: [password] })],
  ['a key that is none', 'POST', '', secret({ data: { 'no key': base64 } })],
  ['unknown fields', 'POST', '?fieldValidation=Strict', secret({ password, dat: { password } })],
  [
    'fields given twice',
    'POST',
    '?fieldValidation=Strict',
    valid.replace('"data":', `"data":{"a":"${base64}"},"data":`),
  ],
  ['JSON that breaks off', 'POST', '', valid.slice(0, -8)],
  ['JSON with a slip', 'POST', '', valid.replace(`"${base64}"`, base64)],
  [
    'a docker configuration that is none',
    'POST',
    '',
    secret({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': password } }),
  ],
  [
    'an old docker configuration that is none',
    'POST',
    '',
    secret({ type: 'kubernetes.io/dockercfg', stringData: { '.dockercfg': password } }),
  ],
  [
    'a key pair without its key',
    'POST',
    '',
    secret({ type: 'kubernetes.io/tls', stringData: { 'tls.crt': password } }),
  ],
  ['too large', 'POST', '', secret({ stringData: { password: password.repeat(80_000) } })],
  [
    'YAML with a slip',
    'POST',
    '',
    `apiVersion: v1\nkind: Secret\nstringData:\n  password: "${password}\n`,
    yaml,
  ],
  ...['@', '%', '!', '&', '`', '{', '[', '- ', '? ', '|x ', '\t'].map((start): Case => [
    `YAML with a value that begins with ${JSON.stringify(start)}`,
    'POST',
    '',
    `apiVersion: v1\nkind: Secret\nstringData:\n  password: ${start}${password}\n bad: indent: x\n`,
    yaml,
  ]),
  [
    'YAML with an alias',
    'POST',
    '',
    `apiVersion: v1\nkind: Secret\nstringData:\n  password: *${password}\n`,
    yaml,
  ],
  [
    'YAML with a key twice',
    'POST',
    '',
    `apiVersion: v1\nkind: Secret\nstringData:\n  a: ${password}\n  a: ${password}\n`,
    yaml,
  ],
  ['a patch of a wrong type', 'PATCH', '/there', { stringData: { pin } }, merge],
  [
    'a patch of what is fixed',
    'PATCH',
    '/fixed',
    { data: { password: Buffer.from('other').toString('base64') } },
    merge,
  ],
  [
    'a test that fails',
    'PATCH',
    '/there',
    [{ op: 'test', path: '/data/password', value: base64 + 'eA==' }],
    'application/json-patch+json',
  ],
  [
    'a pointer that leads nowhere',
    'PATCH',
    '/there',
    [{ op: 'replace', path: '/data/password/x', value: password }],
    'application/json-patch+json',
  ],
  [
    'an apply of a wrong type',
    'PATCH',
    '/there?fieldManager=me',
    `apiVersion: v1\nkind: Secret\nmetadata: {name: there}\nstringData: {pin: ${pin}}\n`,
    apply,
  ],
  [
    'an apply that conflicts',
    'PATCH',
    '/there?fieldManager=me',
    `apiVersion: v1\nkind: Secret\nmetadata: {name: there}\ndata: {password: ${Buffer.from('x').toString('base64')}}\n`,
    apply,
  ],
  [
    'a strategic patch of a wrong type',
    'PATCH',
    '/there',
    { data: { password: [password] } },
    'application/strategic-merge-patch+json',
  ],
];

for (const [why, method, path, body, type] of cases) {
  test(`a refusal of a Secret never repeats what is in it: ${why}`, async () => {
    const answer = await send(method, `${secrets}${path}`, body, type);
    expect(answer.code).toBeGreaterThanOrEqual(400);
    const told = `${answer.text} ${String(answer.headers['warning'])}`;
    for (const shown of ['hunter', base64.slice(0, 8), String(pin)])
      expect(told.includes(shown) ? told : '').toBe('');
  });
}
