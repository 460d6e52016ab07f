import { PassThrough } from 'node:stream';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  ApiException,
  AppsV1Api,
  Attach,
  AuthorizationV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';
import type { V1ConfigMap, V1Status } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { LocalCluster } from '../environment/local-cluster.ts';

const reason = await whyNoDocker();
const cluster = new LocalCluster('client');
const namespace = 'default';
const config = new KubeConfig();
let core: CoreV1Api;

const deployment = {
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'main',
            image: 'busybox',
            stdin: true,
            command: ['sh', '-c', 'echo started; exec httpd -f -p 8080 -h /etc'],
          },
        ],
      },
    },
  },
};

describe.skipIf(reason !== undefined)(
  `the official JavaScript client${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let pod = '';

    beforeAll(async () => {
      await ensureTestImages();
      await cluster.up('--store', 'etcd', '--runtime', 'docker');
      config.loadFromFile((await cluster.ok('kubeconfig')).trim());
      core = config.makeApiClient(CoreV1Api);
      await config.makeApiClient(AppsV1Api).createNamespacedDeployment({ namespace, body: deployment });
      await cluster.ok('rollout', 'status', 'deployment/web');
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
      pod = items[0]?.metadata?.name ?? '';
    });
    afterAll(() => cluster.destroy());

    test('creates, reads, replaces, patches, lists and deletes', async () => {
      const made = await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: 'a' }, data: { x: '1' } },
      });
      expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date);
      const replaced = await core.replaceNamespacedConfigMap({
        name: 'a',
        namespace,
        body: { metadata: made.metadata ?? {}, data: { x: '2' } },
      });
      expect(replaced.data).toEqual({ x: '2' });
      const merged = await core.patchNamespacedConfigMap(
        { name: 'a', namespace, body: { data: { y: '3' } } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
      expect(merged.data).toEqual({ x: '2', y: '3' });
      const patched = await core.patchNamespacedConfigMap(
        { name: 'a', namespace, body: [{ op: 'remove', path: '/data/x' }] },
        setHeaderOptions('Content-Type', PatchStrategy.JsonPatch),
      );
      expect(patched.data).toEqual({ y: '3' });
      const applied = await core.patchNamespacedConfigMap(
        {
          name: 'a',
          namespace,
          body: { apiVersion: 'v1', kind: 'ConfigMap', data: { z: '4' } },
          fieldManager: 'kim',
        },
        setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
      );
      expect(applied.data).toEqual({ y: '3', z: '4' });
      await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: 'b', labels: { of: 'b' } } },
      });
      const page = await core.listNamespacedConfigMap({ namespace, limit: 1 });
      expect(page.metadata?._continue).toBeDefined();
      const rest = await core.listNamespacedConfigMap({
        namespace,
        _continue: page.metadata?._continue ?? '',
      });
      expect([...page.items, ...rest.items].map(({ metadata }) => metadata?.name)).toEqual([
        'a',
        'b',
        'kube-root-ca.crt',
      ]);
      const selected = await core.listNamespacedConfigMap({ namespace, labelSelector: 'of=b' });
      expect(selected.items.map(({ metadata }) => metadata?.name)).toEqual(['b']);
      await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'of=b' });
      await core.deleteNamespacedConfigMap({ name: 'a', namespace });
    });

    test('gets errors with their Status', async () => {
      const error: unknown = await core
        .readNamespacedPod({ name: 'nowhere', namespace })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ApiException);
      const { code, body } = error as ApiException<string>;
      expect(code).toBe(404);
      expect(JSON.parse(body) as object).toMatchObject({
        kind: 'Status',
        reason: 'NotFound',
        message: 'pods "nowhere" not found',
      });
    });

    test('works with objects of any kind', async () => {
      const objects = KubernetesObjectApi.makeApiClient(config);
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'any', namespace },
        stringData: { a: 'b' },
      };
      const made = await objects.create(secret);
      expect(made).toMatchObject({ data: { a: Buffer.from('b').toString('base64') } });
      await objects.patch({ ...secret, stringData: { a: 'c' } });
      expect(await objects.read(secret)).toMatchObject({ data: { a: Buffer.from('c').toString('base64') } });
      await objects.delete(secret);
      expect((await config.makeApiClient(VersionApi).getCode()).gitVersion).toMatch(/^v1\./);
      const review = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
      const answer = await config
        .makeApiClient(AuthorizationV1Api)
        .createSelfSubjectAccessReview({ body: review });
      expect(answer.status?.allowed).toBe(true);
    });

    test('watches', async () => {
      const told: string[] = [];
      let begun = () => {};
      const running = new Promise<void>((resolve) => (begun = resolve));
      const watching = new Watch(config).watch(
        `/api/v1/namespaces/${namespace}/configmaps`,
        { allowWatchBookmarks: true, fieldSelector: 'metadata.name=seen' },
        (phase, object: V1ConfigMap) => told.push(`${phase} ${object.metadata?.name}`),
        () => begun(),
      );
      const controller = await watching;
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'seen' } } });
      await core.deleteNamespacedConfigMap({ name: 'seen', namespace });
      await expect
        .poll(() => told.filter((line) => !line.startsWith('BOOKMARK')), { timeout: 10_000 })
        .toEqual(['ADDED seen', 'DELETED seen']);
      controller.abort();
      await running;
    });

    test('reads logs, whole and followed', async () => {
      expect(await core.readNamespacedPodLog({ name: pod, namespace })).toBe('started\n');
      const out = new PassThrough();
      let told = '';
      out.on('data', (chunk: Buffer) => (told += chunk.toString()));
      const following = await new Log(config).log(namespace, pod, 'main', out, {
        follow: true,
        tailLines: 10,
      });
      await expect.poll(() => told, { timeout: 10_000 }).toBe('started\n');
      following.abort();
    });

    /** Runs a command; its output, errors and end. */
    async function exec(
      command: string[],
      stdin?: PassThrough,
    ): Promise<{ out: string; err: string; status: V1Status }> {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      let [out, err] = ['', ''];
      stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      const status = await new Promise<V1Status>((resolve, reject) => {
        new Exec(config)
          .exec(namespace, pod, 'main', command, stdout, stderr, stdin ?? null, false, resolve)
          .catch(reject);
      });
      await new Promise((resolve) => setImmediate(resolve));
      return { out, err, status };
    }

    test('runs commands', async () => {
      expect(await exec(['sh', '-c', 'echo out; echo err >&2'])).toMatchObject({
        out: 'out\n',
        err: 'err\n',
        status: { status: 'Success' },
      });
      const failed = await exec(['sh', '-c', 'exit 4']);
      expect(failed.status).toMatchObject({
        status: 'Failure',
        details: { causes: [{ reason: 'ExitCode', message: '4' }] },
      });
      const stdin = new PassThrough();
      stdin.end('line\n');
      expect((await exec(['head', '-n', '1'], stdin)).out).toBe('line\n');
    });

    test('attaches', async () => {
      const stdout = new PassThrough();
      let told = '';
      stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      const socket = await new Attach(config).attach(namespace, pod, 'main', stdout, null, null, false);
      await expect
        .poll(
          async () => {
            await exec(['sh', '-c', 'echo attached > /proc/1/fd/1']);
            return told;
          },
          { timeout: 20_000 },
        )
        .toContain('attached\n');
      socket.close();
    });

    test('forwards a port', async () => {
      const forward = new PortForward(config);
      const server = createServer((socket) => {
        void forward.portForward(namespace, pod, [8080], socket, null, socket);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      // The client does not pass the end of a connection on, so what has come must do.
      const socket = connect(port, '127.0.0.1', () => socket.write('GET /passwd HTTP/1.0\r\n\r\n'));
      let told = '';
      socket.on('data', (chunk: Buffer) => (told += chunk.toString()));
      await expect.poll(() => told, { timeout: 10_000 }).toContain('root:');
      socket.destroy();
      server.close();
    });

    test('keeps an informer through the end of its watch', async () => {
      const informer = makeInformer<V1ConfigMap>(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
        core.listNamespacedConfigMap({ namespace }),
      );
      const told: string[] = [];
      for (const event of ['add', 'update', 'delete'] as const)
        informer.on(event, (object) => told.push(`${event} ${object.metadata?.name}`));
      informer.on('error', () => void informer.start());
      await informer.start();
      const mine = (line: string) => line.endsWith(' kept');
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'kept' } } });
      await expect.poll(() => told.filter(mine), { timeout: 10_000 }).toEqual(['add kept']);
      // Everything that listens is cut off, as when the machine restarts.
      process.kill(cluster.pidOf('core'), 'SIGKILL');
      await cluster.eventually('get', 'nodes');
      await core.patchNamespacedConfigMap(
        { name: 'kept', namespace, body: { data: { a: '1' } } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
      await expect.poll(() => told.filter(mine), { timeout: 20_000 }).toContain('update kept');
      await core.deleteNamespacedConfigMap({ name: 'kept', namespace });
      await expect.poll(() => told.filter(mine).at(-1), { timeout: 10_000 }).toBe('delete kept');
      await informer.stop();
    });
  },
);
