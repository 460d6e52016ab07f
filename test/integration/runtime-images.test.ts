import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DockerRuntime } from '../../node-agent/runtime/docker/runtime.ts';
import { tarArchive } from '../../node-agent/runtime/docker/tar.ts';
import { whyNoDocker } from '../environment/docker.ts';
import { Registry, registryProgram, registryUser } from '../environment/registry.ts';
import { reasonOf } from '../expectations/runtime.ts';

const folder = await mkdtemp(join(tmpdir(), 'runtime-images-'));
const program = await registryProgram(folder).catch((error: Error) => error);
const reason =
  (await whyNoDocker()) ?? (program instanceof Error ? `no registry: ${program.message}` : undefined);
if (reason !== undefined || program instanceof Error) {
  console.warn(`skipped: images from a registry: ${reason}`);
  describe('images from a registry', () => test.skip(String(reason), () => {}));
} else {
  describe('images from a registry', () => {
    const signal = AbortSignal.timeout(300_000);
    const docker = new Docker({ socketPath: '/var/run/docker.sock' });
    const runtime = new DockerRuntime({ owner: `runtime-images-${process.pid}` });
    let open: Registry;
    let guarded: Registry;

    beforeAll(async () => {
      open = await Registry.start(program, { asksForPassword: false });
      guarded = await Registry.start(program, { asksForPassword: true });
    });
    afterAll(async () => {
      await runtime.close();
      await Promise.all([open.stop(), guarded.stop()]);
      await rm(folder, { recursive: true });
    });

    /** Puts an image into the registry and takes it out of Docker again. */
    async function publish(
      registry: Registry,
      repository: string,
      tag: string,
      changes = 'LABEL made=here',
    ): Promise<string> {
      const repo = `${registry.host}/${repository}`;
      const content = Buffer.from(`${repo}:${tag} ${Math.random()}`);
      const archive = tarArchive([{ kind: 'file', path: 'content', mode: 0o644, content }]);
      await finished(await docker.importImage(archive as unknown as string, { repo, tag, changes }));
      const authconfig = { ...registryUser, serveraddress: registry.host };
      await finished(await docker.getImage(repo).push({ tag, authconfig }));
      await docker.getImage(`${repo}:${tag}`).remove({ force: true });
      return `${repo}:${tag}`;
    }

    test('are pulled with digest, size and user', async () => {
      const image = await publish(open, 'team/app', 'v1', 'USER 1000');
      expect(await runtime.imageStatus(image, signal)).toBeUndefined();
      const pulled = await runtime.pullImage(image, undefined, signal);
      expect(pulled).toMatchObject({ tags: [image], user: '1000' });
      expect(pulled.id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(pulled.digests[0]).toMatch(new RegExp(`^${open.host}/team/app@sha256:[0-9a-f]{64}$`));
      expect(pulled.sizeBytes).toBeGreaterThan(20);
      expect(await runtime.imageStatus(image, signal)).toEqual(pulled);

      const byDigest = pulled.digests[0] ?? '';
      await runtime.removeImage(pulled.id, signal);
      expect(await runtime.imageStatus(image, signal)).toBeUndefined();
      expect((await runtime.pullImage(byDigest, undefined, signal)).id).toBe(pulled.id);
      await runtime.removeImage(pulled.id, signal);
    });

    test('without a tag are the latest, and no others', async () => {
      const latest = await publish(open, 'tags', 'latest');
      const other = await publish(open, 'tags', 'other');
      const pulled = await runtime.pullImage(`${open.host}/tags`, undefined, signal);
      expect(pulled.tags).toEqual([latest]);
      expect(await runtime.imageStatus(other, signal)).toBeUndefined();
      await runtime.removeImage(pulled.id, signal);
    });

    test('that are asked for many times at once come once', async () => {
      const image = await publish(open, 'popular', 'v1');
      const pulls = await Promise.all(
        Array.from({ length: 8 }, () => runtime.pullImage(image, undefined, signal)),
      );
      expect(new Set(pulls.map(({ id }) => id)).size).toBe(1);
      await runtime.removeImage(pulls[0]?.id ?? '', signal);
    });

    test('that do not exist say so in the words of the registry', async () => {
      await publish(open, 'known', 'v1');
      await expect(runtime.pullImage(`${open.host}/known:v2`, undefined, signal)).rejects.toMatchObject({
        reason: 'image-not-found',
        message: expect.stringMatching(
          /^Cannot pull image "127.*known:v2": .*not found.*manifest unknown/,
        ) as string,
      });
      expect(await reasonOf(runtime.pullImage(`${open.host}/unknown:v1`, undefined, signal))).toBe(
        'image-not-found',
      );
    });

    test('behind a password need the right one', async () => {
      const image = await publish(guarded, 'secret', 'v1');
      const auth = { ...registryUser, serverAddress: guarded.host };
      expect(await reasonOf(runtime.pullImage(image, undefined, signal))).toBe('unauthorized');
      expect(await reasonOf(runtime.pullImage(image, { ...auth, password: 'wrong' }, signal))).toBe(
        'unauthorized',
      );
      const pulled = await runtime.pullImage(image, auth, signal);
      expect(pulled.tags).toEqual([image]);
      await runtime.removeImage(pulled.id, signal);
    });

    test('from a registry that does not answer are unavailable for now', async () => {
      const gone = await Registry.start(program, { asksForPassword: false });
      await gone.stop();
      await expect(runtime.pullImage(`${gone.host}/app:v1`, undefined, signal)).rejects.toMatchObject({
        reason: 'registry-unavailable',
        message: expect.stringContaining('connection refused') as string,
      });
    });

    test('a pull that its caller gave up ends with the reason', async () => {
      const caller = new AbortController();
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const asked = once(silent, 'connection');
      const { port } = silent.address() as AddressInfo;
      const pull = runtime.pullImage(`127.0.0.1:${port}/app:v1`, undefined, caller.signal);
      const [socket] = (await asked) as [Socket];
      caller.abort(new Error('no longer wanted'));
      await expect(pull).rejects.toThrow('no longer wanted');
      socket.destroy();
      silent.close();
    });

    test('with several names go with all of them, and again does nothing', async () => {
      const image = await publish(open, 'names', 'v1');
      const { id } = await runtime.pullImage(image, undefined, signal);
      await docker.getImage(id).tag({ repo: 'wheelhouse.dev/alias', tag: 'v1' });
      await runtime.removeImage(id, signal);
      await runtime.removeImage(id, signal);
      expect(await runtime.imageStatus(id, signal)).toBeUndefined();
    });

    test('that a container uses are kept', async () => {
      const image = await publish(open, 'used', 'v1', 'CMD ["/content"]');
      const { id } = await runtime.pullImage(image, undefined, signal);
      const container = await docker.createContainer({ Image: image });
      expect(await reasonOf(runtime.removeImage(id, signal))).toBe('conflict');
      await container.remove();
      await runtime.removeImage(id, signal);
    });
  });
}

async function finished(progress: NodeJS.ReadableStream): Promise<void> {
  let text = '';
  for await (const chunk of progress) text += chunk.toString();
  if (text.includes('"error"')) throw new Error(text);
}
