import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
});
afterAll(() => rest[Symbol.asyncDispose]());

async function send(method: string, path: string, body: object) {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const answer = await rest.send(method, path, { body: JSON.stringify(body), contentType });
  const { warning = [] } = answer.headers as { warning?: string | string[] };
  return { code: answer.code, warnings: [warning].flat().join('; '), ...answer.json() };
}

const label = 'pod-security.kubernetes.io';

function namespace(name: string, labels: Record<string, string>) {
  const own = Object.entries(labels).map(([key, value]) => [`${label}/${key}`, value]);
  return send('POST', '/api/v1/namespaces', { metadata: { name, labels: Object.fromEntries(own) } });
}

const containers = [{ name: 'a', image: 'a:1' }];
const pod = (name: string, spec: object = {}) => ({ metadata: { name }, spec: { containers, ...spec } });
const inNamespace = (name: string) => `/api/v1/namespaces/${name}/pods`;

describe('pod security', () => {
  test('refuses what a namespace enforces, names everything that is missing, and dry runs too', async () => {
    await namespace('strict', { enforce: 'restricted' });
    const message =
      'pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
    for (const query of ['', '?dryRun=All'])
      expect(await send('POST', `${inNamespace('strict')}${query}`, pod('web'))).toMatchObject({
        code: 403,
        reason: 'Forbidden',
        message,
        warnings: '',
      });
  });

  test('warns in full about Pods and templates, which are not refused', async () => {
    await namespace('careful', { enforce: 'baseline', warn: 'restricted', 'warn-version': 'v1.19' });
    const web = await send('POST', inNamespace('careful'), pod('web'));
    expect(web).toMatchObject({
      code: 201,
      warnings:
        '299 - "would violate PodSecurity \\"restricted:v1.19\\": allowPrivilegeEscalation != false (container \\"a\\" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod or container \\"a\\" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container \\"a\\" must set securityContext.seccompProfile.type to \\"RuntimeDefault\\" or \\"Localhost\\")"',
    });
    const labels = { app: 'a' };
    const deployment = {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers, hostPID: true } },
      },
    };
    const made = await send('POST', '/apis/apps/v1/namespaces/careful/deployments', deployment);
    expect(made.code).toBe(201);
    expect(made.warnings).toContain('host namespaces (hostPID=true), allowPrivilegeEscalation != false');
    const job = { ...deployment, spec: { jobTemplate: { spec: { template: deployment.spec.template } } } };
    const cron = await send('POST', '/apis/batch/v1/namespaces/careful/cronjobs', {
      metadata: { name: 'web' },
      spec: {
        ...job.spec,
        schedule: '* * * * *',
        jobTemplate: {
          spec: { template: { spec: { containers, restartPolicy: 'Never', hostPID: true } } },
        },
      },
    });
    expect(cron).toMatchObject({ code: 201, warnings: expect.stringContaining('hostPID=true') });
  });

  test('leaves what runs alone until it changes what a level is about', async () => {
    await namespace('raised', {});
    await send('POST', inNamespace('raised'), pod('web', { hostPID: true }));
    await send('PATCH', '/api/v1/namespaces/raised', {
      metadata: { labels: { [`${label}/enforce`]: 'baseline' } },
    });
    const path = `${inNamespace('raised')}/web`;
    expect((await send('PATCH', path, { metadata: { labels: { a: 'b' } } })).code).toBe(200);
    expect((await send('PATCH', `${path}/status`, { status: { phase: 'Running' } })).code).toBe(200);
    const violates = 'violates PodSecurity "baseline:latest": host namespaces (hostPID=true)';
    expect(await send('PATCH', path, { spec: { containers: [{ name: 'a', image: 'a:2' }] } })).toMatchObject({
      code: 403,
      message: `pods "web" is forbidden: ${violates}`,
    });
    const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: 'a:1' }] } };
    expect(await send('PATCH', `${path}/ephemeralcontainers`, debug)).toMatchObject({ code: 403 });
  });

  test('tells who raises a level which Pods are not of it, and lets them run', async () => {
    await namespace('full', {});
    for (const name of ['b', 'a', 'c']) await send('POST', inNamespace('full'), pod(name, { hostPID: true }));
    await send('POST', inNamespace('full'), pod('d', { hostIPC: true, hostNetwork: true }));
    await send('POST', inNamespace('full'), pod('tame'));
    const raised = await send('PATCH', '/api/v1/namespaces/full', {
      metadata: { labels: { [`${label}/enforce`]: 'baseline', [`${label}/enforce-version`]: 'v1.30' } },
    });
    expect(raised.code).toBe(200);
    expect(raised.warnings).toBe(
      [
        '299 - "existing pods in namespace \\"full\\" violate the new PodSecurity enforce level \\"baseline:v1.30\\""',
        '299 - "a (and 3 other pods): host namespaces"',
      ].join(', '),
    );
    const lowered = await send('PATCH', '/api/v1/namespaces/full', {
      metadata: { labels: { [`${label}/enforce`]: 'privileged' } },
    });
    expect(lowered).toMatchObject({ code: 200, warnings: '' });
  });

  test('refuses labels that mean nothing', async () => {
    expect(await namespace('odd', { enforce: 'tight', 'warn-version': '1.2' })).toMatchObject({
      code: 422,
      message: `Namespace "odd" is invalid: [metadata.labels[${label}/enforce]: Invalid value: "tight": must be one of privileged, baseline, restricted, metadata.labels[${label}/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"]`,
    });
  });
});
