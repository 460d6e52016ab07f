import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { ExtensionHost } from '../environment/editor/extension-host.ts';
import { describeEditor, editorCluster, editorLog, editorScene } from './scene.ts';

interface Users {
  readonly users: { user: Record<string, string> }[];
}

const idleWindowMs = 3_000;

describeEditor('the editor and its cluster', { 'web.yaml': 'apiVersion: v1\n' }, (editor) => {
  const kubeconfig = () => join(editorCluster().directory, 'kubeconfig');
  let before: string | undefined;
  /** Replaced whole, as programs do it. */
  const writeKubeconfig = (text: string) => {
    writeFileSync(`${kubeconfig()}.new`, text);
    renameSync(`${kubeconfig()}.new`, kubeconfig());
  };

  afterAll(() => {
    if (before !== undefined) writeKubeconfig(before);
  });

  test('connect through the kubeconfig when a manifest is opened', async () => {
    const { window } = editor();
    await window.openFile('web.yaml');
    const connected = window.statusBarItem(/Wheelhouse 0\.1\.0/);
    await connected.waitFor();
    expect(await connected.textContent()).toContain('editor');
  });

  test('are on the same side: what reads files and reaches the cluster runs beside the files', async () => {
    // code-server is what a remote host is to a desktop: the window is elsewhere, in a browser.
    const manifest = JSON.parse(
      readFileSync(resolve(import.meta.dirname, '../../vscode-extension/package.json'), 'utf8'),
    ) as { extensionKind: unknown; main: unknown; browser?: unknown };
    expect(manifest).toMatchObject({ extensionKind: ['workspace'], main: './dist/extension.cjs' });
    expect(manifest.browser).toBeUndefined();
    await editor().window.until(
      'its activation',
      async () => editorLog(),
      (log) => log.includes('Activated in'),
    );
    expect(new ExtensionHost(editorLog()).isBelow(editorScene().pid)).toBe(true);
  });

  test('cost little to start', () => {
    const activationMs = Number(/Activated in (\d+) ms/.exec(editorLog())?.[1]);
    console.log(`activation: ${activationMs} ms`);
    // 150 ms is the aim; a machine that is busy with other tests may take longer.
    expect(activationMs).toBeLessThan(1500);
  });

  test('cost next to nothing while nothing happens', async () => {
    const { window } = editor();
    await window.showCluster();
    await window.expand('Workloads');
    await window.expand('Pods');
    const host = new ExtensionHost(editorLog());
    const cpuMs = await window.until(
      'an idle extension host',
      async () => {
        const startedMs = host.cpuMs();
        await window.page.waitForTimeout(idleWindowMs);
        return host.cpuMs() - startedMs;
      },
      // The host's own timers and the extensions that come with the editor are in it.
      (usedMs) => usedMs <= idleWindowMs * 0.03,
    );
    console.log(`idle: ${((100 * cpuMs) / idleWindowMs).toFixed(1)} % of a core`);
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
    // What was open still follows the cluster.
    const cluster = editorCluster();
    await window.expand('Configuration');
    await window.expand('ConfigMaps');
    await cluster.eventually('create', 'configmap', 'after-the-restart');
    await window.treeItem('after-the-restart').waitFor();
    await cluster.ok('delete', 'configmap', 'after-the-restart');
    await window.treeItem('after-the-restart').waitFor({ state: 'detached' });
  });

  test('part clearly when the certificate is over, and meet again with a newer one', async () => {
    const { window } = editor();
    before ??= readFileSync(kubeconfig(), 'utf8');
    const longAgo = new SteppedClock(Date.parse('2020-01-01T00:00:00Z'));
    const { cert, key } = await makePair({ name: 'old', subject: 'CN=old', use: 'client' }, longAgo);
    const old = parse(before) as Users;
    for (const { user } of old.users) {
      user['client-certificate-data'] = cert.toString('base64');
      user['client-key-data'] = key.toString('base64');
    }
    const why = 'the client certificate of "editor" expired at 2020-12-31T00:00:00.000Z';
    const timesSaid = () => editorLog().split(why).length - 1;
    const saidBefore = timesSaid();
    writeKubeconfig(stringify(old));
    await window.statusBarItem(new RegExp(`not available: ${why}`)).waitFor();
    await window.page.getByText(`Not available: ${why}`).first().waitFor();
    await editor().screenshot('an expired certificate');
    writeKubeconfig(before);
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
    await window.expand('Configuration');
    // Said once, and not tried again and again.
    expect(timesSaid() - saidBefore).toBe(1);
  });

  test('part where the kubeconfig cannot be read, say why, and meet again when it can', async () => {
    const { window } = editor();
    before ??= readFileSync(kubeconfig(), 'utf8');
    writeKubeconfig('clusters: [');
    await window.page.getByText('Cannot read kubeconfig').first().waitFor();
    await window.statusBarItem(/Cannot read kubeconfig/).waitFor();
    writeKubeconfig(before);
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
  });
});
