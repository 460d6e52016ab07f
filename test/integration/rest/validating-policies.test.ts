import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { KeyPair } from '../../../core/machinery/pki/make-certificate.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';
import { expectEventually } from '../../expectations/eventually.ts';

let rest: RestApi;
let ann: KeyPair;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  ann = await clientPair(rest.pki.clientCa, 'O=testers, CN=ann');
});
afterAll(() => rest[Symbol.asyncDispose]());

const registration = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';
let made: string[] = [];
let count = 0;

afterEach(async () => {
  for (const path of made) await rest.send('DELETE', path);
  made = [];
});

async function send(method: string, path: string, body?: object, as?: KeyPair, contentType?: string) {
  const answer = await rest.send(method, path, {
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    contentType,
    as,
  });
  return { ...answer.json(), code: answer.code, warning: answer.headers['warning'] };
}

interface Named {
  readonly metadata: { readonly name: string };
  readonly [member: string]: unknown;
}

async function make(path: string, body: Named) {
  const answer = await send('POST', path, body);
  expect(answer.code, answer.message).toBe(201);
  made.push(`${path}/${body.metadata.name}`);
}

const onConfigMaps = {
  resourceRules: [
    { operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
  ],
};

async function pair(name: string, spec: object, binding: object): Promise<void> {
  await make(`${registration}/validatingadmissionpolicies`, { metadata: { name }, spec });
  const bound = { policyName: name, validationActions: ['Deny'], ...binding };
  await make(`${registration}/validatingadmissionpolicybindings`, { metadata: { name }, spec: bound });
}

/** Creates a policy with a binding, and waits until the server goes by them. */
async function policy(spec: object, binding: object = {}): Promise<string> {
  const name = `test-${++count}`;
  await pair(name, { matchConstraints: onConfigMaps, ...spec }, binding);
  const objectSelector = { matchLabels: { marker: name } };
  const validations = [{ expression: 'false', message: 'seen' }];
  await pair(`z-${name}`, { matchConstraints: { ...onConfigMaps, objectSelector }, validations }, {});
  await expectEventually(rest.api.clock, async () => {
    const probe = { metadata: { name: 'probe', labels: { marker: name } } };
    expect((await send('POST', `${configMaps}?dryRun=All`, probe)).code).toBe(422);
  });
  return name;
}

/** A dry run: nothing is left behind. */
function write(data: object = {}, as?: KeyPair) {
  return send('POST', `${configMaps}?dryRun=All`, { metadata: { name: 'written' }, data }, as);
}

describe('a validating policy', () => {
  test("refuses what its expressions do not allow, in upstream's words", async () => {
    const name = await policy({ validations: [{ expression: 'size(object.data) < 2' }] });
    expect(await write({ a: '1' })).toMatchObject({ code: 201 });
    const message = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: failed expression: size(object.data) < 2`;
    expect(await write({ a: '1', b: '2' })).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: `configmaps "written" is forbidden: ${message}`,
      details: { name: 'written', kind: 'configmaps', causes: [{ message }] },
    });
  });

  test('has messages, expressions that make them, and reasons', async () => {
    await policy({
      variables: [{ name: 'kind', expression: 'object.data.kind' }],
      validations: [
        { expression: "variables.kind != 'plain'", message: 'plainly not', reason: 'Forbidden' },
        { expression: "variables.kind != 'made'", messageExpression: "'not ' + variables.kind" },
        {
          expression: "variables.kind != 'broken'",
          messageExpression: 'object.missing',
          message: 'fallen back',
        },
      ],
    });
    expect(await write({ kind: 'fine' })).toMatchObject({ code: 201 });
    expect(await write({ kind: 'plain' })).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: expect.stringMatching(/denied request: plainly not$/) as string,
    });
    expect((await write({ kind: 'made' })).message).toMatch(/denied request: not made$/);
    expect((await write({ kind: 'broken' })).message).toMatch(/denied request: fallen back$/);
  });

  test('sees the old object, the request, its user and the Namespace', async () => {
    await policy({
      matchConditions: [{ name: 'by-ann', expression: "request.userInfo.username == 'admin'" }],
      validations: [
        { expression: "request.operation == 'CREATE' ? oldObject == null : object.data == oldObject.data" },
        { expression: "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'default'" },
        { expression: "request.resource.resource == 'configmaps' && request.namespace == 'default'" },
        { expression: "'system:masters' in request.userInfo.groups && !request.dryRun" },
      ],
    });
    await make(configMaps, { metadata: { name: 'seen' }, data: { a: 'a' } });
    const patch = (body: object) =>
      send('PATCH', `${configMaps}/seen`, body, undefined, 'application/merge-patch+json');
    expect(await patch({ metadata: { labels: { a: 'b' } } })).toMatchObject({ code: 200 });
    expect(await patch({ data: { a: 'b' } })).toMatchObject({ code: 422 });
  });

  test('asks the authorizer', async () => {
    await policy({
      validations: [
        {
          expression: "authorizer.group('').resource('secrets').namespace('default').check('get').allowed()",
        },
        { expression: "authorizer.path('/metrics').check('get').allowed()" },
        { expression: "authorizer.requestResource.check('delete').allowed()" },
        {
          expression:
            "!authorizer.serviceAccount('default', 'default').group('').resource('pods').check('get').allowed()",
        },
      ],
    });
    expect(await write()).toMatchObject({ code: 201 });
    const role = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const rules = [{ verbs: ['create'], apiGroups: [''], resources: ['configmaps'] }];
    await make(`${role}/roles`, { metadata: { name: 'writer' }, rules });
    await make(`${role}/rolebindings`, {
      metadata: { name: 'writer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'writer' },
      subjects: [{ kind: 'User', name: 'ann' }],
    });
    await expectEventually(rest.api.clock, async () => {
      expect(await write({}, ann)).toMatchObject({
        code: 422,
        message: expect.stringContaining("failed expression: authorizer.group('')") as string,
      });
    });
  });

  test('whose expression comes to an error refuses, unless it says that it may fail', async () => {
    const validations = [{ expression: "object.data.missing == ''" }];
    await policy({ validations, failurePolicy: 'Ignore' });
    expect(await write()).toMatchObject({ code: 201 });
    await policy({ validations });
    expect((await write({ a: 'b' })).message).toMatch(
      /expression 'object\.data\.missing == ''' resulted in error: no such key: missing$/,
    );
  });

  test('that costs too much is stopped, and the server goes on', async () => {
    const big = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, 'v']));
    await policy({
      validations: [
        { expression: 'object.data.all(a, object.data.all(b, object.data.all(c, a + b + c != "")))' },
      ],
    });
    expect(await write({ a: 'b' })).toMatchObject({ code: 201 });
    expect((await write(big)).message).toContain('operation cancelled: actual cost limit exceeded');
    expect((await rest.send('GET', '/livez')).code).toBe(200);
  });

  test('warns where its binding says so', async () => {
    const name = await policy(
      { validations: [{ expression: 'false', message: 'unwise' }] },
      { validationActions: ['Warn', 'Audit'] },
    );
    const answer = await write();
    expect(answer.code).toBe(201);
    expect(answer.warning).toContain(
      `Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${name}': unwise`,
    );
  });

  test('judges what its rules name and its binding selects, and nothing else', async () => {
    const validations = [{ expression: 'false' }];
    const elsewhere = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'elsewhere' } } };
    await policy({ validations }, { matchResources: elsewhere });
    const excludeResourceRules = [{ ...onConfigMaps.resourceRules[0], resourceNames: ['written'] }];
    await policy({ validations, matchConstraints: { ...onConfigMaps, excludeResourceRules } });
    await policy({ validations, matchConditions: [{ name: 'never', expression: 'has(object.data.never)' }] });
    expect(await write({ a: '' })).toMatchObject({ code: 201 });
    expect(await write({ never: '' })).toMatchObject({ code: 422 });
  });

  test('is refused with its problems where it cannot be compiled', async () => {
    const refused = (spec: object) =>
      send('POST', `${registration}/validatingadmissionpolicies`, {
        metadata: { name: 'broken' },
        spec: { matchConstraints: onConfigMaps, ...spec },
      });
    const problems = await refused({
      variables: [{ name: 'a', expression: 'object.x' }],
      validations: [
        { expression: 'params.x == variables.a' },
        { expression: 'variables.b' },
        { expression: "'a'" },
        { expression: 'true', messageExpression: '1' },
      ],
    });
    expect(problems).toMatchObject({ code: 422 });
    for (const text of [
      "undeclared reference to 'params'",
      "undefined field 'b'",
      'must evaluate to bool',
      'must evaluate to string',
    ])
      expect(problems.message).toContain(text);
  });
});

describe('parameters of a policy', () => {
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const validations = [{ expression: 'size(object.data) <= int(params.data.most)' }];
  const bindTo = (paramRef: object) => ({ paramRef: { parameterNotFoundAction: 'Deny', ...paramRef } });
  /** Matches nothing that is a parameter itself. */
  const matchConstraints = {
    ...onConfigMaps,
    objectSelector: { matchExpressions: [{ key: 'limits', operator: 'DoesNotExist' }] },
  };
  const limits = (name: string, most: string) => ({
    metadata: { name, labels: { limits: 'x' } },
    data: { most },
  });

  test('are those that the binding names, in the namespace of the request', async () => {
    await make(configMaps, limits('limits', '1'));
    await policy({ paramKind, validations, matchConstraints }, bindTo({ name: 'limits' }));
    expect(await write({ a: '1' })).toMatchObject({ code: 201 });
    expect(await write({ a: '1', b: '2' })).toMatchObject({ code: 422 });
  });

  test('are all that the binding selects, and each is asked', async () => {
    await make(configMaps, limits('few', '1'));
    await make(configMaps, limits('many', '9'));
    const selector = { matchLabels: { limits: 'x' } };
    await policy({ paramKind, validations, matchConstraints }, bindTo({ selector, namespace: 'default' }));
    expect(await write({ a: '1' })).toMatchObject({ code: 201 });
    expect(await write({ a: '1', b: '2' })).toMatchObject({ code: 422 });
  });

  test('that are not there refuse, or not, as the binding says', async () => {
    const allowed = { name: 'missing', parameterNotFoundAction: 'Allow' };
    await policy({ paramKind, validations, matchConstraints }, bindTo(allowed));
    expect(await write({ a: '1' })).toMatchObject({ code: 201 });
    const name = await policy({ paramKind, validations, matchConstraints }, bindTo({ name: 'missing' }));
    expect((await write({ a: '1' })).message).toContain(
      `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    );
  });

  test('of a kind that nobody serves refuse everything', async () => {
    const name = await policy({
      paramKind: { apiVersion: 'example.com/v1', kind: 'Limit' },
      validations: [{ expression: 'params.most > 1' }],
    });
    expect((await write()).message).toContain(
      `ValidatingAdmissionPolicy '${name}' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Limit'`,
    );
  });
});
