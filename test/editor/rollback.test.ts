import { expect, test } from 'vitest';
import { describeEditor, editorCluster } from './scene.ts';
import { deployment } from './workloads.ts';

const web = (release: string) =>
  deployment('back-web', {
    annotations: { 'kubernetes.io/change-cause': `${release} release` },
    labels: { release },
    command: ['sleep', 'infinity'],
  });

describeEditor('rolling back', {}, (editor) => {
  test('shows the revisions, compares the chosen one, and asks before it goes back', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    for (const release of ['first', 'second']) {
      await cluster.ok('apply', '-f', cluster.file('back.yaml', web(release)));
      await cluster.ok('rollout', 'status', 'deployment/back-web', '--timeout', '60s');
    }
    await window.showKind('Workloads', 'Deployments');
    await window.menu('back-web', 'Roll Back…');
    const rows = window.page.locator('.quick-input-widget:visible .monaco-list-row');
    await rows.filter({ hasText: 'Revision 2' }).filter({ hasText: 'runs now' }).waitFor();
    await editor().screenshot('revisions');
    await window.pick('first release');
    const sides = window.page.locator('.monaco-diff-editor .view-lines');
    await sides.filter({ hasText: /release:\ssecond/ }).waitFor();
    await sides.filter({ hasText: /release:\sfirst/ }).waitFor();
    const question = window.notification('of cluster "editor" to revision 1?');
    await question.getByRole('button', { name: 'Roll Back' }).click();
    await window.notification('rolled back').waitFor();
    expect(await cluster.ok('rollout', 'history', 'deployment/back-web')).toMatch(
      /2 +second release\n3 +first release/,
    );
    await cluster.ok('delete', 'deployment', 'back-web');
  });
});
