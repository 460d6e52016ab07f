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

  /** A click on a row that is drawn anew at that moment is none, so it is tried again. */
  async function choose(name: string): Promise<void> {
    const { window } = editor();
    const shown = window.treeItem(name).filter({ hasText: 'shown now' });
    await window.until(
      `"${name}" is shown`,
      async () => {
        if (!(await shown.isVisible())) await window.treeItem(name).click();
        return shown.waitFor({ timeout: 3_000 }).then(
          () => true,
          () => false,
        );
      },
      Boolean,
    );
  }

  test('a click on a namespace leaves only what is in it', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await window.showCluster();
    await window.expand('Namespace');
    await cluster.ok('create', 'namespace', 'places');
    await settings('in-places', 'places');
    await settings('in-default', 'default');
    await choose('places');
    await window.statusBarItem('editor/places').waitFor();
    await window.expand('Configuration');
    await window.expand('ConfigMaps');
    await window.treeItem('in-places').waitFor();
    expect(await window.treeItem('in-default').count()).toBe(0);
    await editor().screenshot('namespaces');
    await choose('All namespaces');
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
    await choose('prod-copy');
    const item = window.statusBarItem(/Cluster prod-copy at .*: Wheelhouse/);
    await item.waitFor();
    const color = await item.locator('a').getAttribute('style');
    expect(color).toContain('color');
    await choose('editor');
    const other = window.statusBarItem(/Cluster editor at .*: Wheelhouse/);
    await other.waitFor();
    expect(await other.locator('a').getAttribute('style')).not.toBe(color);
  });
});
