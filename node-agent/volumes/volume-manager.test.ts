import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigMap, Secret, Volume } from '../../core/api/generated/core-v1.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { pod } from '../../test/builders/pod.ts';
import { mountPointsBelow, type Mounter } from './mounts.ts';
import type { PayloadSources } from './payload.ts';
import { volumePlugins } from './plugins.ts';
import { VolumeManager } from './volume-manager.ts';

const signal = new AbortController().signal;

/** Remembers mounts instead of making them. */
class RecordingMounter implements Mounter {
  readonly available = true;
  readonly points = new Map<string, string>();

  tmpfs(directory: string, { sizeBytes }: { readonly sizeBytes: number | undefined }): Promise<void> {
    this.points.set(directory, `tmpfs ${sizeBytes ?? 'any'}`);
    return Promise.resolve();
  }

  async bindDescriptor(descriptor: number, target: string): Promise<void> {
    this.points.set(target, await readlink(`/proc/self/fd/${descriptor}`));
  }

  unmount(path: string): Promise<void> {
    this.points.delete(path);
    return Promise.resolve();
  }

  below(path: string): Promise<readonly string[]> {
    const found = [...this.points.keys()].filter((point) => point === path || point.startsWith(`${path}/`));
    return Promise.resolve(found.reverse());
  }
}

let dataDirectory: string;
let mounter: RecordingMounter;
let configMaps: Map<string, ConfigMap>;
let secrets: Map<string, Secret>;
let token: string | undefined;
let manager: VolumeManager;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'volume-manager-'));
  mounter = new RecordingMounter();
  configMaps = new Map([
    ['settings', { metadata: { name: 'settings' }, data: { color: 'blue', size: '3' } }],
  ]);
  secrets = new Map([
    ['login', { metadata: { name: 'login' }, data: { user: Buffer.from('root').toString('base64') } }],
  ]);
  token = undefined;
  const sources: PayloadSources = {
    configMap: (_, name) => Promise.resolve(configMaps.get(name)),
    secret: (_, name) => Promise.resolve(secrets.get(name)),
    downward: (subject, { fieldRef }) => `${fieldRef?.fieldPath}=${subject.metadata.name}`,
    token: () => Promise.resolve(token),
  };
  const plugins = volumePlugins(sources, mounter, new SteppedClock());
  manager = new VolumeManager({ dataDirectory, plugins, mounter });
});

afterEach(async () => {
  await rm(dataDirectory, { recursive: true, force: true });
});

async function prepare(...volumes: readonly Volume[]) {
  return await manager.prepare(pod().withSpec({ volumes }).build(), signal);
}

/** Where the volume of that name is after all was prepared. */
async function pathOf(volume: Volume, subPath = ''): Promise<string> {
  const prepared = await prepare(volume);
  return await prepared.hostPath('main', { name: volume.name, mountPath: '/x' }, subPath, 0);
}

async function content(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('..'));
  const files = names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(files));
}

describe('configMap', () => {
  test('shows all keys, and follows a change', async () => {
    const volume = { name: 'v', configMap: { name: 'settings' } };
    const path = await pathOf(volume);
    expect(await content(path)).toEqual({ color: 'blue', size: '3' });
    configMaps.set('settings', { metadata: {}, data: { color: 'red' } });
    await prepare(volume);
    expect(await content(path)).toEqual({ color: 'red' });
  });

  test('shows chosen keys under chosen names and modes', async () => {
    const items = [{ key: 'color', path: 'paint', mode: 0o400 }];
    const path = await pathOf({ name: 'v', configMap: { name: 'settings', items } });
    expect(await content(path)).toEqual({ paint: 'blue' });
    expect((await stat(join(path, 'paint'))).mode & 0o777).toBe(0o400);
  });

  test.each([
    [{ name: 'none' }, 'MountVolume.SetUp failed for volume "v" : configmap "none" not found'],
    [{ name: 'settings', items: [{ key: 'x', path: 'x' }] }, 'references non-existent configmap key: x'],
    [{ name: 'settings', items: [{ key: 'color', path: '../x' }] }, 'invalid path "../x"'],
  ])('is refused with its reason: %j', async (configMap, message) => {
    await expect(pathOf({ name: 'v', configMap })).rejects.toThrow(message);
  });

  test('is empty when optional and missing', async () => {
    expect(await content(await pathOf({ name: 'v', configMap: { name: 'none', optional: true } }))).toEqual(
      {},
    );
  });

  test('can only be read', async () => {
    const prepared = await prepare(
      { name: 'v', configMap: { name: 'settings' } },
      { name: 'w', emptyDir: {} },
    );
    expect([prepared.isReadOnly('v'), prepared.isReadOnly('w')]).toEqual([true, false]);
  });
});

describe('secret', () => {
  test('lies in memory only', async () => {
    const path = await pathOf({ name: 'v', secret: { secretName: 'login' } });
    expect(await content(path)).toEqual({ user: 'root' });
    expect(path.startsWith(join(dataDirectory, 'memory'))).toBe(true);
    expect(mounter.points.get(join(dataDirectory, 'memory'))).toBe('tmpfs any');
  });
});

describe('projected', () => {
  const access: Volume = {
    name: 'access',
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };

  test('does without token and certificate where nobody issues tokens', async () => {
    expect(Object.keys(await content(await pathOf(access)))).toEqual(['namespace']);
  });

  test('needs the certificate where somebody does', async () => {
    token = 'abc';
    await expect(pathOf(access)).rejects.toThrow('configmap "kube-root-ca.crt" not found');
    configMaps.set('kube-root-ca.crt', { metadata: {}, data: { 'ca.crt': 'PEM' } });
    expect(await content(await pathOf(access))).toMatchObject({ token: 'abc', 'ca.crt': 'PEM' });
  });

  test('merges its sources', async () => {
    const sources = [{ secret: { name: 'login' } }, { configMap: { name: 'settings' } }];
    const path = await pathOf({ name: 'v', projected: { sources } });
    expect(await content(path)).toEqual({ user: 'root', color: 'blue', size: '3' });
  });
});

describe('emptyDir', () => {
  test('keeps what was written, for everybody to write', async () => {
    const volume = { name: 'v', emptyDir: {} };
    const path = await pathOf(volume);
    await writeFile(join(path, 'x'), 'kept');
    expect(await content(await pathOf(volume))).toEqual({ x: 'kept' });
    expect((await stat(path)).mode & 0o777).toBe(0o777);
  });

  test('in memory is a file system of its size', async () => {
    const path = await pathOf({ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } });
    expect(mounter.points.get(path)).toBe('tmpfs 16777216');
  });

  test('is what a volume without a source is', async () => {
    expect(await pathOf({ name: 'v' })).toContain('kubernetes.io~empty-dir');
  });
});

describe('hostPath', () => {
  test('is the path itself', async () => {
    expect(await pathOf({ name: 'v', hostPath: { path: '/etc' } })).toBe('/etc');
  });

  test.each(['DirectoryOrCreate', ''] as const)('is made where the type allows it: "%s"', async (type) => {
    const path = join(dataDirectory, 'made/here');
    await pathOf({ name: 'v', hostPath: { path, type } });
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  test.each(['Directory', 'Socket', 'CharDevice', 'BlockDevice'] as const)(
    'must be what the type says: %s',
    async (type) => {
      const path = join(dataDirectory, 'file');
      await writeFile(path, '');
      await expect(pathOf({ name: 'v', hostPath: { path, type } })).rejects.toThrow(
        `hostPath type check failed: ${path} is not`,
      );
    },
  );
});

test('a kind of volume nobody knows is refused by its name', async () => {
  await expect(pathOf({ name: 'v', nfs: { server: 's', path: '/' } })).rejects.toThrow(
    'volumes of type "nfs" are not supported by this agent',
  );
});

describe('subPath', () => {
  test('binds what is inside and nothing else', async () => {
    const volume = { name: 'v', emptyDir: {} };
    const root = await pathOf(volume);
    await mkdir(join(root, 'data'));
    const bound = await pathOf(volume, 'data');
    expect(mounter.points.get(bound)).toBe(join(root, 'data'));
    await expect(pathOf(volume, '../..')).rejects.toThrow('leads out of its volume');
  });
});

describe('tearDown', () => {
  test('unmounts, then removes all of the Pod and of no other', async () => {
    await prepare(
      { name: 'v', emptyDir: { medium: 'Memory' } },
      { name: 's', secret: { secretName: 'login' } },
    );
    const other = await manager.podDirectory('other');
    await manager.tearDown('pod-web');
    expect([...mounter.points.keys()]).toEqual([join(dataDirectory, 'memory')]);
    expect(await manager.podUids()).toEqual(['other']);
    expect(await readdir(join(dataDirectory, 'memory'))).toEqual([]);
    expect((await stat(other)).isDirectory()).toBe(true);
  });

  test('removes nothing while something is still mounted', async () => {
    const path = await pathOf({ name: 'v', emptyDir: { medium: 'Memory' } });
    await writeFile(join(path, 'x'), 'precious');
    mounter.unmount = () => Promise.resolve();
    await expect(manager.tearDown('pod-web')).rejects.toThrow('is still mounted');
    expect(await content(path)).toEqual({ x: 'precious' });
  });

  test('refuses a uid that is a path', async () => {
    await expect(manager.tearDown('../../etc')).rejects.toThrow('Cannot use "../../etc"');
  });
});

test('mountPointsBelow reads mountinfo with its escapes, deepest first', () => {
  const line = (point: string) => `36 35 98:0 / ${point} rw,noatime - ext4 /dev/root rw`;
  const text = ['/data', '/data/pods/a', '/data/pods/a/sub\\040path', '/data/pods/ab'].map(line).join('\n');
  expect(mountPointsBelow(text, '/data/pods/a')).toEqual(['/data/pods/a/sub path', '/data/pods/a']);
});

test('a volume for a group belongs to it', async () => {
  const subject = pod()
    .withSpec({
      volumes: [{ name: 'v', emptyDir: {} }],
      securityContext: { fsGroup: process.getgid?.() ?? 0 },
    })
    .build();
  await chmod(dataDirectory, 0o755);
  const prepared = await manager.prepare(subject, signal);
  const path = await prepared.hostPath('main', { name: 'v', mountPath: '/x' }, '', 0);
  expect((await stat(path)).mode & 0o7777).toBe(0o2777);
});
