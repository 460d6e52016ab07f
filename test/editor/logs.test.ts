import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { describeEditor, editorCluster } from './scene.ts';
import { deployment, pod } from './workloads.ts';

const talker = deployment('talker', {
  replicas: 2,
  command: ['sh', '-c', 'i=0; while true; do i=$((i+1)); echo "line $i from $HOSTNAME"; sleep 0.2; done'],
});
/** 10 MB in 100,000 lines of 100 characters, then silence. */
const shouter = pod('shouter', 'shout', {
  command: ['sh', '-c', `yes ${'0123456789'.repeat(10)} | head -n 100000; echo the end; sleep 3600`],
});
/** It says something every second. */
const ticker = pod('ticker', 'tick', {
  command: ['sh', '-c', 'echo the beginning; while sleep 1; do echo tick; done'],
});
/** A container without a shell. */
const bare = pod('bare', 'sleeper', { command: ['sh', '-c', 'rm -f /bin/sh; exec sleep 3600'] });
/** It fails once; in its second run it answers. */
const listener = pod(
  'listener',
  'listen',
  {
    command: [
      'sh',
      '-c',
      'if [ ! -e /memory/ran ]; then touch /memory/ran; echo the first run; exit 1; fi; echo the second run; while read line; do echo "heard $line"; done',
    ],
    stdin: true,
    tty: true,
    volumeMounts: [{ name: 'memory', mountPath: '/memory' }],
  },
  { volumes: [{ name: 'memory', emptyDir: {} }] },
);

/** One of a Pod's voices. It fails once; in its second run it goes on and on. */
const voice = (name: string) => ({
  name,
  image: 'busybox',
  imagePullPolicy: 'IfNotPresent',
  command: [
    'sh',
    '-c',
    `if [ ! -e /memory/${name} ]; then touch /memory/${name}; echo ${name} coughs; exit 1; fi; i=0; while sleep 0.5; do i=$((i+1)); echo "${name} sings $i"; done`,
  ],
  volumeMounts: [{ name: 'memory', mountPath: '/memory' }],
});
/** Three containers, one of which is over before the others begin. */
const choir = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'choir' },
  spec: {
    terminationGracePeriodSeconds: 0,
    volumes: [{ name: 'memory', emptyDir: {} }],
    initContainers: [{ ...voice('organ'), command: ['echo', 'organ plays'] }],
    containers: [voice('alto'), voice('bass')],
  },
});

/** A window that answers later than this is called slow. */
const mostPauseMs = 1_000;

/** The numbers of the lines that a terminal shows of the talkers. */
const numbersIn = (text: string) => [...text.matchAll(/line (\d+) from/g)].map(([, n]) => Number(n));
/** The Pods whose lines a terminal shows. */
const talkersIn = (text: string) => new Set(text.match(/talker-[a-z0-9]+-[a-z0-9]{5}(?= web)/g));

describeEditor('logs and terminals', {}, (editor) => {
  beforeAll(async () => {
    const cluster = editorCluster();
    const all = [talker, shouter, ticker, bare, listener, choir].join('\n---\n');
    await cluster.ok('apply', '-f', cluster.file('talkers.yaml', all));
    const { window } = editor();
    await window.showKind('Workloads', 'Deployments');
    await window.treeItem('talker').filter({ hasText: '2/2' }).waitFor();
    await window.expand('Pods');
  });

  test('follow a whole workload, merged, every Pod in a colour of its own, also those that come', async () => {
    const { window } = editor();
    await window.clickButton('talker', 'Follow Logs');
    const shows = (what: string, wanted: (text: string) => boolean) =>
      window.until(what, () => window.terminalText(), wanted);
    // What a Pod says may fill the screen for a while, so it is looked at more than once.
    const colors = new Map<string, string>();
    const untilHeard = (what: string, pods: number) =>
      window.until(
        what,
        async () => {
          const speakers = [...talkersIn(await window.terminalText())].map((name) => `${name} web`);
          for (const [speaker, color] of await colorsOf(speakers)) colors.set(speaker, color);
          return [...colors.keys()];
        },
        (heard) => heard.length >= pods,
      );
    await untilHeard('lines of both Pods', 2);
    const before = Math.max(...numbersIn(await window.terminalText()));
    await shows('newer lines', (shown) => Math.max(...numbersIn(shown)) > before + 3);
    await editorCluster().ok('scale', 'deployment/talker', '--replicas=3');
    await untilHeard('lines of a third Pod', 3);
    expect(new Set(colors.values()).size).toBe(3);
    await editorCluster().ok('scale', 'deployment/talker', '--replicas=2');
    await shows('that one has gone', (shown) => /── talker-\S+ is gone/.test(shown));
    await window.treeItem('talker').filter({ hasText: '2/2' }).waitFor();
  });

  /** What the terminal draws those who speak in, of those it shows, each as `pod container`. */
  async function colorsOf(speakers: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const spans = await editor()
      .window.page.locator('.terminal-wrapper.active .xterm-rows span')
      .evaluateAll((all) =>
        all.map((span) => ({
          text: span.textContent.replaceAll('\u00a0', ' '),
          color: span.ownerDocument.defaultView?.getComputedStyle(span).color ?? '',
        })),
      );
    const colors = new Map<string, string>();
    for (const { text, color } of spans)
      for (const speaker of speakers) if (text.startsWith(speaker)) colors.set(speaker, color);
    return colors;
  }

  /** Waits until a terminal with such a name is the one that is shown: one of a list, or the only one. */
  async function untilTerminalIs(name: RegExp): Promise<void> {
    const { window } = editor();
    const shown = window.page.locator('.terminal-tabs-entry.is-active, .single-terminal-tab');
    await window.until(
      `the terminal ${String(name)}`,
      async () => (await shown.allTextContents()).join('\n'),
      (names) => name.test(names),
    );
  }

  test('show only the lines that match a filter', async () => {
    const { window } = editor();
    await window.run('Wheelhouse: Filter Logs…');
    await window.answer('line \\d*7 ');
    await window.until(
      'only sevens',
      () => window.terminalText(),
      (text) => {
        const numbers = numbersIn(text);
        return numbers.length > 1 && numbers.every((number) => number % 10 === 7);
      },
    );
    await editor().screenshot('logs');
  });

  test('hold still, show times, and go on, by a key each', async () => {
    const { window } = editor();
    const shows = (what: string, wanted: (text: string) => boolean) =>
      window.until(what, () => window.terminalText(), wanted);
    await window.typeInTerminal('t');
    await shows('times', (text) => /web 20\d\d-\d\d-\d\dT[\d:.]+Z line/.test(text));
    await window.typeInTerminal('t');
    await shows('no times', (text) => /web line \d+/.test(text) && !/web 20\d\d-/.test(text));
    await window.typeInTerminal(' ');
    const held = await shows('that it is held', (text) => text.includes('held; Space goes on'));
    await window.typeInTerminal('/');
    await window.answer('');
    // The filter is gone, and nothing has come but what was there.
    const all = await shows('every line', (text) => numbersIn(text).some((number) => number % 10 !== 7));
    expect(Math.max(...numbersIn(all))).toBeLessThan(Math.max(...numbersIn(held)) + 10);
    await window.typeInTerminal(' ');
    await shows('newer lines', (text) => Math.max(...numbersIn(text)) > Math.max(...numbersIn(all)) + 10);
  });

  test('begin where they are told to', async () => {
    const { window } = editor();
    const isOld = (text: string) => text.startsWith('the beginning') && text.split('tick').length > 5;
    await window.until('an old beginning', () => editorCluster().ok('logs', 'ticker'), isOld);
    await window.run('Terminal: Kill All Terminals');
    await window.menu('ticker', 'Follow Logs Since…');
    await window.answer('2s');
    const text = await window.until(
      'its last lines',
      () => window.terminalText(),
      (shown) => shown.includes('/ filters') && shown.includes('tick'),
    );
    expect(text).not.toContain('the beginning');
  });

  test('merge the containers of a Pod, each in a colour of its own, and leave out what a filter names', async () => {
    const { window } = editor();
    const shows = (what: string, wanted: (text: string) => boolean) =>
      window.until(what, () => window.terminalText(), wanted);
    const singers = ['choir organ', 'choir alto', 'choir bass'];
    await window.treeItem('choir').filter({ hasText: 'Running 2/2 · ↻ 2' }).waitFor();
    await window.menu('choir', 'Follow Logs');
    await shows('its lines, and no longer those of another Pod', (text) => /^choir /m.test(text));
    // The beginning of each is on the screen however much has been said meanwhile.
    await window.typeInTerminal('/');
    await window.answer('organ|sings 1$');
    await shows('the first line of each', (text) =>
      ['choir organ organ plays', 'choir alto alto sings 1', 'choir bass bass sings 1'].every((line) =>
        text.includes(line),
      ),
    );
    const colors = await window.until(
      'colours of all of them',
      () => colorsOf(singers),
      (found) => found.size === singers.length,
    );
    expect(new Set(colors.values()).size).toBe(singers.length);
    await editor().screenshot('logs of several containers');
    await window.typeInTerminal('/');
    await window.answer('!alto|organ');
    const text = await shows('one of them', (shown) => !shown.includes('alto'));
    const heard = (shown: string) => Number([...shown.matchAll(/bass sings (\d+)/g)].at(-1)?.[1]);
    const later = await shows('newer lines', (shown) => heard(shown) > heard(text) + 2);
    expect(later).not.toMatch(/alto|organ/);
  });

  test('of one container are its own alone', async () => {
    const { window } = editor();
    await window.expand('choir');
    await window.menu('bass', 'Follow Logs');
    await untilTerminalIs(/Logs: choir\/bass/);
    // Whose they are is in the title, and so not in every line.
    const text = await window.until(
      'its lines',
      () => window.terminalText(),
      (shown) => (shown.match(/^bass sings \d+$/gm)?.length ?? 0) > 3,
    );
    expect(text).not.toContain('alto');
  });

  test('tell what each container of a Pod said before it was restarted', async () => {
    const { window } = editor();
    await window.menu('choir', 'Logs of the Run Before');
    const text = await window.until(
      'the log',
      () => window.visibleText(),
      (shown) => shown.includes('choir alto'),
    );
    expect(text.trimEnd().split('\n')).toEqual(['choir alto alto coughs', 'choir bass bass coughs']);
  });

  test('take 10 MB without freezing the window', async () => {
    const { window } = editor();
    // The machine itself may stand still for a while, but not every time.
    for (let tries = 1; ; tries++) {
      await window.run('Terminal: Kill All Terminals');
      const pauses = await window.watchPauses();
      const startedMs = performance.now();
      await window.menu('shouter', 'Follow Logs Since…');
      await window.answer('1h');
      await window.until(
        'the end of the log',
        () => window.terminalText(),
        (text) => text.includes('the end'),
      );
      const longestMs = await pauses.longest();
      const totalMs = performance.now() - startedMs;
      console.log(
        `10 MB of logs: ${totalMs.toFixed(0)} ms, the window stood still for at most ${longestMs.toFixed(0)} ms`,
      );
      if (longestMs < mostPauseMs) break;
      expect(tries).toBeLessThan(3);
    }
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

  test('are downloaded with those of all containers, each line with whose it is and when it was said', async () => {
    const { window, folder } = editor();
    await window.menu('choir', 'Download Logs…');
    await window.quickInput.waitFor();
    const file = join(folder, 'choir.log');
    await window.answer(file);
    await window.notification('choir.log').waitFor();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const speakers = new Set(
      lines.map((line) => /^choir (\w+) 20\d\d-\d\d-\d\dT[\d:.]+Z \1 (plays|sings)/.exec(line)?.[1]),
    );
    expect([...speakers]).toEqual(['organ', 'alto', 'bass']);
  });

  test('a shell opens in a container, with its size and its exit code', async () => {
    const { window } = editor();
    await window.clickButton('shouter', 'Open Shell');
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
    // It follows the window.
    await window.page.setViewportSize({ width: 900, height: 700 });
    const resized = await window.until(
      'another size',
      async () => {
        await window.typeInTerminal('clear; echo now $(stty size)\n');
        return window.terminalText();
      },
      (all) => Number(/now \d+ (\d+)/.exec(all)?.[1] ?? columns) < (columns ?? 0),
    );
    expect(Number(/now (\d+) \d+/.exec(resized)?.[1])).toBe(await window.terminalRows());
    await window.page.setViewportSize({ width: 1280, height: 800 });
    await window.typeInTerminal('exit 3\n');
    await window.notification(/exit code:? ?3/).waitFor();
  });

  test('where a container has no shell, the terminal says so and stays for that to be read', async () => {
    const { window } = editor();
    await window.menu('bare', 'Open Shell');
    const text = await window.until(
      'what is wrong',
      () => window.terminalText(),
      (shown) => shown.includes('Any key closes this terminal'),
    );
    expect(text).toMatch(/exec: .*sh/);
    await window.typeInTerminal('x');
    const tab = window.page
      .locator('.terminal-tabs-entry, .single-terminal-tab')
      .filter({ hasText: 'bare/' });
    await tab.waitFor({ state: 'detached' });
  });

  test('a Pod with several containers asks for which of them the shell is', async () => {
    const { window } = editor();
    await window.pick('bass', () => window.menu('choir', 'Open Shell'));
    await untilTerminalIs(/(?<!Logs: )choir\/bass/);
    await window.until(
      'a prompt',
      () => window.terminalText(),
      (text) => /[#$] ?$/.test(text.trimEnd()),
    );
    await window.typeInTerminal('ls /memory\n');
    await window.until(
      'its files',
      () => window.terminalText(),
      (text) => /alto +bass/.test(text),
    );
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
