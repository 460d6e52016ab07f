import { expect, test } from 'vitest';
import { describeEditor, editorCluster, editorLog } from './scene.ts';

describeEditor('the editor and its cluster', { 'web.yaml': 'apiVersion: v1\n' }, (editor) => {
  test('connect through the kubeconfig when a manifest is opened', async () => {
    const { window } = editor();
    await window.openFile('web.yaml');
    const connected = window.statusBarItem(/Wheelhouse 0\.1\.0/);
    await connected.waitFor();
    expect(await connected.textContent()).toContain('editor');
  });

  test('find each other again by themselves after core was killed', async () => {
    const { window } = editor();
    process.kill(editorCluster().pidOf('core'), 'SIGKILL');
    await window.until(
      'losing and finding the cluster',
      async () => editorLog(),
      (log) => /is not available[^]*Connected to "editor"/.test(log),
    );
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
  });

  test('cost little to start', () => {
    const activationMs = Number(/Activated in (\d+) ms/.exec(editorLog())?.[1]);
    console.log(`activation: ${activationMs} ms`);
    // 150 ms is the aim; a machine that is busy with other tests may take longer.
    expect(activationMs).toBeLessThan(1500);
  });
});
