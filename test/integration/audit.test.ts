import type { AdmissionPlugin } from '../../core/admission/chain.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { configmaps, pods, secrets } from '../../core/api/generated/resources.ts';
import { Auditor } from '../../core/apiserver/audit/auditor.ts';
import { defaultPolicy } from '../../core/apiserver/audit/default-policy.ts';
import { encodeEvent } from '../../core/apiserver/audit/event.ts';
import type { AuditEvent } from '../../core/apiserver/audit/event.ts';
import { readPolicy } from '../../core/apiserver/audit/policy.ts';
import type { AuditPolicy } from '../../core/apiserver/audit/policy.ts';
import type { Client } from '../../core/client/client.ts';
import { createClient } from '../../core/client/typed-client.ts';
import type { KeyPair } from '../../core/machinery/pki/make-certificate.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { serveGrpc } from '../environment/grpc.ts';
import type { GrpcApi } from '../environment/grpc.ts';
import { clientPair, createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';

let policy: AuditPolicy = defaultPolicy;
let noted: AuditEvent[] = [];
let wake = () => {};
let rest: RestApi;
let grpc: GrpcApi;
let admin: Client;
let ann: KeyPair;

const everything = (level: string) =>
  readPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level }] });

/** No agent is there. */
const unreachable = () => Promise.reject(new StatusError('ServiceUnavailable', 'no agent is connected'));
const streaming = {
  agents: { serve: unreachable },
  containers: {
    // oxlint-disable-next-line require-yield
    async *logs() {
      await unreachable();
    },
    exec: unreachable,
    attach: unreachable,
    portForward: unreachable,
  },
};

/** A plug-in with a mistake in it. */
const faulty: AdmissionPlugin = {
  name: 'Faulty',
  handles: ({ name }) => name === 'fatal',
  validate() {
    throw new TypeError('hunter2 is not a function');
  },
};

beforeAll(async () => {
  const auditor = new Auditor({
    policy: {
      get rules() {
        return policy.rules;
      },
    },
    sink: {
      process(event) {
        noted.push(event);
        wake();
      },
    },
    clock: systemClock,
    random: systemRandom,
  });
  rest = await createRestApi({ rbac: true, auditor, plugins: [faulty] });
  grpc = await serveGrpc(rest, { streaming });
  admin = createClient(grpc.connect().verbs);
  ann = await clientPair(rest.pki.clientCa, 'O=developers, CN=ann');
});
afterAll(async () => {
  await grpc[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
});
beforeEach(() => {
  noted = [];
  policy = defaultPolicy;
});

/** As they are written, with what differs from run to run left out. */
async function events(count: number): Promise<Record<string, unknown>[]> {
  while (noted.length < count) await new Promise<void>((resolve) => (wake = resolve));
  return noted.map((event) => {
    const { requestReceivedTimestamp, stageTimestamp, auditID, sourceIPs, userAgent, ...shown } = JSON.parse(
      encodeEvent(event).toString(),
    ) as Record<string, unknown>;
    expect(auditID).toMatch(/\S/);
    expect(sourceIPs).toEqual(['127.0.0.1']);
    expect(Date.parse(String(stageTimestamp))).toBeGreaterThanOrEqual(
      Date.parse(String(requestReceivedTimestamp)),
    );
    void userAgent;
    return shown;
  });
}

const maps = '/api/v1/namespaces/default/configmaps';
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'a', image: 'a' }] },
});

describe('the audit log', () => {
  test('tells who did what to which object, who allowed it and what came of it, over both front ends', async () => {
    await rest.send('POST', '/api/v1/namespaces/default/pods', { body: JSON.stringify(pod('over-rest')) });
    await admin.create(pods, pod('over-grpc'));
    const [overRest, overGrpc] = await events(2);
    expect(overRest).toMatchObject({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Request',
      stage: 'ResponseComplete',
      requestURI: '/api/v1/namespaces/default/pods',
      verb: 'create',
      user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      objectRef: { resource: 'pods', namespace: 'default', name: 'over-rest', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { kind: 'Pod', spec: { containers: [{ image: 'a' }] } },
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    });
    const renamed = JSON.parse(JSON.stringify(overGrpc).replaceAll('over-grpc', 'over-rest')) as unknown;
    expect(renamed).toEqual(overRest);
  });

  test('says whom somebody acted as, and who was refused', async () => {
    const headers = { 'impersonate-user': 'ann' };
    await rest.send('GET', maps, { headers });
    await rest.send('GET', maps, { as: ann, headers: { 'impersonate-user': 'admin' } });
    const [acting, refused] = await events(2);
    expect(acting).toMatchObject({
      user: { username: 'admin' },
      impersonatedUser: { username: 'ann', groups: ['system:authenticated'] },
      responseStatus: { code: 403, reason: 'Forbidden', status: 'Failure' },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    });
    expect(refused).toMatchObject({ user: { username: 'ann' }, responseStatus: { code: 403 } });
    expect(refused).not.toHaveProperty('impersonatedUser');
  });

  test('notes who could not say who they are', async () => {
    const headers = { authorization: 'Bearer hunter2' };
    expect((await rest.send('GET', maps, { as: null, headers })).code).toBe(401);
    const [event] = await events(1);
    expect(event).toMatchObject({
      user: {},
      responseStatus: { code: 401, message: 'Authentication failed' },
    });
    expect(JSON.stringify(event)).not.toContain('hunter2');
  });

  test('has a stage for what the server did not mean to happen, over both front ends', async () => {
    const metadata = { name: 'fatal', namespace: 'default' };
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    expect((await rest.send('POST', maps, { body: JSON.stringify(map) })).code).toBe(500);
    await expect(admin.create(configmaps, map)).rejects.toMatchObject({ reason: 'InternalError' });
    for (const event of await events(2))
      expect(event).toMatchObject({
        stage: 'Panic',
        responseStatus: { code: 500, reason: 'InternalError', message: `APIServer panic'd: TypeError` },
      });
    expect(rest.errors.splice(0)).toMatchObject([{ name: 'TypeError' }]);
  });

  test('names a request as the client does, and tells the name back', async () => {
    const id = 'a7c1e4b2-0000-4000-8000-000000000001';
    const answer = await rest.send('GET', maps, { headers: { 'audit-id': id } });
    expect(answer.headers['audit-id']).toBe(id);
    const forged = await rest.send('GET', maps, { headers: { 'audit-id': 'a b' } });
    expect(forged.headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(noted.map(({ auditId }) => auditId)).toEqual([id, forged.headers['audit-id']]);
  });

  test('holds no secrets, whether they are stored or refused', async () => {
    const metadata = { name: 'a', namespace: 'default' };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata };
    await admin.create(secrets, { ...secret, stringData: { password: 'hunter2' } });
    const body = JSON.stringify({ ...secret, data: { password: 'hunter2!' } });
    expect((await rest.send('POST', '/api/v1/namespaces/default/secrets', { body })).code).toBe(400);
    await rest.send('PATCH', '/api/v1/namespaces/default/secrets/a', {
      body: '{"stringData":{"password":"hunter2"}}',
      contentType: 'application/merge-patch+json',
    });
    const review = {
      kind: 'TokenReview',
      apiVersion: 'authentication.k8s.io/v1',
      spec: { token: 'hunter2' },
    };
    await rest.send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: JSON.stringify(review) });
    await admin.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'hunter2' } });
    const all = await events(5);
    expect(all.map(({ level }) => level)).toEqual(Array.from({ length: 5 }, () => 'Metadata'));
    expect(JSON.stringify(all)).not.toContain('hunter2');
  });

  test('has what a namespace wants noted of Pods and templates, which nobody is told and nothing refuses', async () => {
    const labels = {
      'pod-security.kubernetes.io/audit': 'baseline',
      'pod-security.kubernetes.io/audit-version': 'v1.30',
    };
    const strict = JSON.stringify({ metadata: { name: 'noted', labels } });
    expect((await rest.send('POST', '/api/v1/namespaces', { body: strict })).code).toBe(201);
    noted = [];
    const { containers } = pod('web').spec;
    const web = { metadata: { name: 'web' }, spec: { containers, hostPID: true } };
    const template = { metadata: { labels: { app: 'a' } }, spec: web.spec };
    const deployment = {
      metadata: web.metadata,
      spec: { selector: { matchLabels: { app: 'a' } }, template },
    };
    for (const [path, body] of [
      ['/api/v1/namespaces/noted/pods', web],
      ['/apis/apps/v1/namespaces/noted/deployments', deployment],
      ['/api/v1/namespaces/noted/pods', { metadata: { name: 'tame' }, spec: { containers } }],
    ] as const) {
      const answer = await rest.send('POST', path, { body: JSON.stringify(body) });
      expect(answer.code).toBe(201);
      expect(answer.headers['warning']).toBeUndefined();
    }
    const security = (await events(3)).map(({ annotations }) =>
      Object.fromEntries(
        Object.entries(annotations as Record<string, string>).filter(([key]) =>
          key.startsWith('pod-security'),
        ),
      ),
    );
    const violations = {
      'pod-security.kubernetes.io/audit-violations':
        'would violate PodSecurity "baseline:v1.30": host namespaces (hostPID=true)',
    };
    const enforced = { 'pod-security.kubernetes.io/enforce-policy': 'privileged:latest' };
    expect(security).toEqual([{ ...violations, ...enforced }, violations, enforced]);
  });

  test('tells of a watch when it begins and when it ends', async () => {
    const answer = await rest.open('GET', `${maps}?watch=true`);
    const [begun] = await events(1);
    expect(begun).toMatchObject({ stage: 'ResponseStarted', verb: 'watch', responseStatus: { code: 200 } });
    answer.destroy();
    const [, ended] = await events(2);
    expect(ended).toMatchObject({ stage: 'ResponseComplete', verb: 'watch' });
    noted = [];
    const over = new AbortController();
    const watching = (async () => {
      for await (const _ of admin.watch(configmaps, { signal: over.signal, allowBookmarks: true }))
        over.abort();
    })().catch(() => undefined);
    await watching;
    const stages = (await events(2)).map(({ stage, verb }) => `${String(verb)} ${String(stage)}`);
    expect(stages).toEqual(['watch ResponseStarted', 'watch ResponseComplete']);
  });

  test('notes answers where the policy wants them, and every stage that it does not omit', async () => {
    policy = everything('RequestResponse');
    await rest.send('PUT', `${maps}/a`, {
      body: JSON.stringify({ metadata: { name: 'a' }, data: { b: 'c' } }),
    });
    await rest.send('GET', `${maps}?limit=1`);
    const [received, updated, , listed] = await events(4);
    expect(received).toMatchObject({ stage: 'RequestReceived', level: 'RequestResponse' });
    expect(received).not.toHaveProperty('responseStatus');
    expect(updated).toMatchObject({
      verb: 'update',
      requestObject: { data: { b: 'c' } },
      responseObject: { kind: 'ConfigMap', data: { b: 'c' }, metadata: { name: 'a' } },
    });
    expect(listed).toMatchObject({
      requestURI: `${maps}?limit=1`,
      responseObject: { kind: 'ConfigMapList', items: [{ kind: 'ConfigMap' }] },
    });
  });

  test('tells over gRPC all that a path over REST would', async () => {
    await admin.list(configmaps, { namespace: 'default', labelSelector: 'a=b', limit: 3 });
    const metadata = { name: 'tried', namespace: 'default' };
    await admin.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, { dryRun: true });
    const exec = grpc.connect().containers;
    await expect(
      exec.exec(
        {},
        { namespace: 'default', name: 'gone' },
        { command: ['sh', '-c', 'a b'], stdin: false, tty: true },
      ),
    ).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    const uris = (await events(4)).map(({ requestURI, stage }) => `${String(stage)} ${String(requestURI)}`);
    expect(uris).toEqual([
      `ResponseComplete ${maps}?labelSelector=a%3Db&limit=3`,
      `ResponseComplete ${maps}?dryRun=All`,
      'ResponseStarted /api/v1/namespaces/default/pods/gone/exec?command=sh&command=-c&command=a+b&tty=true',
      'ResponseComplete /api/v1/namespaces/default/pods/gone/exec?command=sh&command=-c&command=a+b&tty=true',
    ]);
  });

  test('notes nothing of what the policy leaves out', async () => {
    await rest.send('GET', '/healthz');
    await rest.send('GET', '/apis');
    policy = everything('None');
    await rest.send('GET', maps);
    expect(noted).toEqual([]);
  });

  test('shows what was asked for in whatever form it came', async () => {
    await rest.send('POST', '/api/v1/namespaces', {
      body: 'metadata: {name: from-yaml}',
      contentType: 'application/yaml',
    });
    await rest.send('PATCH', '/api/v1/namespaces/from-yaml', {
      body: '[{"op":"add","path":"/metadata/labels/a","value":"b"}]',
      contentType: 'application/json-patch+json',
    });
    await rest.send('POST', '/api/v1/namespaces', { body: '{"metadata":' });
    await rest.send('DELETE', '/api/v1/namespaces/from-yaml', { body: '{"gracePeriodSeconds":0}' });
    const [created, patched, unreadable, deleted] = await events(4);
    expect(created).toMatchObject({
      requestObject: { metadata: { name: 'from-yaml' } },
      objectRef: { name: 'from-yaml', resource: 'namespaces' },
    });
    expect(patched).toMatchObject({
      requestObject: [{ op: 'add', path: '/metadata/labels/a', value: 'b' }],
      objectRef: { namespace: 'from-yaml', name: 'from-yaml' },
    });
    expect(unreadable).not.toHaveProperty('requestObject');
    expect(deleted).toMatchObject({ verb: 'delete', requestObject: { gracePeriodSeconds: 0 } });
  });
});
