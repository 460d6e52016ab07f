import { expect, test } from 'vitest';
import { configMapData, describeEditor, editorCluster } from './scene.ts';

const settings = (color: string, name = 'apply-settings') => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  color: ${color}
`;

const wrong = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: apply-wrong
spec:
  replicas: -1
  selector: { matchLabels: { app: a } }
  template:
    metadata: { labels: { app: a } }
    spec: { containers: [{ name: a, image: a }] }
`;

const files = {
  'settings.yaml': settings('red'),
  'several.yaml': [settings('green'), settings('new', 'apply-second'), wrong].join('---\n'),
};

describeEditor('applying manifests', files, (editor) => {
  const color = async (name = 'apply-settings') => (await configMapData(name))['color'];

  test('names cluster and namespace, and applies only what was agreed to', async () => {
    const { window } = editor();
    await window.openFile('settings.yaml');
    await window.statusBarItem(/Wheelhouse 0/).waitFor();
    await window.run('Wheelhouse: Apply…');
    await window.page.getByText('Apply: cluster "editor", namespace default').first().waitFor();
    await editor().screenshot('apply');
    await window.confirmPick();
    await window.notification('1 created').waitFor();
    expect(await color()).toBe('red');
  });

  test('shows the difference to the live object first', async () => {
    const { window } = editor();
    await window.openFile('settings.yaml');
    await window.replaceText(settings('blue'));
    await window.run('Wheelhouse: Apply…');
    const sides = window.page.locator('.monaco-diff-editor .view-lines');
    await sides
      .filter({ hasText: /color:\sred/ })
      .first()
      .waitFor();
    await sides
      .filter({ hasText: /color:\sblue/ })
      .first()
      .waitFor();
    await editor().screenshot('diff');
    expect(await color()).toBe('red');
    await window.confirmPick();
    await window.notification('1 configured').waitFor();
    expect(await color()).toBe('blue');
  });

  test('asks before it takes a field that somebody else owns', async () => {
    const { window } = editor();
    await editorCluster().ok(
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      editorCluster().file('theirs.yaml', settings('theirs')),
    );
    await window.openFile('settings.yaml');
    await window.run('Wheelhouse: Apply…');
    await window.page
      .locator('.quick-input-widget')
      .getByText('others own what it changes')
      .first()
      .waitFor();
    await window.tick('configmap/apply-settings');
    await window.confirmPick();
    expect(await window.dialog.textContent()).toContain('.data.color');
    await window.dialog.getByText('Take Over', { exact: true }).click();
    await window.notification('1 configured').waitFor();
    expect(await color()).toBe('blue');
  });

  test('of several documents applies what can be, and marks what the server refuses', async () => {
    const { window } = editor();
    await window.openFile('several.yaml');
    await window.run('Wheelhouse: Apply…');
    await window.page.locator('.quick-input-widget').getByText('is refused').first().waitFor();
    await window.confirmPick();
    await window.notification('1 configured, 1 created').waitFor();
    expect(await color('apply-second')).toBe('new');
    await window.openFile('several.yaml');
    await window.page.locator('.squiggly-error').first().waitFor();
  });

  test('deletes what a file says, after it asked', async () => {
    const { window } = editor();
    await window.openFile('settings.yaml');
    await window.run('Wheelhouse: Delete from Cluster…');
    expect(await window.dialog.textContent()).toContain('of cluster "editor"');
    await window.dialog.getByText('Delete', { exact: true }).click();
    await window.notification('1 deleted').waitFor();
  });
});
