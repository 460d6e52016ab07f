import { execFile, execFileSync } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { pods } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { makeCertificateRequest } from '../builders/certificate-request.ts';
import { ensureDebianKubectl } from '../environment/debian-kubectl.ts';
import { findKubectl } from '../environment/kubectl.ts';
import type { KubectlProgram } from '../environment/kubectl.ts';
import type { RestApi } from '../environment/rest.ts';
import { createRestApi } from '../environment/rest.ts';
import { MemoryStore } from '../../core/storage/memory/store.ts';

/**
 * What kubectl asks a server, and the shape of what it must be answered: recorded once from the real ones, asked again
 * here without them, so that a change that breaks kubectl shows within seconds. `KUBECTL_RECORD=1` records anew, with the
 * kubectl on the PATH and with Debian's.
 */
const folder = join(import.meta.dirname, 'kubectl-records');

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  /** base64 */
  readonly body?: string;
  readonly code: number;
  readonly answerType?: string;
  /** The Warning header. */
  readonly warning?: string;
  /** The members of the answer and their types, lists by their first item; what changes from run to run left out. */
  readonly shape: unknown;
}

type Request = Pick<Recorded, 'method' | 'path' | 'accept' | 'contentType' | 'body'>;

interface Story {
  readonly command: string;
  readonly requests: readonly Recorded[];
}

const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: web:1 }] }
`;

const typo = manifest.replace('replicas', 'replicaz').replace('name: web', 'name: typo');

const settings = `apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { a: '2' }
`;

const node = `apiVersion: v1
kind: Node
metadata: { name: n1 }
`;

const event = `apiVersion: v1
kind: Event
metadata: { name: told, namespace: default }
involvedObject: { apiVersion: v1, kind: Pod, name: one, namespace: default }
reason: Told
message: something happened
type: Normal
firstTimestamp: 2026-01-01T00:00:00Z
lastTimestamp: 2026-01-01T00:00:00Z
`;

const reader = (verb: string) => `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reconciled, namespace: default }
rules: [{ apiGroups: [''], resources: [pods], verbs: [${verb}] }]
`;

/** In this order, on one server: each stands on what the ones before have made. Some, only since a version. */
const commands: readonly (string | readonly [command: string, sinceMinor: number])[] = [
  'apply -f web.yaml',
  'apply -f web.yaml',
  'apply --server-side --force-conflicts -f web.yaml',
  'diff -f web.yaml',
  ['apply --validate=warn -f typo.yaml', 25],
  'api-resources',
  'get deployments',
  'get deployment web -o yaml',
  'get deployments -l app=web --chunk-size=1 -A',
  'describe deployment web',
  'scale deployment web --replicas=2',
  'set image deployment/web main=web:2',
  'rollout restart deployment/web',
  'rollout history deployment/web',
  'label deployment web a=b',
  'annotate deployment web c=d',
  'patch deployment web --type=json -p [{"op":"add","path":"/metadata/labels/x","value":"y"}]',
  'create deployment other --image=web:1',
  'create configmap settings --from-literal=a=1',
  'replace -f settings.yaml',
  'edit configmap settings',
  'get configmaps -w',
  'create secret generic hidden --from-literal=a=1',
  'create service clusterip web --tcp=80',
  'get endpoints',
  'create role reader --verb=get --resource=pods',
  'auth reconcile -f reader.yaml',
  'auth reconcile -f reader-more.yaml',
  'create job once --image=web:1',
  'create ingress web --rule=example.com/=web:80',
  'create quota q --hard=configmaps=9',
  'autoscale deployment web --max=3',
  'expose deployment web --port=81 --name=exposed',
  'explain deployment.spec',
  'auth can-i get pods',
  ['auth whoami', 28],
  'create -f request.yaml',
  'certificate approve asked',
  'wait csr/asked --for=condition=Approved --timeout=5s',
  'create -f node.yaml',
  'run one --image=web:1 --overrides={"spec":{"nodeName":"n1"}}',
  'wait pod/nowhere --for=delete --timeout=5s',
  'create -f event.yaml',
  ['events --for pod/one', 26],
  'describe pod one',
  'top nodes',
  'top pods',
  'taint nodes n1 a=b:NoSchedule',
  'drain n1 --force --grace-period=0',
  'delete configmap settings',
  'delete deployment web --cascade=orphan --wait=false',
  'get pod nowhere',
];

function commandsOf(minor: number): string[] {
  return commands.flatMap((entry) => {
    if (typeof entry === 'string') return [entry];
    const [command, sinceMinor] = entry;
    return minor < sinceMinor ? [] : [command];
  });
}

/** Names and numbers that every run makes anew. */
const fresh = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'time',
  'name',
  'clusterIP',
  'restartedAt',
]);

function shapeOf(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0], depth + 1)];
  if (typeof value !== 'object' || value === null) return typeof value;
  if (depth > 5) return 'object';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    members.map(([key, member]) => [
      key,
      (key === 'kind' || key === 'apiVersion' || key === 'reason') && !fresh.has(key)
        ? member
        : shapeOf(member, depth + 1),
    ]),
  );
}

/** Of OpenAPI and discovery only that they are there: they grow with every kind. */
function shapeOfAnswer(path: string, text: string): unknown {
  if (
    /^\/(openapi|apis?)(\/|\?|$)/.test(path) &&
    !/\/(namespaces|deployments)\b|\/(self|subject|token)/.test(path)
  )
    return 'a document';
  try {
    return shapeOf(JSON.parse(text));
  } catch {
    return 'text';
  }
}

const isWatch = (path: string) => /[?&]watch=(true|1)\b/.test(path);

/** The number that a watch goes on from is another in every run; all of them begin with what there is. */
const fromTheStart = (path: string) =>
  isWatch(path) ? path.replace(/resourceVersion=\d+/, 'resourceVersion=0') : path;

async function answerTo(rest: RestApi, request: Request) {
  const { method, path, accept, contentType, body } = request;
  const asked = { accept, contentType, body: body === undefined ? undefined : Buffer.from(body, 'base64') };
  const message = await rest.open(method, path, asked);
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    // Of a watch, what it begins with.
    if (isWatch(path) && chunk.includes('\n')) break;
  }
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString();
  const answerType = message.headers['content-type'];
  const { warning } = message.headers;
  const answer = {
    code: message.statusCode ?? 0,
    ...(answerType === undefined ? {} : { answerType }),
    ...(typeof warning === 'string' ? { warning } : {}),
    shape: shapeOfAnswer(path, isWatch(path) ? (text.split('\n')[0] ?? '') : text),
  };
  return { answer, bytes };
}

/** In ObjectMeta's bytes, one after the other: uid (field 5, of 36 letters) and resourceVersion (field 6, its length first). */
const uidAndVersion = /\x2a\x24[0-9a-f-]{36}\x32([^])/;

/** What kubectl had read before it wrote is of another number here, and may be of another uid. */
async function upToDate<R extends Request>(rest: RestApi, request: R): Promise<R> {
  const body = Buffer.from(request.body ?? '', 'base64');
  const found = request.method === 'PUT' ? uidAndVersion.exec(body.toString('latin1')) : null;
  if (found === null && !body.includes('resourceVersion')) return request;
  const object = JSON.parse((await rest.send('GET', request.path)).text) as KubernetesObject;
  const { uid = '', resourceVersion = '' } = object.metadata;
  if (found !== null) {
    if (found[1]?.charCodeAt(0) !== resourceVersion.length)
      throw new Error(`Cannot put "${resourceVersion}" where a number of another length is: record anew`);
    body.write(uid, found.index + 2, 'latin1');
    body.write(resourceVersion, found.index + found[0].length, 'latin1');
    return { ...request, body: body.toString('base64') };
  }
  const version = /("resourceVersion":|"\/metadata\/resourceVersion","value":)"\d+"/g;
  const renewed = body
    .toString()
    .replaceAll(version, `$1"${resourceVersion}"`)
    .replaceAll(/"uid":"[0-9a-f-]{36}"/g, `"uid":"${uid}"`);
  return { ...request, body: Buffer.from(renewed).toString('base64') };
}

/**
 * With a node that tells what its Pods use, and numbers of four digits, however many writes it begins with: in a body of
 * protobuf a number can only be renewed by one that is as long.
 */
async function createServer(): Promise<RestApi> {
  const store = new MemoryStore();
  for (let round = 0; round < 1_000; round++)
    await store.transact([], [{ kind: 'put', key: '/number', value: Buffer.from(`${round}`) }], {});
  const used = { cpuNanocores: 2_000_000, memoryBytes: 8 << 20 };
  const rest: RestApi = await createRestApi({
    store,
    readUsage: async () => {
      const { items } = await rest.api.client.list(pods, { namespace: 'default' });
      const containers = new Map([['one', used]]);
      const byPod = new Map(items.map(({ metadata }) => [metadata.uid ?? '', containers]));
      return { ...used, timestampMs: 0, windowMs: 10_000, pods: byPod };
    },
  });
  return rest;
}

const recording = process.env['KUBECTL_RECORD'] === '1';
if (recording)
  test('records kubectl', { timeout: 300_000 }, async () => {
    for (const path of ['kubectl', await ensureDebianKubectl()]) {
      const program = findKubectl(path);
      if (program === undefined) throw new Error(`Cannot record ${path}: it does not run`);
      await record(program);
    }
  });
else
  describe.for(readdirSync(folder))('what kubectl was seen to ask, in %s', (name) => {
    const stories = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Story[];

    test('is answered as it was, story by story', async () => {
      await using rest = await createServer();
      for (const { command, requests } of stories) {
        for (const { method, path, accept, contentType, body, ...answered } of requests) {
          const request = {
            method,
            path,
            ...(accept === undefined ? {} : { accept }),
            ...(contentType === undefined ? {} : { contentType }),
            ...(body === undefined ? {} : { body }),
          };
          const { answer } = await answerTo(rest, await upToDate(rest, request));
          expect(answer, `kubectl ${command}: ${method} ${path}`).toEqual(answered);
        }
      }
    });

    test('covers what its commands say', () => {
      expect(stories.map(({ command }) => command)).toEqual(commandsOf(Number(/1\.(\d+)/.exec(name)?.[1])));
    });
  });

async function record({ path: kubectl, minor }: KubectlProgram): Promise<void> {
  await using rest = await createServer();
  const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-records-'));
  const { base64 } = await makeCertificateRequest({ subject: 'O=guests, CN=bob' });
  for (const [name, text] of Object.entries({
    'web.yaml': manifest,
    'typo.yaml': typo,
    'settings.yaml': settings,
    'node.yaml': node,
    'event.yaml': event,
    'reader.yaml': reader('get'),
    'reader-more.yaml': reader('list'),
    'request.yaml': signingRequest(base64),
    'editor.sh': '#!/bin/sh\nsed -i \'s/a: "2"/a: "3"/\' "$1"\n',
  }))
    writeFileSync(join(directory, name), text, { mode: 0o755 });
  let requests: Recorded[] = [];
  const proxy = createHttpServer((incoming, outgoing) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const { accept, 'content-type': contentType } = incoming.headers;
      const request = {
        method: incoming.method ?? '',
        path: fromTheStart(incoming.url ?? ''),
        ...(accept === undefined ? {} : { accept }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(body.length === 0 ? {} : { body: body.toString('base64') }),
      };
      const { answer, bytes } = await answerTo(rest, request);
      // A hash of a document changes with every kind, and so does what was cached of it.
      requests.push({ ...request, path: request.path.replace(/hash=\w+&?/, ''), ...answer });
      outgoing.writeHead(answer.code, {
        'content-type': answer.answerType ?? 'application/json',
        ...(answer.warning === undefined ? {} : { warning: answer.warning }),
      });
      outgoing.end(bytes);
    })();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as { port: number };
  const stories: Story[] = [];
  const env = { PATH: process.env['PATH'], HOME: directory, KUBE_EDITOR: join(directory, 'editor.sh') };
  for (const command of commandsOf(minor)) {
    requests = [];
    const words = [
      `--server=http://127.0.0.1:${port}`,
      `--cache-dir=${directory}/cache`,
      ...command.split(' '),
    ];
    const { code, stderr } = await promisify(execFile)(kubectl, words, { cwd: directory, env }).then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    );
    if (code !== 0) console.warn(`1.${minor}: kubectl ${command} ended with ${code}: ${stderr}`);
    stories.push({ command, requests: requests.toSorted((a, b) => rank(a) - rank(b)) });
  }
  proxy.close();
  rmSync(directory, { recursive: true });
  const file = join(folder, `kubectl-1.${minor}.json`);
  writeFileSync(file, `${JSON.stringify(stories, undefined, 1)}\n`);
  execFileSync('npx', ['prettier', '--write', '--log-level', 'warn', file]);
}

/** Discovery is asked for in no fixed order, several at a time; the rest in turn. */
function rank({ path }: Recorded): number {
  return /^\/(openapi|apis?)([/?]|$)/.test(path) &&
    !/\/namespaces\/|reviews/.test(path) &&
    path.split('/').length < 5
    ? 0
    : 1;
}

const signingRequest = (base64: string) => `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: asked }
spec: { request: ${base64}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth] }
`;
