import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/machinery/clock.ts';
import { makePair } from '../../../core/machinery/pki/make-certificate.ts';
import { ensureNodeImage, nodeImage } from '../../environment/images.ts';
import type { Scene } from './scene.ts';

/** One server of a user's: judges ConfigMaps, converts levers, and serves omens. */
const program = `
const { readFileSync } = require('node:fs');
const { createServer } = require('node:https');

function answer(path, review) {
  const { uid, object, objects, desiredAPIVersion } = review.request ?? {};
  if (path === '/judge') {
    const allowed = object?.data?.mood !== 'bad';
    const response = { uid, allowed, status: { message: 'no bad moods, says a Pod' } };
    return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
  }
  if (path === '/convert') {
    const convertedObjects = objects.map((each) => ({
      ...each,
      apiVersion: desiredAPIVersion,
      spec: { length: desiredAPIVersion.endsWith('/v2') ? { cm: each.spec.length } : each.spec.length.cm },
    }));
    const response = { uid, result: { status: 'Success' }, convertedObjects };
    return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response };
  }
  const apiVersion = 'omens.example.com/v1';
  if (path === '/apis/' + apiVersion)
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion, resources: [
      { name: 'omens', singularName: 'omen', namespaced: false, kind: 'Omen', verbs: ['get', 'list'] },
    ] };
  if (path.startsWith('/apis/' + apiVersion + '/omens/'))
    return { kind: 'Omen', apiVersion, metadata: { name: path.split('/').pop() }, spec: { good: true } };
  return undefined;
}

const tls = { key: readFileSync('/tls/tls.key'), cert: readFileSync('/tls/tls.crt') };
createServer(tls, (request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const found = answer(request.url.split('?')[0], body === '' ? {} : JSON.parse(body));
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { kind: 'Status', code: 404 }));
  });
}).listen(8443);
`;

const server = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'server', namespace: 'extensions', labels: { app: 'server' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: nodeImage,
        imagePullPolicy: 'Never',
        args: ['/program/server.cjs'],
        readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
        volumeMounts: [
          { name: 'tls', mountPath: '/tls' },
          { name: 'program', mountPath: '/program' },
        ],
      },
    ],
    volumes: [
      { name: 'tls', secret: { secretName: 'server' } },
      { name: 'program', configMap: { name: 'server' } },
    ],
  },
};

/** All that leads to the Pod. */
function manifests(caBundle: string): object[] {
  const clientConfig = (path: string) => ({
    service: { namespace: 'extensions', name: 'server', path },
    caBundle,
  });
  const version = (name: string, length: object) => ({
    name,
    served: true,
    storage: name === 'v1',
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { length } } },
      },
    },
  });
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'server', namespace: 'extensions' },
      spec: { selector: { app: 'server' }, ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'judge' },
      webhooks: [
        {
          name: 'judge.example.com',
          clientConfig: clientConfig('/judge'),
          rules: [
            { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
          ],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'extensions' } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    },
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'levers.example.com' },
      spec: {
        group: 'example.com',
        names: { plural: 'levers', singular: 'lever', kind: 'Lever' },
        scope: 'Namespaced',
        versions: [
          version('v1', { type: 'integer' }),
          version('v2', { type: 'object', properties: { cm: { type: 'integer' } } }),
        ],
        conversion: {
          strategy: 'Webhook',
          webhook: { conversionReviewVersions: ['v1'], clientConfig: clientConfig('/convert') },
        },
      },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.omens.example.com' },
      spec: {
        group: 'omens.example.com',
        version: 'v1',
        groupPriorityMinimum: 1000,
        versionPriority: 10,
        service: { namespace: 'extensions', name: 'server' },
        caBundle,
      },
    },
  ];
}

/** A user's server in a real Pod, reached through the agent that runs it. They share the cluster of the suite. */
export function extensionCases(scene: Scene): void {
  describe('extensions in a Pod', () => {
    beforeAll(async () => {
      const { kubectl, cluster } = scene;
      await ensureNodeImage();
      const signer = await makePair({ name: 'ca', subject: 'CN=ca', use: 'ca' }, systemClock);
      const addresses = ['server.extensions.svc'];
      const pair = await makePair(
        { name: 'server', subject: 'CN=server', use: 'server', addresses, signer },
        systemClock,
      );
      const write = (name: string, ...objects: object[]) =>
        cluster.file(name, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
      const metadata = { name: 'server', namespace: 'extensions' };
      const base64 = (text: Buffer) => Buffer.from(text).toString('base64');
      write(
        'server.json',
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'extensions' } },
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata,
          data: { 'tls.key': base64(pair.key), 'tls.crt': base64(pair.cert) },
        },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'server.cjs': program } },
        server,
      );
      write('extensions.json', ...manifests(base64(signer.cert)));
      await kubectl.ok('apply', '-f', 'server.json');
      await kubectl.ok('wait', '-n', 'extensions', '--for=condition=Ready', 'pod/server', '--timeout=60s');
      await kubectl.ok('apply', '-f', 'extensions.json');
      await kubectl.ok(
        'wait',
        '--for=condition=Available',
        'apiservice/v1.omens.example.com',
        '--timeout=60s',
      );
      await kubectl.ok('wait', '--for=condition=Established', 'crd/levers.example.com', '--timeout=60s');
    });
    afterAll(async () => {
      const { kubectl } = scene;
      await kubectl.ok('delete', '-f', 'extensions.json', '--timeout=60s');
      await kubectl.ok('delete', 'namespace', 'extensions', '--timeout=60s');
    });

    test('a webhook judges what is written', async () => {
      const { kubectl } = scene;
      const create = (name: string, mood: string) =>
        kubectl.run(['create', 'configmap', name, '-n', 'extensions', `--from-literal=mood=${mood}`]);
      expect((await create('refused', 'bad')).stderr).toContain(
        'admission webhook "judge.example.com" denied the request: no bad moods, says a Pod',
      );
      expect((await create('taken', 'good')).stdout).toBe('configmap/taken created\n');
    });

    test('a webhook converts between versions', async () => {
      const { kubectl } = scene;
      const metadata = { name: 'long', namespace: 'extensions' };
      const lever = { apiVersion: 'example.com/v1', kind: 'Lever', metadata, spec: { length: 7 } };
      await kubectl.run(['create', '-f', '-'], { stdin: JSON.stringify(lever) });
      const path = ['-n', 'extensions', 'levers.v2.example.com', 'long', '-o', 'jsonpath={.spec.length.cm}'];
      expect(await kubectl.ok('get', ...path)).toBe('7');
    });

    test('an API server is asked as if it were the cluster', async () => {
      expect(await scene.kubectl.ok('get', 'omens', 'raven', '-o', 'jsonpath={.spec.good}')).toBe('true');
    });
  });
}
