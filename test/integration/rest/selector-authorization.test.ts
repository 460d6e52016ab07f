import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  for (const name of ['a', 'b']) {
    await send('POST', '/api/v1/nodes', { metadata: { name } });
    await send('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name: `on-${name}` },
      spec: { nodeName: name, containers: [{ name: 'main', image: 'main:1' }] },
    });
  }
});
afterAll(() => rest[Symbol.asyncDispose]());

const node = {
  'impersonate-user': 'system:node:a',
  'impersonate-group': ['system:nodes', 'system:authenticated'],
};

async function send(
  method: string,
  path: string,
  body?: object,
  headers?: Record<string, string | string[]>,
) {
  const answer = await rest.send(method, path, {
    ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: 'application/json' }),
    ...(headers === undefined ? {} : { headers }),
  });
  return { ...answer.json(), code: answer.code };
}

async function review(resourceAttributes: object) {
  const answer = await send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: { user: 'system:node:a', groups: ['system:nodes'], resourceAttributes },
  });
  return (answer.status as unknown as { allowed: boolean } | undefined)?.allowed ?? answer;
}

describe('a node', () => {
  test.each([
    ['/api/v1/pods?fieldSelector=spec.nodeName%3Da', 200],
    ['/api/v1/pods?fieldSelector=spec.nodeName%3Da,status.phase!%3DFailed', 200],
    ['/api/v1/pods?fieldSelector=spec.nodeName%3Db', 403],
    ['/api/v1/pods?fieldSelector=spec.nodeName!%3Da', 403],
    ['/api/v1/pods?labelSelector=a', 403],
    ['/api/v1/pods', 403],
    ['/api/v1/namespaces/default/pods/on-a', 200],
    ['/api/v1/namespaces/default/pods/on-b', 403],
    ['/api/v1/namespaces/default/pods/gone', 404],
    ['/api/v1/namespaces/default/pods?fieldSelector=metadata.name%3Dto-come', 403],
    ['/api/v1/namespaces/default/pods?watch=1&fieldSelector=metadata.name%3Dto-come', 403],
    ['/api/v1/nodes/a', 200],
    ['/api/v1/nodes?fieldSelector=metadata.name%3Da', 200],
    ['/api/v1/nodes/b', 403],
    ['/api/v1/nodes', 403],
  ])('that reads %s is answered %i', async (path, code) => {
    expect((await send('GET', path, undefined, node)).code).toBe(code);
  });

  test('is told why', async () => {
    expect((await send('GET', '/api/v1/pods', undefined, node)).message).toMatch(
      /: can only list\/watch pods with spec.nodeName field selector$/,
    );
    expect((await send('GET', '/api/v1/nodes/b', undefined, node)).message).toMatch(
      /: node 'a' cannot read 'b', only its own Node object$/,
    );
  });
});

describe('a review', () => {
  const list = { verb: 'list', resource: 'pods' };
  const requirement = { key: 'spec.nodeName', operator: 'In', values: ['a'] };
  const cases: readonly (readonly [object, boolean])[] = [
    [list, false],
    [{ ...list, fieldSelector: { rawSelector: 'spec.nodeName=a' } }, true],
    [{ ...list, fieldSelector: { rawSelector: 'spec.nodeName=b' } }, false],
    // What cannot be read narrows nothing.
    [{ ...list, fieldSelector: { rawSelector: 'spec.nodeName' } }, false],
    [{ ...list, fieldSelector: { requirements: [requirement] } }, true],
    [{ ...list, fieldSelector: { requirements: [{ ...requirement, operator: 'Near' }] } }, false],
    [{ ...list, labelSelector: { requirements: [{ key: 'a', operator: 'Exists' }] } }, false],
  ];
  test.each(cases)('carries selectors: %j', async (attributes, allowed) => {
    expect(await review(attributes)).toBe(allowed);
  });

  test('with a selector in two forms, or in none, is refused', async () => {
    const both = { rawSelector: 'a=b', requirements: [requirement] };
    expect(await review({ ...list, fieldSelector: both })).toMatchObject({
      code: 422,
      message: expect.stringContaining(
        'spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements',
      ) as string,
    });
    expect(await review({ ...list, labelSelector: {} })).toMatchObject({
      message: expect.stringContaining(
        'when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required',
      ) as string,
    });
  });
});

test('expressions of policies ask for less than everything', async () => {
  const pods = `authorizer.group('').resource('pods')`;
  const expressions = [
    `${pods}.fieldSelector('spec.nodeName=a').labelSelector('x=y').check('list').allowed()`,
    `!${pods}.fieldSelector('spec.nodeName=b').check('list').allowed()`,
    `!${pods}.labelSelector('spec.nodeName=a').check('list').allowed()`,
    `!${pods}.check('list').allowed()`,
  ];
  const group = '/apis/admissionregistration.k8s.io/v1';
  const resourceRules = [
    { apiGroups: [''], apiVersions: ['v1'], resources: ['events'], operations: ['CREATE'] },
  ];
  await send('POST', `${group}/validatingadmissionpolicies`, {
    metadata: { name: 'narrow' },
    spec: {
      matchConstraints: { resourceRules },
      validations: expressions.map((expression) => ({ expression, message: expression })),
    },
  });
  await send('POST', `${group}/validatingadmissionpolicybindings`, {
    metadata: { name: 'narrow' },
    spec: { policyName: 'narrow', validationActions: ['Deny'] },
  });
  const event = (name: string) => ({
    metadata: { name },
    involvedObject: { kind: 'Node', name: 'a', namespace: 'default' },
  });
  const create = (name: string, headers?: typeof node) =>
    send('POST', '/api/v1/namespaces/default/events', event(name), headers);
  // The administrator may list all Pods: the policy is in force once that is noticed.
  await expect.poll(async () => (await create('probe')).message).toContain(`!${pods}.fieldSelector`);
  expect(await create('by-node', node)).toMatchObject({ code: 201 });
});
