import { expect, test } from 'vitest';
import { describeEditor, editorCluster } from './scene.ts';

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: tree-web
spec:
  replicas: 2
  selector: { matchLabels: { app: tree-web } }
  template:
    metadata: { labels: { app: tree-web } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
          image: busybox
          imagePullPolicy: IfNotPresent
          command: [sh, -c, 'echo hello > /tmp/index.html; httpd -f -p 8080 -h /tmp']
          ports: [{ containerPort: 8080 }]
`;

describeEditor('the tree of the cluster', {}, (editor) => {
  test('follows the cluster: what is created appears, with its state', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await window.showCluster();
    await window.expand('Workloads');
    await window.expand('Deployments');
    await cluster.ok('apply', '-f', cluster.file('tree-web.yaml', web));
    await window.treeItem('tree-web').filter({ hasText: '2/2' }).waitFor();
    await window.treeItem('Deployments').filter({ hasText: /[1-9]/ }).waitFor();
  });

  test('leads from an owner down to the containers', async () => {
    const { window } = editor();
    await window.expand('tree-web');
    await window.expand(/^tree-web-[a-z0-9]+$/);
    await window.expand(/^tree-web-[a-z0-9]+-[a-z0-9]{5}$/);
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

  test('forwards a port of a Pod to this machine', async () => {
    const { window } = editor();
    await window.menu(/^tree-web-[a-z0-9]+-[a-z0-9]{5}$/, 'Forward a Port…');
    await window.pick('8080 (web)');
    await window.answer('0');
    const said = await window.notification('answers at localhost').textContent();
    const port = /localhost:(\d+)/.exec(said ?? '')?.[1];
    const reply = await fetch(`http://127.0.0.1:${port}/index.html`);
    expect(await reply.text()).toBe('hello\n');
  });

  test('filters by name and by status', async () => {
    const { window } = editor();
    await window.run('Wheelhouse: Filter…');
    await window.answer('no-such-thing');
    await window.treeItem('tree-web').waitFor({ state: 'detached' });
    await window.run('Wheelhouse: Show Everything');
    await window.treeItem('tree-web').waitFor();
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
    await window.treeItem('tree-web').click();
    // Not by way of Escape, which would take the selection away.
    await window.page.keyboard.press('F1');
    await window.quickInput.fill('>Wheelhouse: Scale…');
    await window.pick('Wheelhouse: Scale…');
    await window.page.locator('.quick-input-widget:visible').getByText('How many Pods').waitFor();
    await window.page.keyboard.press('Escape');
    const label = (row: string) => window.treeItem(row).getAttribute('aria-label');
    expect(await label('tree-web')).toMatch(/^Deployment, tree-web, \d+\/\d+/);
    expect(await label('Deployments')).toMatch(/^Deployments, \d+/);
    await window.treeItem('tree-web').click();
    await window.page.keyboard.press('Delete');
    await window.dialog.getByText('Cancel', { exact: true }).click();
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
