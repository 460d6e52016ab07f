import { expect, test } from 'vitest';
import { describeEditor, editorCluster } from './scene.ts';
import { deployment } from './workloads.ts';

const web = (release: string) =>
  deployment('back-web', {
    annotations: { 'kubernetes.io/change-cause': `${release} release` },
    labels: { release },
    command: ['sleep', 'infinity'],
  });

interface Rolling {
  readonly metadata: { readonly uid: string };
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly metadata: { readonly labels: object; readonly annotations?: Readonly<Record<string, string>> };
    };
  };
}

/** Of kinds that no controller looks after yet: what their objects say is what counts. */
const unattended = [
  { kind: 'StatefulSet', name: 'back-store', more: { serviceName: 'back-store', replicas: 1 }, is: '0/1' },
  { kind: 'DaemonSet', name: 'back-agent', more: {}, is: '0/0' },
];

const templateOf = (name: string, release: string) => ({
  metadata: { labels: { app: name, release } },
  spec: { containers: [{ name: 'main', image: 'busybox', command: ['sleep', 'infinity'] }] },
});

describeEditor('rolling back and restarting', {}, (editor) => {
  const json = async (kind: string, name: string) =>
    JSON.parse(await editorCluster().ok('get', kind, name, '-o', 'json')) as Rolling;

  /** Changes it as people do, and keeps each revision as its controller would. */
  async function makeRevisions(kind: string, name: string, more: object): Promise<void> {
    const cluster = editorCluster();
    const apply = (...objects: readonly object[]) => {
      const text = objects
        .map((object) => JSON.stringify({ apiVersion: 'apps/v1', ...object }))
        .join('\n---\n');
      return cluster.ok('apply', '-f', cluster.file(`${name}.yaml`, text));
    };
    const workload = (template: object) => {
      const spec = { selector: { matchLabels: { app: name } }, template, ...more };
      return { kind, metadata: { name }, spec };
    };
    await apply(workload(templateOf(name, 'first')));
    const { metadata, spec } = await json(kind, name);
    // With all that the server has added.
    const [first, second] = ['first', 'second'].map((release) => ({
      ...spec.template,
      metadata: { ...spec.template.metadata, labels: { app: name, release } },
    }));
    const revision = (number: number, template: object | undefined) => ({
      kind: 'ControllerRevision',
      metadata: {
        name: `${name}-${number}`,
        annotations: { 'kubernetes.io/change-cause': `release ${number}` },
        ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: metadata.uid, controller: true }],
      },
      revision: number,
      data: { spec: { template: { ...template, $patch: 'replace' } } },
    });
    await apply(revision(1, first), revision(2, second), workload(templateOf(name, 'second')));
  }

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

  test.each(unattended)('works on a $kind as well', async ({ kind, name, more, is }) => {
    const { window } = editor();
    await makeRevisions(kind, name, more);
    await window.showKind('Workloads', `${kind}s`);
    await window.treeItem(name).filter({ hasText: is }).waitFor();

    await window.menu(name, 'Roll Back…');
    const rows = window.page.locator('.quick-input-widget:visible .monaco-list-row');
    await rows.filter({ hasText: 'Revision 2' }).filter({ hasText: 'runs now' }).waitFor();
    await window.pick('release 1');
    const question = window.notification('of cluster "editor" to revision 1?');
    await question.getByRole('button', { name: 'Roll Back' }).click();
    const labels = async () => (await json(kind, name)).spec.template.metadata.labels;
    await window.until('the first template', labels, (now) => 'release' in now && now.release === 'first');
    expect(await labels()).toEqual({ app: name, release: 'first' });

    await window.menu(name, 'Restart…');
    expect(await window.dialog.textContent()).toContain(
      `Restart all Pods of ${kind.toLowerCase()} "${name}"`,
    );
    await window.dialog.getByText('Restart', { exact: true }).click();
    const { metadata } = await window.until(
      'the restart',
      async () => (await json(kind, name)).spec.template,
      ({ metadata: { annotations = {} } }) => 'kubectl.kubernetes.io/restartedAt' in annotations,
    );
    expect(metadata.labels).toEqual({ app: name, release: 'first' });
  });

  test('scales a StatefulSet, and says how many Pods are wanted', async () => {
    const { window } = editor();
    await window.menu('back-store', 'Scale…');
    await window.answer('3');
    await window.treeItem('back-store').filter({ hasText: '0/3' }).waitFor();
    expect((await json('StatefulSet', 'back-store')).spec.replicas).toBe(3);
    await editorCluster().ok('delete', 'statefulset/back-store', 'daemonset/back-agent');
  });
});
