import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';
import { expectEventually } from '../../expectations/eventually.ts';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
});
afterAll(() => rest[Symbol.asyncDispose]());

const registration = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';
let made: string[] = [];
let count = 0;

afterEach(async () => {
  for (const path of made) await rest.send('DELETE', path);
  made = [];
  // What a policy does wrong is a 500 here as it is upstream, and no failure of the server.
  rest.errors.length = 0;
});

async function send(method: string, path: string, body?: object) {
  const answer = await rest.send(method, path, body === undefined ? {} : { body: JSON.stringify(body) });
  return { ...answer.json(), code: answer.code };
}

async function make(path: string, name: string, spec: object): Promise<void> {
  const answer = await send('POST', path, { metadata: { name }, spec });
  expect(answer.code, answer.message).toBe(201);
  made.push(`${path}/${name}`);
}

const on = (group: string, ...resources: string[]) => ({
  resourceRules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [group], apiVersions: ['v1'], resources }],
});

const apply = (expression: string) => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
});
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

async function pair(name: string, spec: object): Promise<void> {
  const given = { reinvocationPolicy: 'Never', matchConstraints: on('', 'configmaps'), ...spec };
  await make(`${registration}/mutatingadmissionpolicies`, name, given);
  await make(`${registration}/mutatingadmissionpolicybindings`, name, { policyName: name });
}

/** Creates a policy with a binding, and waits until the server goes by them. */
async function policy(spec: object): Promise<string> {
  const name = `test-${++count}`;
  await pair(name, spec);
  const objectSelector = { matchLabels: { marker: name } };
  const matchConstraints = { ...on('', 'secrets'), objectSelector };
  await pair(`z-${name}`, { matchConstraints, mutations: [apply('Object{type: "seen"}')] });
  await expectEventually(rest.api.clock, async () => {
    const probe = { metadata: { name: 'probe', labels: { marker: name } } };
    const secrets = '/api/v1/namespaces/default/secrets?dryRun=All';
    expect(await send('POST', secrets, probe)).toMatchObject({ type: 'seen' });
  });
  return name;
}

function write(data: object = {}, metadata: object = {}) {
  return send('POST', `${configMaps}?dryRun=All`, { metadata: { name: 'written', ...metadata }, data });
}

describe('a mutating policy', () => {
  test('applies a configuration: what it does not mention stays', async () => {
    await policy({
      variables: [{ name: 'team', expression: "object.metadata.?labels.?team.orValue('nobody')" }],
      mutations: [
        apply(
          'Object{metadata: Object.metadata{labels: {"owner": variables.team, ?"unset": optional.none()}}}',
        ),
        apply('Object{data: {"owner": object.metadata.labels.owner}}'),
      ],
    });
    expect(await write({ a: 'b' }, { labels: { team: 'blue' } })).toMatchObject({
      code: 201,
      metadata: { labels: { team: 'blue', owner: 'blue' } },
      data: { a: 'b', owner: 'blue' },
    });
  });

  test('merges lists by their keys, and the cluster completes what it made', async () => {
    await policy({
      matchConstraints: on('', 'pods'),
      mutations: [
        apply(`Object{spec: Object.spec{
          initContainers: [Object.spec.initContainers{name: "mesh", image: "mesh:1", restartPolicy: "Always"}]
        }}`),
      ],
    });
    const spec = {
      containers: [{ name: 'a', image: 'a:1' }],
      initContainers: [{ name: 'first', image: 'b:1' }],
    };
    const pod = await send('POST', '/api/v1/namespaces/default/pods?dryRun=All', {
      metadata: { name: 'web' },
      spec,
    });
    expect(pod).toMatchObject({
      code: 201,
      spec: { initContainers: [{ name: 'first' }, { name: 'mesh', imagePullPolicy: 'IfNotPresent' }] },
    });
  });

  test('patches', async () => {
    await policy({
      mutations: [
        patch(`[
          JSONPatch{op: "test", path: "/data/a", value: "b"},
          JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("x/y"), value: "z"},
          JSONPatch{op: "add", path: "/metadata/labels", value: {"a": "b"}}
        ]`),
      ],
      matchConditions: [{ name: 'some', expression: 'has(object.data)' }],
    });
    expect(await write({ a: 'b' }, { annotations: { c: 'd' } })).toMatchObject({
      code: 201,
      metadata: { labels: { a: 'b' }, annotations: { c: 'd', 'x/y': 'z' } },
    });
    expect(await write()).toMatchObject({ code: 201 });
  });

  test.each([
    [
      apply('Object{spec: Object.metadata{}}'),
      'unexpected type name "Object.metadata", expected "Object.spec"',
    ],
    [apply('Object{metadata: Object.metadata{name: "x"}}'), 'may not set or modify metadata.name'],
    [apply('Object{data: {"a": object.data.missing}}'), 'no such key: missing'],
    [apply('Object{data: {"a": 7}}'), 'cannot be read'],
    [patch('[JSONPatch{op: "remove", path: "/data/missing"}]'), 'JSON Patch: '],
    [patch('[JSONPatch{op: "explode", path: "/data"}]'), 'unexpected op "explode"'],
    [
      apply('Object{metadata: Object.metadata{ownerReferences: [], finalizers: []}, data: {"b": "1"}}'),
      undefined,
    ],
  ])('of %j comes to what it should', async (mutation, problem) => {
    const name = await policy({ mutations: [mutation] });
    const answer = await write({ a: 'b' });
    if (problem === undefined) {
      expect(answer).toMatchObject({ code: 201, data: { a: 'b', b: '1' } });
      return;
    }
    expect(answer.message).toContain(problem);
    if (problem !== 'cannot be read')
      expect(answer.message).toContain(`policy '${name}' with binding '${name}' denied request`);
  });

  test('that may fail is passed over', async () => {
    await policy({ failurePolicy: 'Ignore', mutations: [apply('Object{data: {"a": object.data.missing}}')] });
    expect(await write({ a: 'b' })).toMatchObject({ code: 201, data: { a: 'b' } });
  });

  test('is refused where its expression makes something else', async () => {
    const refused = async (mutation: object) => {
      const spec = {
        reinvocationPolicy: 'Never',
        matchConstraints: on('', 'configmaps'),
        mutations: [mutation],
      };
      return (
        await send('POST', `${registration}/mutatingadmissionpolicies`, { metadata: { name: 'x' }, spec })
      ).message;
    };
    expect(await refused(apply('1'))).toContain('must evaluate to Object');
    expect(await refused(apply('Thing{a: 1}'))).toContain("undeclared reference to 'Thing'");
    expect(await refused(patch('[1]'))).toContain('must evaluate to list(JSONPatch)');
    expect(await refused(patch('Object{}'))).toContain('must evaluate to list(JSONPatch)');
  });
});
