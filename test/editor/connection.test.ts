import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { EditorWindow } from '../environment/editor/editor-window.ts';
import { ExtensionHost, timeActivation, timeBareStart } from '../environment/editor/extension-host.ts';
import { describeEditor, editorCluster, editorLog, editorScene } from './scene.ts';
import { pod } from './workloads.ts';

interface Users {
  readonly users: { user: Record<string, string> }[];
}

const startWindowMs = 1_000;
const idleWindowMs = 10_000;
/** On a machine that has nothing else to do. */
const mostActivationMs = 150;
const mostAloneMs = 75;
/** For a machine on which opening one takes most of a minute. */
const severalWindowsMs = 300_000;

const counter = (labels: Readonly<Record<string, string>>) =>
  pod('counter', 'count', {
    labels,
    command: ['sh', '-c', 'i=0; while true; do i=$((i+1)); echo "number $i"; sleep 0.3; done'],
  });

/** What names an object that is not there. */
const web = `apiVersion: v1
kind: Pod
metadata:
  name: connection-web
spec:
  containers:
    - name: web
      image: busybox
      envFrom:
        - configMapRef:
            name: after-the-restart
`;

const bothMs = ({ loadMs, activateMs }: { readonly loadMs: number; readonly activateMs: number }) =>
  loadMs + activateMs;

describeEditor('the editor and its cluster', { 'web.yaml': web }, (editor) => {
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

  test('are installed whole: what the page of the extension shows is there', () => {
    const extensions = join(editorScene().directory, 'server/extensions');
    const [name = ''] = readdirSync(extensions).filter((each) => each.startsWith('wheelhouse.'));
    const page = readFileSync(join(extensions, name, 'README.md'), 'utf8');
    const linked = [...page.matchAll(/\]\(([^):#]+)\)/g)].map(([, file]) => file ?? '');
    expect(linked.length).toBeGreaterThan(2);
    expect(linked.filter((file) => !existsSync(join(extensions, name, file)))).toEqual([]);
  });

  test('cost next to nothing while nothing happens', async () => {
    const { window } = editor();
    await window.showKind('Workloads', 'Pods');
    const host = new ExtensionHost(editorLog());
    const share = async (windowMs: number) => {
      const [startedMs, cpuMs] = [performance.now(), host.cpuMs()];
      await window.page.waitForTimeout(windowMs);
      return (100 * (host.cpuMs() - cpuMs)) / (performance.now() - startedMs);
    };
    // The host's own timers and the extensions that come with the editor are in it.
    const isIdle = (percent: number) => percent < 2;
    await window.until('the end of its start', () => share(startWindowMs), isIdle);
    const percent = await share(idleWindowMs);
    console.log(`idle: ${percent.toFixed(1)} % of a core over ${idleWindowMs / 1_000} s`);
    expect(percent).toSatisfy(isIdle);
  });

  test('find each other again by themselves after core was killed, with all that was open', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    const shows = (what: string, wanted: (text: string) => boolean) =>
      window.until(what, () => window.terminalText(), wanted);
    await cluster.ok('apply', '-f', cluster.file('counter.yaml', counter({})));
    await window.treeItem('counter').filter({ hasText: 'Running 1/1' }).waitFor();
    const missing = window.editor.locator('.squiggly-warning').first();
    await window.openFile('web.yaml');
    await missing.waitFor();
    await window.menu('counter', 'Describe');
    await window.tab('counter.txt').waitFor();
    await window.menu('counter', 'Open Shell');
    await shows('a prompt', (text) => /[#$] ?$/.test(text.trimEnd()));
    await window.menu('counter', 'Follow Logs');
    await shows('its lines', (text) => /number \d+/.test(text));

    process.kill(cluster.pidOf('core'), 'SIGKILL');
    await window.until(
      'losing and finding the cluster',
      async () => editorLog(),
      (log) => /is not available[^]*Connected to "editor"/.test(log),
    );
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
    const last = (text: string) => Number([...text.matchAll(/number (\d+)/g)].at(-1)?.[1]);
    const before = last(await window.terminalText());
    await shows('newer lines', (shown) => last(shown) > before + 10);
    // As with a renewed certificate, which takes another connection.
    await window.run('Wheelhouse: Connect Again');
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
    const anew = last(await window.terminalText());
    const text = await shows('lines over the new connection', (shown) => last(shown) > anew + 10);
    // Nothing is missing and nothing comes twice.
    const numbers = [...text.matchAll(/number (\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));

    // A shell cannot go on; it says why, and stays for that to be read.
    await window.page.locator('.terminal-tabs-entry').filter({ hasText: 'counter/' }).click();
    await shows('the end of the shell', (shown) => shown.includes('Any key closes this terminal'));
    await window.typeInTerminal('x');
    await window.page
      .locator('.terminal-tabs-entry')
      .filter({ hasText: 'counter/' })
      .waitFor({ state: 'detached' });

    await cluster.eventually('apply', '-f', cluster.file('counter.yaml', counter({ seen: 'again' })));
    await window.until(
      'the newer description',
      () => window.visibleText(),
      (shown) => shown.includes('seen=again'),
    );
    await window.openFile('web.yaml');
    await missing.waitFor();
    await window.expand('Configuration');
    await window.expand('ConfigMaps');
    await cluster.ok('create', 'configmap', 'after-the-restart');
    await window.treeItem('after-the-restart').waitFor();
    await missing.waitFor({ state: 'detached' });
    await cluster.ok('delete', 'configmap/after-the-restart', 'pod/counter');
    await window.treeItem('after-the-restart').waitFor({ state: 'detached' });
    await missing.waitFor();
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

  // Last, because what is in the log is said by the newest window.
  test('cost little to start', { timeout: severalWindowsMs }, async () => {
    const { browser, folder } = editor();
    // The machine may be busy with something else, but not every time.
    for (let tries = 1; ; tries++) {
      const before = await timeBareStart();
      const window = await EditorWindow.open(browser, editorScene().url, folder);
      await window.openFile('web.yaml');
      await window.run('Developer: Show Running Extensions');
      const row = window.page
        .locator('.runtime-extensions-editor .extension')
        .filter({ hasText: 'Wheelhouse' });
      // Loading and `activate()`, as the editor itself counts them.
      const counted = row.filter({ hasText: /Activation: \d+/ });
      const activationMs = Number(/Activation: (\d+)/.exec((await counted.textContent()) ?? '')?.[1]);
      await window.close();
      // By turns, so that both meet the same machine; the best of each is what they need.
      const [alone, bare]: [number[], number[]] = [[], []];
      for (let round = 0; round < 3; round++) {
        alone.push(bothMs(await timeActivation()));
        bare.push(await timeBareStart());
      }
      const [aloneMs, bareMs] = [Math.min(...alone), Math.min(...bare)];
      const busyMs = Math.max(before, ...bare);
      console.log(
        `activation: ${activationMs} ms; in a process of its own ${aloneMs.toFixed(0)} ms; a bare start of Node ${bareMs.toFixed(0)} to ${busyMs.toFixed(0)} ms`,
      );
      // Where the machine is busy with other things, as with drawing the window, everything takes longer.
      const isQuick = activationMs < Math.max(mostActivationMs, 3 * busyMs);
      if (isQuick && aloneMs < Math.max(mostAloneMs, 2 * bareMs)) break;
      expect(tries).toBeLessThan(4);
    }
  });
});
