import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodes, pods } from '../../../core/api/generated/resources.ts';
import { node, pod, replicaSet } from '../../builders/index.ts';
import { createTestApi, type TestApi } from '../../environment/api.ts';
import { TestShell } from '../../environment/shell.ts';

let api: TestApi;
let shell: TestShell;

beforeEach(async () => {
  api = await createTestApi();
  shell = new TestShell(api);
  await api.client.create(nodes, node().named('a').build());
  await api.client.create(nodes, node().named('b').labelled({ rack: 'two' }).build());
});

afterEach(async () => {
  shell[Symbol.dispose]();
  await api.close();
});

const owner = (kind: string) => ({ ...replicaSet().named('owner').withUid('owner').build(), kind });
const onNode = (name: string) => pod().named(name).onNode('a').withSpec({ terminationGracePeriodSeconds: 0 });
const unschedulable = async (name: string) =>
  (await api.client.get(nodes, { name })).spec.unschedulable === true;

describe('cordon and uncordon', () => {
  test('tell what they changed, and what was so before', async () => {
    expect(await shell.run('cordon a')).toEqual({ code: 0, stdout: 'node/a cordoned\n', stderr: '' });
    expect(await unschedulable('a')).toBe(true);
    expect((await shell.run('cordon node/a b')).stdout).toBe('node/a already cordoned\nnode/b cordoned\n');
    expect((await shell.run('uncordon -l rack=two')).stdout).toBe('node/b uncordoned\n');
    expect([await unschedulable('a'), await unschedulable('b')]).toEqual([true, false]);
  });

  test('change nothing in a dry run', async () => {
    expect((await shell.run('cordon a --dry-run')).stdout).toBe('node/a cordoned (dry run)\n');
    expect(await unschedulable('a')).toBe(false);
  });

  test('refuse as kubectl does', async () => {
    expect(await shell.run('cordon nope')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error from server (NotFound): nodes "nope" not found\n',
    });
    expect((await shell.run('cordon')).stderr).toContain('error: USAGE: cordon NODE [flags]\n');
    expect((await shell.run('cordon a -l rack=two')).stderr).toContain(
      'error: cannot specify both a node name and a --selector option\n',
    );
  });

  test('complete the names of nodes', async () => {
    expect(await shell.complete('cordon ')).toEqual(['a', 'b']);
    expect(await shell.complete('drain a ')).toEqual(['b']);
  });
});

describe('drain', () => {
  test('evicts, waits, and tells', async () => {
    await api.client.create(pods, onNode('web').ownedBy(owner('ReplicaSet')).build());
    expect(await shell.run('drain a')).toEqual({
      code: 0,
      stdout: 'node/a cordoned\npod/web evicted\nnode/a drained\n',
      stderr: 'evicting pod default/web\n',
    });
    expect((await api.client.list(pods)).items).toEqual([]);
    expect(await unschedulable('a')).toBe(true);
  });

  test('refuses what would be lost until it is allowed', async () => {
    await api.client.create(pods, onNode('daemon').ownedBy(owner('DaemonSet')).build());
    await api.client.create(
      pods,
      onNode('alone')
        .withSpec({ volumes: [{ name: 'files', emptyDir: {} }] })
        .build(),
    );
    const refused = await shell.run('drain a b');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toBe('node/a cordoned\nnode/b cordoned\nnode/b drained\n');
    expect(refused.stderr).toContain(
      'error: unable to drain node "a" due to error: [' +
        'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/daemon, ' +
        'cannot delete Pods with local storage (use --delete-emptydir-data to override): default/alone, ' +
        'cannot delete Pods that declare no controller (use --force to override): default/alone], ' +
        'continuing command...\nThere are pending nodes to be drained:\n a\n b\n',
    );
    const allowed = await shell.run('drain a --force --delete-emptydir-data --ignore-daemonsets');
    expect(allowed).toEqual({
      code: 0,
      stdout: 'node/a already cordoned\npod/alone evicted\nnode/a drained\n',
      stderr:
        'Warning: deleting Pods that declare no controller: default/alone; ' +
        'ignoring DaemonSet-managed Pods: default/daemon\nevicting pod default/alone\n',
    });
    expect((await api.client.list(pods)).items.map(({ metadata }) => metadata.name)).toEqual(['daemon']);
  });

  test('can be limited to Pods with labels, delete instead, and only be tried', async () => {
    await api.client.create(pods, onNode('one').labelled({ app: 'one' }).build());
    await api.client.create(pods, onNode('two').labelled({ app: 'two' }).build());
    const tried = await shell.run('drain a --force --dry-run --pod-selector app=one');
    expect(tried.stdout).toBe('node/a cordoned (dry run)\nnode/a drained (dry run)\n');
    expect(tried.stderr).toContain('evicting pod default/one (dry run)\n');
    expect(await unschedulable('a')).toBe(false);
    const deleted = await shell.run(
      'drain a --force --disable-eviction --grace-period=0 --pod-selector app=one',
    );
    expect(deleted.stdout).toBe('node/a cordoned\npod/one deleted\nnode/a drained\n');
    expect((await api.client.list(pods)).items.map(({ metadata }) => metadata.name)).toEqual(['two']);
  });
});
