import { expect, test } from 'vitest';
import { configMapData, describeEditor, editorCluster } from './scene.ts';

describeEditor('editing objects of the cluster', {}, (editor) => {
  const value = async (key: string) => (await configMapData('edited'))[key];
  /** Writes a value into the open text, as typing would. */
  const write = async (from: string, to: string) => {
    const { window } = editor();
    const text = await window.until(
      'the text',
      () => window.visibleText(),
      (all) => all.includes(from),
    );
    await window.replaceText(text.replace(from, to));
  };

  test('opens an object as YAML, and saving writes it back', async () => {
    const { window } = editor();
    await editorCluster().ok('create', 'configmap', 'edited', '--from-literal=a=1', '--from-literal=b=1');
    await window.showCluster();
    await window.expand('Configuration');
    await window.expand('ConfigMaps');
    await window.menu('edited', 'Edit as YAML');
    await window.tab('edited.yaml').waitFor();
    await write('a: "1"', 'a: "2"');
    await window.save();
    await window.until(
      'the change in the cluster',
      () => value('a'),
      (found) => found === '2',
    );
  });

  test('shows what others change while nothing was edited', async () => {
    const { window } = editor();
    await editorCluster().ok(
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      editorCluster().file('b.yaml', configMap({ b: '2' })),
    );
    await window.until(
      'their change',
      () => window.visibleText(),
      (text) => text.includes('b: "2"'),
    );
  });

  test('shows both states instead of overwriting what others changed meanwhile', async () => {
    const { window } = editor();
    await write('a: "2"', 'a: "mine"');
    await editorCluster().ok(
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      editorCluster().file('b.yaml', configMap({ b: 'theirs' })),
    );
    await window.save();
    await window.page
      .locator('.monaco-diff-editor .view-lines')
      .filter({ hasText: 'theirs' })
      .first()
      .waitFor();
    await editor().screenshot('conflict');
    expect(await value('a')).toBe('2');
    expect(await value('b')).toBe('theirs');
    const asks = window.notification('was changed in the cluster while you edited it');
    await asks.getByText('Save Mine').click();
    await window.until(
      'mine in the cluster',
      () => value('a'),
      (found) => found === 'mine',
    );
  });
});

const configMap = (data: Readonly<Record<string, string>>) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'edited', namespace: 'default' },
    data,
  });
