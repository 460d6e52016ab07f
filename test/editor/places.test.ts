import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { untilProblemsAre } from './manifest-actions.ts';
import { describeEditor, editorCluster } from './scene.ts';

interface Config {
  readonly clusters: { readonly name: string }[];
  readonly users: { readonly name: string }[];
  readonly contexts: { readonly name: string; readonly context: Readonly<Record<string, string>> }[];
}

const manifest = (namespace: string) => `apiVersion: v1
kind: ConfigMap
metadata: { name: of-the-team, namespace: ${namespace} }
data: { color: blue }
`;
const team = `apiVersion: v1
kind: Namespace
metadata: { name: places-team }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: team, namespace: places-team }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: member }]
`;
const files = { 'ours.yaml': manifest('places-team'), 'theirs.yaml': manifest('default') };

describeEditor('contexts and namespaces', files, (editor) => {
  const kubeconfig = () => join(editorCluster().directory, 'kubeconfig');
  let before: string | undefined;

  afterAll(() => {
    if (before !== undefined) writeFileSync(kubeconfig(), before);
  });

  /** What is there already is as good. */
  const have = (name: string, object: object) => {
    const cluster = editorCluster();
    return cluster.ok('apply', '-f', cluster.file(`${name}.yaml`, stringify(object)));
  };
  const settings = (name: string, namespace: string) =>
    have(name, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { a: 'b' } });

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
    await window.showCluster();
    await window.expand('Namespace');
    await have('places', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'places' } });
    await settings('in-places', 'places');
    await settings('in-default', 'default');
    await choose('places');
    await window.statusBarItem('editor/places').waitFor();
    await window.expand('Configuration');
    await window.expand('ConfigMaps');
    await window.treeItem('in-places').waitFor();
    expect(await window.treeItem('in-default').count()).toBe(0);
    await editor().screenshot('namespaces');
    await window.pick('All namespaces', () => window.run('Wheelhouse: Choose Namespace…'));
    await window.treeItem('in-default').waitFor();
  });

  test('a namespace is deleted with all that is in it by who types its name, several objects at once', async () => {
    const { window } = editor();
    for (const name of ['in-default', 'in-default-too']) await settings(name, 'default');
    await window.treeItem('in-default').click();
    await window.treeItem('in-default-too').click({ modifiers: ['Control'] });
    // By its key: a menu would be opened by way of Escape, which takes the selection away.
    await window.until(
      'the question',
      async () => {
        await window.page.keyboard.press('Delete');
        return window.dialog.textContent({ timeout: 3_000 }).catch(() => '');
      },
      (text) => text?.includes('Delete 2 objects of cluster "editor"?') === true,
    );
    await window.dialog.getByText('Delete', { exact: true }).click();
    await window.treeItem('in-default').waitFor({ state: 'detached' });
    await window.treeItem('in-default-too').waitFor({ state: 'detached' });
    await window.collapse('Namespace');
    await window.collapse('Configuration');
    await window.expand('Cluster');
    await window.expand('Namespaces');
    for (const name of ['place', 'places']) {
      await window.menu('places', 'Delete…');
      await window.dialog.getByText('Delete', { exact: true }).click();
      await window.answer(name);
      if (name !== 'places') expect(await window.treeItem('places').textContent()).toContain('Active');
    }
    await window.treeItem('places').waitFor({ state: 'detached' });
    await window.collapse('Cluster');
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

  test('who may work in one namespace only names it, and works there', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await cluster.ok('apply', '-f', cluster.file('team.yaml', team));
    const member = await cluster.ok('user', 'create', 'member');
    const own = parse(readFileSync(member.trim(), 'utf8')) as Config;
    const config = parse(readFileSync(kubeconfig(), 'utf8')) as Config;
    const [user, context] = [own.users[0], own.contexts[0]];
    config.users.push({ ...user, name: 'member' });
    const served = config.contexts.find(({ name }) => name === 'editor')?.context['cluster'] ?? '';
    config.contexts.push({ name: 'team', context: { ...context?.context, user: 'member', cluster: served } });
    writeFileSync(kubeconfig(), stringify(config));
    await choose('team');
    await window.statusBarItem(/Cluster team at .*: Wheelhouse/).waitFor();
    await window.expand('Configuration');
    await window.expand('ConfigMaps');
    await window.tree
      .getByText(/User "member" cannot list resource "configmaps"/)
      .first()
      .waitFor();
    await window.pick('Another namespace…', () => window.run('Wheelhouse: Choose Namespace…'));
    await window.answer('places-team');
    await window.statusBarItem('team/places-team').waitFor();
    await window.treeItem('kube-root-ca.crt').waitFor();

    await window.openFile('ours.yaml');
    await window.run('Wheelhouse: Apply…');
    await window.confirmPick();
    await window.notification('1 created').waitFor();
    await window.treeItem('of-the-team').waitFor();
    await window.openFile('theirs.yaml');
    await window.run('Wheelhouse: Check with the Cluster (Dry Run)');
    await untilProblemsAre(window, 'theirs.yaml', [
      '3:19 Error configmaps "of-the-team" is forbidden: User "member" cannot patch resource "configmaps"',
    ]);
    await choose('editor');
    await cluster.ok('delete', 'namespace', 'places-team', '--wait=false');
  });
});
