import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeEditor, editorCluster } from './scene.ts';
import { deployment } from './workloads.ts';

const web = deployment('tree-web', {
  replicas: 2,
  command: ['sh', '-c', 'echo hello > /tmp/index.html; httpd -f -p 8080 -h /tmp'],
  ports: [{ name: 'pages', containerPort: 8080 }],
});
/** It gives the port a number of its own, and finds it by its name. */
const front = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'tree-front' },
  spec: { selector: { app: 'tree-web' }, ports: [{ name: 'http', port: 80, targetPort: 'pages' }] },
});
/** None of its Pods may be taken away. */
const budget = JSON.stringify({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'tree-budget' },
  spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'tree-web' } } },
});
/** Of the image that it wants there is none. */
const broken = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'tree-broken', labels: { tier: 'back' } },
  spec: { containers: [{ name: 'main', image: 'no-such-image', imagePullPolicy: 'Never' }] },
});
const aPod = /^tree-web-[a-z0-9]+-[a-z0-9]{5}$/;

describeEditor('the tree of the cluster', { '.vscode/settings.json': '{}' }, (editor) => {
  test('follows the cluster: what is created appears, with its state', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await window.showKind('Workloads', 'Deployments');
    await cluster.ok('apply', '-f', cluster.file('tree-web.yaml', web));
    await window.treeItem('tree-web').filter({ hasText: '2/2' }).waitFor();
    await window.treeItem('Deployments').filter({ hasText: /[1-9]/ }).waitFor();
  });

  test('tells what fails from what runs: by icon, in words, and counted', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await cluster.ok('apply', '-f', cluster.file('tree-broken.yaml', broken));
    await window.showKind('Workloads', 'Pods');
    await window.treeItem('tree-broken').filter({ hasText: 'ErrImageNeverPull' }).waitFor();
    await window.hasIcon('tree-broken', 'error');
    await window.treeItem(aPod).filter({ hasText: 'Running 1/1' }).waitFor();
    await window.hasIcon(aPod, 'pass-filled');
    await window.hasIcon('tree-web', 'pass-filled');
    await window
      .treeItem('Pods')
      .filter({ hasText: /[1-9]\d* · [1-9]\d* failing/ })
      .waitFor();
    await window.hasIcon('Pods', 'error');
    const label = (row: string) => window.treeItem(row).getAttribute('aria-label');
    expect(await label('tree-broken')).toMatch(/^Pod, tree-broken, ErrImageNeverPull/);
    expect(await label('Pods')).toMatch(/^Pods, \d+ · \d+ failing/);
  });

  test('wears the colours of the theme: dark, light and of high contrast', async () => {
    const { window, folder } = editor();
    const icon = (row: string) => window.treeItem(row).locator('.custom-view-tree-node-item-icon');
    const item = window.statusBarItem(/Cluster editor at .*Wheelhouse/);
    const drawn = [icon('tree-broken'), icon('tree-web'), item.locator('a')];
    const colors = () =>
      Promise.all(
        drawn.map((each) =>
          each.evaluate((element) =>
            String(element.ownerDocument.defaultView?.getComputedStyle(element).color),
          ),
        ),
      );
    // In the folder's settings, so that no other window is told.
    const settings = join(folder, '.vscode/settings.json');
    const wear = async (theme: string, kind: string) => {
      const before = await colors();
      writeFileSync(settings, JSON.stringify({ 'workbench.colorTheme': theme }));
      await window.page.locator(`.monaco-workbench.${kind}`).waitFor();
      const after = await window.until(`other colours in "${theme}"`, colors, (found) =>
        found.every((color, index) => color !== before[index]),
      );
      await editor().screenshot(theme);
      return after;
    };
    const themes = [
      await colors(),
      await wear('Default Light Modern', 'vs'),
      await wear('Default High Contrast', 'hc-black'),
    ];
    // What fails is told from what runs in each of them.
    for (const [fails, runs] of themes) expect(fails).not.toBe(runs);
    await wear('Default Light Modern', 'vs');
    await wear('Default Dark Modern', 'vs-dark');
  });

  test('filters by name, state, labels and faults: what matches stays, everything else goes', async () => {
    const { window } = editor();
    const [runs, fails] = [window.treeItem(aPod), window.treeItem('tree-broken')];
    const filters = [
      { filter: 'tree-web', stays: runs, goes: fails },
      { filter: 'errimage', stays: fails, goes: runs },
      { filter: '-l tier=back', stays: fails, goes: runs },
      { filter: '-l app in (tree-web)', stays: runs, goes: fails },
      { filter: '?', stays: fails, goes: runs },
      { filter: '!errimage tree-', stays: runs, goes: fails },
    ];
    for (const { filter, stays, goes } of filters) {
      await window.run('Wheelhouse: Filter…');
      await window.answer(filter);
      await window.page.getByText(`Filter: ${filter}`).waitFor();
      await goes.waitFor({ state: 'detached' });
      await stays.waitFor();
    }
    // The last filter leaves the running Pods, and counts them alone.
    await window.treeItem('Pods').filter({ hasText: /2$/ }).waitFor();
    await window.run('Wheelhouse: Show Everything');
    await fails.waitFor();
    await runs.waitFor();
    await editorCluster().ok('delete', 'pod', 'tree-broken', '--grace-period=0', '--force');
    await fails.waitFor({ state: 'detached' });
    await window.collapse('Pods');
  });

  test('leads from an owner down to the containers', async () => {
    const { window } = editor();
    await window.expand('tree-web');
    await window.expand(/^tree-web-[a-z0-9]+$/);
    await window.expand(aPod);
    await window.treeItem('web').filter({ hasText: 'Running' }).waitFor();
    await editor().screenshot('tree');
  });

  test('scales from the context menu and shows what comes of it', async () => {
    const { window } = editor();
    await window.menu('tree-web', 'Scale…');
    await window.answer('3');
    await window.treeItem('tree-web').filter({ hasText: '3/3' }).waitFor();
  });

  test('describes an object with its events', async () => {
    const { window } = editor();
    await window.menu('tree-web', 'Describe');
    await window.tab('tree-web.txt').waitFor();
    await window.until(
      'the description',
      () => window.visibleText(),
      (text) => /Replicas:\s+3 desired/.test(text),
    );
    await window.editor.locator('.view-lines').first().click();
    await window.page.keyboard.press('Control+End');
    await window.until(
      'its events',
      () => window.visibleText(),
      (text) => /ScalingReplicaSet.*Scaled up replica set tree-web-\S+ (from 2 )?to 3/.test(text),
    );
  });

  test('keeps a description up to date, and the cursor where it is', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await window.editor.locator('.view-lines').first().click();
    await window.page.keyboard.press('Control+Home');
    await window.page.keyboard.press('ArrowDown');
    await window.page.getByText('Ln 2, Col 1').waitFor();
    await cluster.ok('scale', 'deployment/tree-web', '--replicas=2');
    await window.until(
      'the newer description',
      () => window.visibleText(),
      (text) => /Replicas:\s+2 desired.*2 available/.test(text),
    );
    await window.page.getByText('Ln 2, Col 1').waitFor();
  });

  /** Forwards a port to one that is free on this machine; its number. */
  async function forward(row: string | RegExp, port: string): Promise<number> {
    const { window } = editor();
    await window.pick(port, () => window.menu(row, 'Forward a Port…'));
    await window.answer('0');
    const notification = window.notification('answers at localhost');
    const said = await notification.textContent();
    await notification.hover();
    await notification.locator('.codicon-notifications-clear').click();
    await notification.waitFor({ state: 'detached' });
    return Number(/localhost:(\d+)/.exec(said ?? '')?.[1]);
  }

  const answer = async (port: number) => (await fetch(`http://127.0.0.1:${port}/index.html`)).text();

  test('forwards ports of a Pod to this machine, until they are stopped', async () => {
    const { window } = editor();
    const [first, second] = [await forward(aPod, '8080 (web)'), await forward(aPod, '8080 (web)')];
    expect(await answer(first)).toBe('hello\n');
    expect(await answer(second)).toBe('hello\n');
    const item = window.statusBarItem(`localhost:${second}`);
    expect(await item.textContent()).toContain('2');
    // A connection that is open ends with it.
    const open = connect(first, '127.0.0.1');
    const ended = once(open, 'close');
    await once(open, 'connect');
    await window.pick(`localhost:${first}`, () => window.run('Wheelhouse: Stop Forwarding…'));
    await ended;
    await expect(answer(first)).rejects.toThrow('fetch failed');
    expect(await answer(second)).toBe('hello\n');
    await window.pick(`localhost:${second}`, () => item.click());
    await item.waitFor({ state: 'detached' });
    await expect(answer(second)).rejects.toThrow('fetch failed');
  });

  test('copies names: of objects, of several, and of containers', async () => {
    const { window } = editor();
    const copied = (wanted: RegExp) =>
      window.until(
        `copying ${String(wanted)}`,
        () => window.clipboard(),
        (text) => wanted.test(text),
      );
    await window.menu(aPod, 'Copy Name');
    await copied(aPod);
    await window.menu('web', 'Copy Name');
    await copied(/^web$/);
    await window.treeItem(aPod).click();
    await window.treeItem('tree-web').click({ modifiers: ['Control'] });
    await window.page.keyboard.press('Control+C');
    await copied(/^(tree-web|tree-web-\S+-\S+)\n(tree-web|tree-web-\S+-\S+)$/);
  });

  test('restarts all Pods of a workload, after it asked', async () => {
    const { window } = editor();
    const restartedAt = async () => {
      const deployment = await editorCluster().ok('get', 'deployment', 'tree-web', '-o', 'json');
      return /"kubectl.kubernetes.io\/restartedAt": *"(.*)"/.exec(deployment)?.[1] ?? '';
    };
    expect(await restartedAt()).toBe('');
    await window.menu('tree-web', 'Restart…');
    expect(await window.dialog.textContent()).toContain('of cluster "editor"');
    await window.dialog.getByText('Restart', { exact: true }).click();
    await window.until('the restart', restartedAt, (time) => time !== '');
    await editorCluster().ok('rollout', 'status', 'deployment/tree-web', '--timeout', '60s');
    await window
      .treeItem('tree-web')
      .filter({ hasText: /([1-9])\/\1/ })
      .waitFor();
  });

  test('forwards a port of a Service to a Pod behind it, to others when that goes, over any connection', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await cluster.ok('apply', '-f', cluster.file('tree-front.yaml', front));
    await window.showKind('Network', 'Services');
    const port = await forward('tree-front', '80 (http)');
    const item = window.statusBarItem(`localhost:${port}`);
    expect(await item.getAttribute('aria-label')).toContain(
      'service "tree-front" in namespace "default": 8080',
    );
    expect(await answer(port)).toBe('hello\n');
    const answersAgain = () =>
      window.until(
        'an answer',
        () => answer(port).catch(String),
        (text) => text === 'hello\n',
      );
    await cluster.ok('delete', 'pods', '-l', 'app=tree-web');
    await cluster.ok('rollout', 'status', 'deployment/tree-web', '--timeout', '60s');
    await answersAgain();
    await window.run('Wheelhouse: Connect Again');
    await answersAgain();
    await window.pick(`localhost:${port}`, () => item.click());
    await item.waitFor({ state: 'detached' });
    await cluster.ok('delete', 'service', 'tree-front');
    await window.collapse('Network');
    await window.showKind('Workloads', 'Deployments');
    await window
      .treeItem('tree-web')
      .filter({ hasText: /([1-9])\/\1/ })
      .waitFor();
  });

  test('cordons a node and says so', async () => {
    const { window } = editor();
    await window.expand('Cluster');
    await window.expand('Nodes');
    await window.menu('editor', 'Cordon');
    await window.treeItem('editor').filter({ hasText: 'SchedulingDisabled' }).waitFor();
    await window.menu('editor', 'Uncordon');
    await window
      .treeItem('editor')
      .filter({ hasText: /Ready(?!,)/ })
      .waitFor();
  });

  test('says what holds a drain back, and ends it when it is cancelled', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await cluster.ok('apply', '-f', cluster.file('tree-budget.yaml', budget));
    await window.menu('editor', 'Drain…');
    await window.dialog.getByText('Drain', { exact: true }).click();
    const draining = window.notification('Draining editor');
    await draining.filter({ hasText: /tree-web-\S+: Cannot evict pod/ }).waitFor();
    await draining.hover();
    await draining.getByRole('button', { name: 'Cancel' }).click();
    await draining.waitFor({ state: 'detached' });
    await window
      .treeItem('tree-web')
      .filter({ hasText: /([1-9])\/\1/ })
      .waitFor();
    expect(await window.notification(/Cannot drain/).count()).toBe(0);
    await cluster.ok('delete', 'poddisruptionbudget', 'tree-budget');
    await window.menu('editor', 'Uncordon');
    await window
      .treeItem('editor')
      .filter({ hasText: /Ready(?!,)/ })
      .waitFor();
  });

  test('drains a node, after it said what that means', async () => {
    const { window } = editor();
    await window.menu('editor', 'Drain…');
    const says = await window.dialog.textContent();
    expect(says).toContain('Drain node "editor" of cluster "editor"?');
    expect(says).toMatch(/[1-9]\d* Pods are evicted/);
    await window.dialog.getByText('Drain', { exact: true }).click();
    await window.treeItem('editor').filter({ hasText: 'SchedulingDisabled' }).waitFor();
    // There is no other node for them.
    await window
      .treeItem('tree-web')
      .filter({ hasText: /0\/[1-9]/ })
      .waitFor();
    await window.menu('editor', 'Uncordon');
    await window
      .treeItem('tree-web')
      .filter({ hasText: /([1-9])\/\1/ })
      .waitFor();
  });

  test('is used without a mouse, and read aloud', async () => {
    const { window } = editor();
    const { keyboard } = window.page;
    await window.run('View: Close All Editors');
    /** Not by way of Escape, which would take the selection of the tree away. */
    const command = async (title: string) => {
      await keyboard.press('F1');
      await window.quickInput.fill(`>${title}`);
      const first = window.page.locator('.quick-input-widget:visible .monaco-list-row.focused');
      await first.filter({ hasText: title }).waitFor();
      await keyboard.press('Enter');
    };
    const focusTree = async () => {
      await command('Wheelhouse: Focus on Cluster View');
      await window.page.locator('.sidebar .monaco-list:focus').waitFor();
    };
    const opened = (what: string, tab: Locator, key: string) =>
      window.until(
        what,
        async () => {
          await keyboard.press(key);
          return tab.waitFor({ timeout: 3_000 }).then(
            () => true,
            () => false,
          );
        },
        Boolean,
      );
    await focusTree();
    await keyboard.press('Home');
    const focused = window.tree.locator('.monaco-list-row.focused');
    await window.until(
      'the row',
      async () => {
        const label = await focused.locator('.label-name').textContent();
        if (label !== 'tree-web') await keyboard.press('ArrowDown');
        return label;
      },
      (label) => label === 'tree-web',
    );
    expect(await focused.getAttribute('aria-label')).toMatch(/^Deployment, tree-web, \d+\/\d+/);
    expect(await window.treeItem('Deployments').getAttribute('aria-label')).toMatch(/^Deployments, \d+/);
    await keyboard.press('Enter');
    await window.tree.locator('.monaco-list-row.focused.selected').waitFor();
    await opened('the description', window.tab('tree-web.txt'), 'Control+Enter');
    await focusTree();
    await command('Wheelhouse: Scale…');
    await window.page.locator('.quick-input-widget:visible').getByText('How many Pods').waitFor();
    await keyboard.press('Escape');
    await focusTree();
    await opened('the question', window.dialog, 'Delete');
    expect(await window.dialog.textContent()).toContain('tree-web');
    await keyboard.press('Escape');
    await window.dialog.waitFor({ state: 'detached' });
  });

  test('deletes after it asked, naming the cluster', async () => {
    const { window } = editor();
    await window.menu('tree-web', 'Delete…');
    expect(await window.dialog.textContent()).toContain('of cluster "editor"');
    await window.dialog.getByText('Delete', { exact: true }).click();
    await window.treeItem('tree-web').waitFor({ state: 'detached' });
  });
});
