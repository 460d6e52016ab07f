import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { RestApi } from '../environment/rest.ts';
import { createRestApi } from '../environment/rest.ts';

/**
 * What kubectl asks a server, and the shape of what it must be answered: recorded once from the real one, asked again
 * here without it, so that a change that breaks kubectl shows within seconds. `KUBECTL_RECORD=1` records anew.
 */
const file = join(import.meta.dirname, 'kubectl-records', 'requests.json');

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  /** base64 */
  readonly body?: string;
  readonly code: number;
  /** The members of the answer and their types, lists by their first item; what changes from run to run left out. */
  readonly shape: unknown;
}

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

/** In this order, on one server: each stands on what the ones before have made. */
const commands = [
  'apply -f web.yaml',
  'apply -f web.yaml',
  'apply --server-side --force-conflicts -f web.yaml',
  'diff -f web.yaml',
  'get deployments',
  'get deployment web -o yaml',
  'get deployments -l app=web --chunk-size=1 -A',
  'scale deployment web --replicas=2',
  'set image deployment/web main=web:2',
  'rollout restart deployment/web',
  'rollout history deployment/web',
  'label deployment web a=b',
  'annotate deployment web c=d',
  'patch deployment web --type=json -p [{"op":"add","path":"/metadata/labels/x","value":"y"}]',
  'create deployment other --image=web:1',
  'create configmap settings --from-literal=a=1',
  'create secret generic hidden --from-literal=a=1',
  'create service clusterip web --tcp=80',
  'create role reader --verb=get --resource=pods',
  'create job once --image=web:1',
  'create ingress web --rule=example.com/=web:80',
  'create quota q --hard=configmaps=9',
  'autoscale deployment web --max=3',
  'expose deployment web --port=81 --name=exposed',
  'explain deployment.spec',
  'auth can-i get pods',
  'auth whoami',
  'delete configmap settings',
  'delete deployment web --cascade=orphan --wait=false',
  'get pod nowhere',
];

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

async function answerTo(
  rest: RestApi,
  request: Pick<Recorded, 'method' | 'path' | 'accept' | 'contentType' | 'body'>,
) {
  const { method, path, accept, contentType, body } = request;
  const answer = await rest.send(method, path, {
    accept,
    contentType,
    body: body === undefined ? undefined : Buffer.from(body, 'base64'),
  });
  return { code: answer.code, shape: shapeOfAnswer(path, answer.text), answer };
}

/** What kubectl had read before it wrote is of another number here. */
async function upToDate<R extends Pick<Recorded, 'path' | 'body'>>(rest: RestApi, request: R): Promise<R> {
  const body = Buffer.from(request.body ?? '', 'base64').toString();
  if (!body.includes('resourceVersion')) return request;
  const { metadata } = JSON.parse((await rest.send('GET', request.path)).text) as KubernetesObject;
  const written = /("resourceVersion":|"\/metadata\/resourceVersion","value":)"\d+"/g;
  const renewed = body.replaceAll(written, `$1"${metadata.resourceVersion}"`);
  return { ...request, body: Buffer.from(renewed).toString('base64') };
}

const recording = process.env['KUBECTL_RECORD'] === '1';
if (recording) test('records kubectl', { timeout: 120_000 }, record);
else
  describe('what kubectl was seen to ask', () => {
    const stories = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Story[]) : [];

    test('is answered as it was, story by story', async () => {
      await using rest = await createRestApi();
      for (const { command, requests } of stories) {
        for (const { code, shape, ...request } of requests) {
          const again = await answerTo(rest, await upToDate(rest, request));
          const what = `kubectl ${command}: ${request.method} ${request.path}`;
          expect([what, again.code, again.shape]).toEqual([what, code, shape]);
        }
      }
    });

    test('covers what its commands say', () => {
      expect(stories.map(({ command }) => command)).toEqual(commands);
    });
  });

async function record(): Promise<void> {
  await using rest = await createRestApi();
  const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-records-'));
  writeFileSync(join(directory, 'web.yaml'), manifest);
  let requests: Recorded[] = [];
  const proxy = createServer((incoming, outgoing) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const { accept, 'content-type': contentType } = incoming.headers;
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        ...(accept === undefined ? {} : { accept }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(body.length === 0 ? {} : { body: body.toString('base64') }),
      };
      const { code, shape, answer } = await answerTo(rest, request);
      // A hash of a document changes with every kind, and so does what was cached of it.
      requests.push({ ...request, path: request.path.replace(/hash=\w+&?/, ''), code, shape });
      outgoing.writeHead(code, { 'content-type': answer.headers['content-type'] ?? 'application/json' });
      outgoing.end(answer.bytes);
    })();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as { port: number };
  const stories: Story[] = [];
  for (const command of commands) {
    requests = [];
    await new Promise<void>((resolve) => {
      const words = [
        `--server=http://127.0.0.1:${port}`,
        `--cache-dir=${directory}/cache`,
        ...command.split(' '),
      ];
      spawn('kubectl', words, { cwd: directory, env: { PATH: process.env['PATH'], HOME: directory } }).once(
        'close',
        () => resolve(),
      );
    });
    stories.push({ command, requests: requests.toSorted((a, b) => rank(a) - rank(b)) });
  }
  proxy.close();
  rmSync(directory, { recursive: true });
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
