import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeEditor, editorCluster } from './scene.ts';

interface Config {
  readonly contexts: { readonly name: string; readonly context: Readonly<Record<string, string>> }[];
}

describeEditor('contexts and namespaces', {}, (editor) => {
  const kubeconfig = () => join(editorCluster().directory, 'kubeconfig');
  let before: string | undefined;

  afterAll(() => {
    if (before !== undefined) writeFileSync(kubeconfig(), before);
  });

  const settings = (name: string, namespace: string) =>
    editorCluster().ok('create', 'configmap', name, '-n', namespace, '--from-literal=a=b');

  test('a click on a namespace leaves only what is in it', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await window.showCluster();
    await window.expand('Namespace');
    await cluster.ok('create', 'namespace', 'places');
    await settings('in-places', 'places');
    await settings('in-default', 'default');
    await window.treeItem('places').click();
    await window.treeItem('places').filter({ hasText: 'shown now' }).waitFor();
    await window.statusBarItem('editor/places').waitFor();
    await window.expand('Configuration');
    await window.expand('ConfigMaps');
    await window.treeItem('in-places').waitFor();
    expect(await window.treeItem('in-default').count()).toBe(0);
    await editor().screenshot('namespaces');
    await window.treeItem('All namespaces').click();
    await window.treeItem('in-default').waitFor();
    await cluster.ok('delete', 'namespace', 'places');
    await cluster.ok('delete', 'configmap', 'in-default');
  });

  test('a click on a context opens it, in its own colour', async () => {
    const { window } = editor();
    const text = readFileSync(kubeconfig(), 'utf8');
    before = text;
    const config = parse(text) as Config;
    const [own] = config.contexts;
    expect(own).toBeDefined();
    config.contexts.push({ name: 'prod-copy', context: own?.context ?? {} });
    writeFileSync(kubeconfig(), stringify(config));
    await window.expand('Context');
    await window.treeItem('editor').filter({ hasText: 'shown now' }).waitFor();
    await window.treeItem('prod-copy').click();
    await window.treeItem('prod-copy').filter({ hasText: 'shown now' }).waitFor();
    const item = window.statusBarItem(/Cluster prod-copy at .*: Wheelhouse/);
    await item.waitFor();
    const color = await item.locator('a').getAttribute('style');
    expect(color).toContain('color');
    await window.treeItem('editor').click();
    const other = window.statusBarItem(/Cluster editor at .*: Wheelhouse/);
    await other.waitFor();
    expect(await other.locator('a').getAttribute('style')).not.toBe(color);
  });
});
