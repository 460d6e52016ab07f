import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { describeEditor, editorCluster } from './scene.ts';

/** Two Pods that count, one that says much, and one that fails once and then listens. */
const talkers = `apiVersion: apps/v1
kind: Deployment
metadata: { name: talker }
spec:
  replicas: 2
  selector: { matchLabels: { app: talker } }
  template:
    metadata: { labels: { app: talker } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: talk
          image: busybox
          imagePullPolicy: IfNotPresent
          command: [sh, -c, 'i=0; while true; do i=$((i+1)); echo "line $i from $HOSTNAME"; sleep 0.2; done']
---
apiVersion: v1
kind: Pod
metadata: { name: shouter }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: shout
      image: busybox
      imagePullPolicy: IfNotPresent
      # 10 MB in 100,000 lines of 100 characters, then silence.
      command:
        - sh
        - -c
        - 'yes 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | head -n 100000; echo the end; sleep 3600'
---
apiVersion: v1
kind: Pod
metadata: { name: listener }
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{ name: memory, emptyDir: {} }]
  containers:
    - name: listen
      image: busybox
      imagePullPolicy: IfNotPresent
      stdin: true
      tty: true
      volumeMounts: [{ name: memory, mountPath: /memory }]
      # It fails once; in its second run it answers.
      command:
        - sh
        - -c
        - 'if [ ! -e /memory/ran ]; then touch /memory/ran; echo the first run; exit 1; fi; echo the second run; while read line; do echo "heard $line"; done'
`;

describeEditor('logs and terminals', {}, (editor) => {
  beforeAll(async () => {
    const cluster = editorCluster();
    await cluster.ok('apply', '-f', cluster.file('talkers.yaml', talkers));
    const { window } = editor();
    await window.showCluster();
    await window.expand('Workloads');
    await window.expand('Deployments');
    await window.treeItem('talker').filter({ hasText: '2/2' }).waitFor();
    await window.expand('Pods');
  });

  test('follow a whole workload, merged, and go on', async () => {
    const { window } = editor();
    await window.menu('talker', 'Follow Logs');
    const pods = (text: string) => new Set(text.match(/talker-[a-z0-9]+-[a-z0-9]{5}(?= talk)/g));
    await window.until(
      'lines of both Pods',
      () => window.terminalText(),
      (text) => pods(text).size === 2,
    );
    const last = (text: string) =>
      Math.max(0, ...[...text.matchAll(/line (\d+) from/g)].map(([, n]) => Number(n)));
    const before = last(await window.terminalText());
    await window.until(
      'newer lines',
      () => window.terminalText(),
      (text) => last(text) > before + 3,
    );
  });

  test('show only the lines that match a filter', async () => {
    const { window } = editor();
    await window.run('Wheelhouse: Filter Logs…');
    await window.answer('line \\d*7 ');
    await window.until(
      'only sevens',
      () => window.terminalText(),
      (text) => {
        const numbers = [...text.matchAll(/line (\d+) from/g)].map(([, n]) => n ?? '');
        return numbers.length > 1 && numbers.every((number) => number.endsWith('7'));
      },
    );
    await editor().screenshot('logs');
  });

  test('take 10 MB without freezing the window', async () => {
    const { window } = editor();
    await window.menu('shouter', 'Follow Logs Since…');
    await window.answer('1h');
    const startedMs = performance.now();
    let slowestMs = 0;
    await window.until(
      'the end of the log',
      async () => {
        const askedMs = performance.now();
        const text = await window.terminalText();
        slowestMs = Math.max(slowestMs, performance.now() - askedMs);
        return text;
      },
      (text) => text.includes('the end'),
    );
    const totalMs = performance.now() - startedMs;
    console.log(
      `10 MB of logs: ${totalMs.toFixed(0)} ms, the window answered within ${slowestMs.toFixed(0)} ms`,
    );
    // A person calls it frozen after a few seconds.
    expect(slowestMs).toBeLessThan(5_000);
  });

  test('are downloaded whole', async () => {
    const { window, folder } = editor();
    await window.menu('shouter', 'Download Logs…');
    await window.quickInput.waitFor();
    const file = join(folder, 'shouter.log');
    await window.answer(file);
    await window.notification('The logs are in').waitFor();
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(100_001);
  });

  test('a shell opens in a container, with its size and its exit code', async () => {
    const { window } = editor();
    await window.menu('shouter', 'Open Shell');
    await window.until(
      'a prompt',
      () => window.terminalText(),
      (text) => /[#$] ?$/.test(text.trimEnd()),
    );
    await window.typeInTerminal('echo answer-$((40 + 2)) $(stty size)\n');
    const text = await window.until(
      'the answer',
      () => window.terminalText(),
      (all) => /answer-42 \d+ \d+/.test(all),
    );
    const [rows, columns] = /answer-42 (\d+) (\d+)/.exec(text)?.slice(1).map(Number) ?? [];
    expect(rows).toBeGreaterThan(3);
    expect(columns).toBeGreaterThan(40);
    await editor().screenshot('shell');
    await window.typeInTerminal('exit 3\n');
    await window.notification(/exit code:? ?3/).waitFor();
  });

  test('a debug container joins the Pod and lends its shell', async () => {
    const { window } = editor();
    await window.menu('shouter', 'Debug…');
    await window.answer('busybox');
    await window.tree.waitFor();
    await window.until(
      'the debugger',
      () => window.page.locator('.terminal-tabs-entry, .single-terminal-tab').allTextContents().then(String),
      (text) => text.includes('debugger-'),
    );
    await window.typeInTerminal('echo here-$((1 + 1))\n');
    await window.until(
      'its answer',
      () => window.terminalText(),
      (text) => text.includes('here-2'),
    );
  });

  test('tell what a container said before it was restarted', async () => {
    const { window } = editor();
    await window.treeItem('listener').filter({ hasText: 'Running 1/1 · ↻ 1' }).waitFor();
    await window.menu('listener', 'Logs of the Run Before');
    const text = await window.until(
      'the log',
      () => window.visibleText(),
      (shown) => shown.includes('listener listen'),
    );
    expect(text).toContain('the first run');
    expect(text).not.toContain('the second run');
  });

  test('what runs in a container can be attached to, and answers', async () => {
    const { window } = editor();
    await window.menu('listener', 'Attach');
    await window.until(
      'the terminal',
      () => window.page.locator('.terminal-tabs-entry, .single-terminal-tab').allTextContents().then(String),
      (text) => text.includes('listener/listen'),
    );
    await window.until(
      'an answer',
      async () => {
        await window.typeInTerminal('hello\n');
        return window.terminalText();
      },
      (text) => text.includes('heard hello'),
    );
  });
});
