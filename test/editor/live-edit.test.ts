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

  test('takes what others wrote, where that is what was chosen', async () => {
    const { window } = editor();
    await write('a: mine', 'a: not this');
    await editorCluster().ok(
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      editorCluster().file('b.yaml', configMap({ b: 'newest' })),
    );
    await window.save();
    const asks = window.notification('was changed in the cluster while you edited it');
    await asks.getByText('Discard Mine').click();
    await window.until(
      'theirs',
      () => window.visibleText(),
      (text) => text.includes('b: newest') && text.includes('a: mine'),
    );
    expect(await value('a')).toBe('mine');
  });

  test('keeps what the server refuses, and says where and why', async () => {
    const { window } = editor();
    await window.run('View: Close All Editors');
    await window.showCluster();
    await window.menu('edited', 'Edit as YAML');
    await write('a: mine', 'a: 5');
    await window.save();
    await window.notification(/Failed to save 'edited.yaml'.*data\.a/).waitFor();
    await window.editor.locator('.squiggly-error').first().waitFor();
    await write('a: 5', 'a: fine');
    const text = await window.visibleText();
    await window.replaceText(text.replace(/^ {2}resourceVersion: .*\n/m, ''));
    await window.save();
    await window.notification('metadata.resourceVersion was removed').waitFor();
    expect(await value('a')).toBe('mine');
    await window.replaceText(text);
    await window.save();
    await window.until(
      'the change in the cluster',
      () => value('a'),
      (found) => found === 'fine',
    );
  });

  test('says that an object is gone, and does not bring it back', async () => {
    const { window } = editor();
    await editorCluster().run(['delete', 'configmap', 'edited']);
    // As the editor shows files that were deleted.
    await window.tab('edited.yaml').locator('.strikethrough').waitFor();
    await write('a: fine', 'a: again');
    await window.save();
    await window.notification(/Failed to save 'edited.yaml'.*the cluster no longer has it/).waitFor();
    await expect(value('a')).rejects.toThrow('not found');
    await window.run('File: Revert File');
    await editorCluster().ok('create', 'configmap', 'edited', '--from-literal=a=anew');
    await window.until(
      'the object that was made anew',
      () => window.visibleText(),
      (text) => text.includes('a: anew'),
    );
  });

  test('shows what others change when its cluster was opened again, and when the window was loaded again', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    const theirs = async (b: string) => {
      const file = cluster.file('b.yaml', configMap({ b }));
      await cluster.ok('apply', '--server-side', '--force-conflicts', '-f', file);
      await window.until(
        'their change',
        () => window.visibleText(),
        (text) => text.includes(`b: "${b}"`),
      );
    };
    await window.run('Wheelhouse: Connect Again');
    await theirs('3');
    await Promise.all([window.page.waitForEvent('load'), window.run('Developer: Reload Window')]);
    await window.tab('edited.yaml').waitFor();
    await theirs('4');
  });
});

const configMap = (data: Readonly<Record<string, string>>) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'edited', namespace: 'default' },
    data,
  });
