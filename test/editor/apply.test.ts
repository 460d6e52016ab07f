import { expect, test } from 'vitest';
import { configMapData, describeEditor, editorCluster } from './scene.ts';

/** Objects are compared with their fields in order; the first lines lie under the question. */
const settings = (color: string, name = 'apply-settings') => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  background: white
  border: thin
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

const sleeper = (seconds: string, replicas = 1) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: apply-sleeper
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: apply-sleeper } }
  template:
    metadata: { labels: { app: apply-sleeper } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - { name: a, image: busybox, imagePullPolicy: IfNotPresent, command: [sleep, '${seconds}'] }
`;

const namespaced = (namespace: string, color: string) =>
  settings(color, 'apply-both').replace('metadata:\n', `metadata:\n  namespace: ${namespace}\n`);

const files = {
  'both.yaml': [namespaced('default', 'blue'), namespaced('kube-public', 'blue')].join('---\n'),
  'space.yaml': [
    'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: apply-space\n',
    namespaced('apply-space', 'red'),
    `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: boats.apply.example.com }
spec:
  group: apply.example.com
  scope: Namespaced
  names: { kind: Boat, plural: boats }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`,
    'apiVersion: apply.example.com/v1\nkind: Boat\nmetadata: { name: mary, namespace: apply-space }\n',
  ].join('---\n'),
  'manifest.json': JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'apply-json' },
    data: { color: 'black' },
  }),
  'chart.yaml': settings('{{ .Values.color }}', 'apply-chart'),
  'sleeper.yaml': sleeper('1000000', 2),
  'settings.yaml': settings('red'),
  'gone.yaml': [settings('red', 'apply-gone'), settings('blue', 'apply-gone-too')].join('---\n'),
  'folder/one.yaml': settings('one', 'apply-one'),
  'folder/inner/two.yaml': settings('two', 'apply-two'),
  'folder/notes.txt': 'no manifest',
  'three.yaml': settings('three', 'apply-three'),
  'four.yaml': settings('four', 'apply-four'),
  'selection.yaml': [settings('not asked for', 'apply-left-out'), settings('five', 'apply-five')].join(
    '---\n',
  ),
  // As others have it by then.
  'several.yaml': [settings('green').replace('thin', 'thick'), settings('new', 'apply-second'), wrong].join(
    '---\n',
  ),
};

describeEditor('applying manifests', files, (editor) => {
  const color = async (name = 'apply-settings') => (await configMapData(name))['color'];

  /** Undefined while there is no such object. */
  const colorSoFar = (name: string) => color(name).catch(() => undefined);

  /** They may be there from an earlier try. */
  const remove = (...names: string[]) =>
    editorCluster().ok('delete', 'configmap', ...names, '--ignore-not-found');

  test('names cluster and namespace, and applies only what was agreed to', async () => {
    const { window } = editor();
    await remove('apply-settings');
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
      editorCluster().file('theirs.yaml', settings('theirs').replace('thin', 'thick')),
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
    const field = window.page
      .locator('.quick-input-widget:visible .monaco-list-row')
      .filter({ hasText: '.data.color' });
    await field.filter({ hasText: 'theirs: theirs · yours: blue' }).waitFor();
    await window.page
      .locator('.quick-input-widget:visible')
      .getByText('theirs: thick · yours: thin')
      .waitFor();
    await editor().screenshot('conflict');
    // Nothing is ticked, so theirs stays.
    await window.confirmPick();
    await window.notification(/1 (configured|unchanged)/).waitFor();
    expect(await configMapData('apply-settings')).toMatchObject({ color: 'theirs', border: 'thick' });
    await window.openFile('settings.yaml');
    await window.run('Wheelhouse: Apply…');
    await window.tick('configmap/apply-settings');
    await window.confirmPick();
    await field.waitFor();
    await window.tick('.data.color');
    await window.confirmPick();
    await window.until('taking over', color, (is) => is === 'blue');
    // What was not ticked is left as it is.
    expect(await configMapData('apply-settings')).toMatchObject({ background: 'white', border: 'thick' });
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
    // Who wants to try all the same is told what the server says.
    await window.run('Wheelhouse: Apply…');
    await window.tick('deployment/apply-wrong');
    await window.confirmPick();
    await window
      .notification(/1 failed\. deployment\/apply-wrong in namespace "default": .*spec\.replicas/)
      .waitFor();
  });

  test('shows what would change in each namespace, changes nothing, and then tells of each object', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await cluster.ok('apply', '--server-side', '-f', cluster.file('both.yaml', namespaced('default', 'red')));
    await window.openFile('both.yaml');
    await window.run('Wheelhouse: Show What Would Change');
    const what =
      'cluster "editor", namespace default, kube-public: 1 in conflict, 1 to create. Nothing was changed';
    await window.notification(what).waitFor();
    const sides = window.page.locator('.monaco-diff-editor .view-lines');
    await sides
      .filter({ hasText: /color:\sred/ })
      .first()
      .waitFor();
    await sides
      .filter({ hasText: /color:\sblue/ })
      .first()
      .waitFor();
    await editor().screenshot('what would change');
    expect(await color('apply-both')).toBe('red');
    await window.openFile('both.yaml');
    await window.run('Wheelhouse: Apply…');
    await window.tick('others own what it changes');
    await window.confirmPick();
    await window.tick('.data.color');
    await window.confirmPick();
    await window.notification('1 configured, 1 created').getByText('Details').click();
    await window.until(
      'what became of each object',
      async () => (await window.page.locator('.part.panel .view-line').allTextContents()).join('\n'),
      (text) =>
        ['"default" configured', '"kube-public" created'].every((became) =>
          text.replaceAll('\u00a0', ' ').includes(`editor: configmap/apply-both in namespace ${became}`),
        ),
    );
    await window.run('View: Toggle Panel Visibility');
    await window.openFile('both.yaml');
    await window.run('Wheelhouse: Apply…');
    await window.notification('Cluster "editor" already is as these manifests say').waitFor();
  });

  test('makes a namespace, a kind and their objects at once', async () => {
    const { window } = editor();
    await window.openFile('space.yaml');
    await window.run('Wheelhouse: Apply…');
    await window.confirmPick();
    await window.notification('4 created').waitFor();
    await editorCluster().ok('get', 'boat', 'mary', '-n', 'apply-space');
    await editorCluster().ok('delete', 'namespace', 'apply-space', '--wait=false');
    await editorCluster().ok('delete', 'customresourcedefinition', 'boats.apply.example.com', '--wait=false');
  });

  test('says what a change does to Pods, and what goes with a deletion', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await cluster.ok('apply', '--server-side', '-f', cluster.file('sleeper.yaml', sleeper('infinity')));
    await cluster.ok('rollout', 'status', 'deployment/apply-sleeper', '--timeout', '60s');
    await window.openFile('sleeper.yaml');
    await window.run('Wheelhouse: Apply…');
    const plan = window.page.locator('.quick-input-widget:visible');
    await plan.getByText('restarts its Pod · starts Pods: 2 instead of 1').waitFor();
    await window.page.keyboard.press('Escape');
    await window.openFile('sleeper.yaml');
    await window.run('Wheelhouse: Delete from Cluster…');
    expect(await window.dialog.textContent()).toMatch(
      /Goes with it: 1 (replicasets|pods), 1 (replicasets|pods)/,
    );
    await window.dialog.getByText('Delete', { exact: true }).click();
    await window.notification('1 deleted').waitFor();
  });

  test('deletes what a file says, after it asked', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    await cluster.ok('apply', '--server-side', '-f', cluster.file('gone.yaml', files['gone.yaml']));
    await window.openFile('gone.yaml');
    await window.run('Wheelhouse: Delete from Cluster…');
    expect(await window.dialog.textContent()).toContain('Delete 2 objects of cluster "editor"?');
    expect(await color('apply-gone')).toBe('red');
    await window.dialog.getByText('Delete', { exact: true }).click();
    await window.notification('2 deleted').waitFor();
    expect(await colorSoFar('apply-gone')).toBeUndefined();
  });

  test('applies all manifests of a folder, deletes them again, and applies several files', async () => {
    const { window } = editor();
    await remove('apply-one', 'apply-two', 'apply-three', 'apply-four');
    await window.fileMenu(['folder'], 'Apply…');
    await window.confirmPick();
    await window.notification('2 created').waitFor();
    expect([await color('apply-one'), await color('apply-two')]).toEqual(['one', 'two']);
    await editorCluster().ok('delete', 'configmap', 'apply-two');
    await window.fileMenu(['folder'], 'Delete from Cluster…');
    expect(await window.dialog.textContent()).toContain('Delete 2 objects of cluster "editor"?');
    await window.dialog.getByText('Delete', { exact: true }).click();
    await window.notification(/1 (deleted|not there), 1 (deleted|not there)/).waitFor();
    await window.fileMenu(['three.yaml', 'four.yaml'], 'Apply…');
    await window.confirmPick();
    await window.until(
      'both objects',
      () => Promise.all(['apply-three', 'apply-four'].map(colorSoFar)),
      (colors) => colors.join() === 'three,four',
    );
  });

  test('by the button above a manifest: what is a template is refused where it is one', async () => {
    const { window } = editor();
    await window.openFile('chart.yaml');
    await window.page.locator('.editor-actions .action-label[aria-label^="Apply"]').first().click();
    await window.notification('chart.yaml is a template: what is rendered from it can be applied').waitFor();
    await window.statusBarItem(/Ln 8, Col/).waitFor();
    await expect(color('apply-chart')).rejects.toThrow('not found');
  });

  test('checks and applies a document that was never saved', async () => {
    const { window } = editor();
    await window.run('File: New Untitled Text File');
    await window.pick('YAML', async () => {
      await window.run('Change Language Mode');
      await window.quickInput.fill('yaml');
    });
    const wanted = settings('unsaved', 'apply-unsaved');
    await window.replaceText(wanted.replace('data:', 'date:'));
    await window.editor.locator('.squiggly-error').first().waitFor();
    await window.replaceText(wanted);
    await window.editor.locator('.squiggly-error').first().waitFor({ state: 'detached' });
    await window.run('Wheelhouse: Apply…');
    await window.confirmPick();
    await window.until(
      'the object',
      () => colorSoFar('apply-unsaved'),
      (found) => found === 'unsaved',
    );
  });

  test('reads JSON as well', async () => {
    const { window } = editor();
    await window.openFile('manifest.json');
    await window.run('Wheelhouse: Apply…');
    await window.confirmPick();
    await window.until(
      'the object',
      () => colorSoFar('apply-json'),
      (found) => found === 'black',
    );
  });

  test('applies no more than what is selected', async () => {
    const { window } = editor();
    await window.openFile('selection.yaml');
    await window.goToLine(9);
    await window.page.keyboard.press('Control+Shift+End');
    await window.run('Wheelhouse: Apply Selection…');
    await window.confirmPick();
    await window.until(
      'the object',
      () => colorSoFar('apply-five'),
      (found) => found === 'five',
    );
    await expect(color('apply-left-out')).rejects.toThrow('not found');
  });
});
