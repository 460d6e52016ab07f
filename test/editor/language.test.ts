import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  errors,
  onlyProblem,
  takeFix,
  takeProposal,
  untilProblemsAre,
  warnings,
} from './manifest-actions.ts';
import { describeEditor } from './scene.ts';

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: language-web
spec:
  replicas: 0
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: busybox
          envFrom:
            - configMapRef:
                name: language-settings
`;
const settings =
  'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: language-settings\ndata:\n  color: blue\n';
const chart = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicaCount }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "web.selectorLabels" . | nindent 6 }}
  template:
    spec:
      containers:
        - name: {{ .Chart.Name }}
          imagee: "{{ .Values.image }}"
`;
/** 2,000 lines in a hundred documents, and in a single one, of which every key changes all. */
const long = Array.from(
  { length: 100 },
  (_, index) => `---\n${web.replace('language-web', `long-${index}`)}`,
).join('');
const single = `${web}${Array.from(
  { length: 495 },
  (_, index) =>
    `        - name: c${index}\n          image: busybox\n          env:\n            - { name: A, value: a }\n`,
).join('')}`;
/** On a machine that has nothing else to do. */
const mostKeyMs = 100;
const compilerRounds = 8;

const crlf = web.replace('replicas:', 'replcas:').replaceAll('\n', '\r\n');
/** 10 MB: what is wrong stands behind ten ConfigMaps of a million characters each. */
const large = [
  ...Array.from(
    { length: 10 },
    (_, index) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: large-${index} }\ndata:\n  text: |\n${`    ${'x'.repeat(94)}\n`.repeat(10_000)}`,
  ),
  web.replace('replicas:', 'replcas:'),
].join('---\n');

const files = {
  'crlf.yaml': crlf,
  'tabs.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n',
  'large.yaml': large,
  'web.yaml': web,
  'settings.yaml': settings,
  'chart.yaml': chart,
  'long.yaml': long,
  'single.yaml': single,
  'empty.yaml': '',
};

describeEditor('manifests', files, (editor) => {
  beforeAll(async () => {
    const { window } = editor();
    await window.openFile('web.yaml');
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
  });

  describe('as they are typed', () => {
    test('a wrong field is underlined, explained, and mended by a quick fix', async () => {
      const { window } = editor();
      await window.openFile('web.yaml');
      await window.replaceText(web.replace('replicas:', 'replcas:'));
      await errors(window).first().waitFor();
      // What it names is in the folder, and has been found there by now.
      await warnings(window).first().waitFor({ state: 'detached' });
      await window.goToLine(6, 5);
      await window.page.keyboard.press('F8');
      const message = window.page.locator('.marker-widget');
      await message.waitFor();
      expect(await message.textContent()).toContain('did you mean "replicas"?');
      await editor().screenshot('a wrong field');
      await window.page.keyboard.press('Escape');
      await takeFix(window, 6, 'Replace with "replicas"');
      await window.until(
        'the fix',
        () => window.visibleText(),
        (text) => text.includes('  replicas: 0'),
      );
      await errors(window).first().waitFor({ state: 'detached' });
    });

    test('fields are proposed, and written with the value to come', async () => {
      const { window } = editor();
      await window.openFile('web.yaml');
      await window.replaceText(web);
      await window.goToLine(6, 100);
      await window.page.keyboard.press('Enter');
      await window.page.keyboard.type('  min', { delay: 50 });
      await takeProposal(window, 'minReadySeconds');
      await window.page.keyboard.type('5');
      await window.until(
        'the field',
        () => window.visibleText(),
        (text) => text.includes('\n  minReadySeconds: 5'),
      );
      await errors(window).first().waitFor({ state: 'detached' });
    });

    test('a whole object is written from its kind', async () => {
      const { window } = editor();
      await window.openFile('empty.yaml');
      await window.replaceText('NetworkP');
      await takeProposal(window, 'NetworkPolicy');
      await window.until(
        'the object',
        () => window.visibleText(),
        (text) => text.includes('kind: NetworkPolicy\nmetadata:\n  name: my-app'),
      );
      // The name is asked for first, and stands wherever it has to; then what else there is to say.
      await window.page.keyboard.type('shop');
      await window.page.keyboard.press('Tab');
      await window.page.keyboard.type('till');
      await window.until(
        'what was typed, in its places',
        () => window.visibleText(),
        (text) => /  name: shop\n.*matchLabels:\n +app: shop\n.*matchLabels:\n +app: till\n/s.test(text),
      );
      await window.page.keyboard.press('Escape');
      await window.save();
      await untilProblemsAre(window, 'empty.yaml', []);
    });

    test('templates are not drowned in errors, and still told of what is wrong in any case', async () => {
      const { window } = editor();
      await window.openFile('chart.yaml');
      await errors(window).first().waitFor();
      await window.goToLine(1);
      await window.page.keyboard.press('F8');
      const message = window.page.locator('.marker-widget');
      await window.until(
        'the message',
        async () => (await message.textContent()) ?? '',
        (text) => text.includes('did you mean "image"?'),
      );
      expect(await errors(window).count()).toBe(1);
      await window.page.keyboard.press('Escape');
    });

    test('half a manifest is told what is missing, and nothing it does not deserve', async () => {
      const { window } = editor();
      await window.openFile('empty.yaml');
      await window.replaceText(
        'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: half\nspec:\n  templ',
      );
      await errors(window).first().waitFor();
      expect(await onlyProblem(window)).toContain('templ');
      await window.replaceText('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "half');
      await window.until(
        'what is wrong with the quote',
        () => onlyProblem(window),
        (text) => text.includes('quote'),
      );
    });

    test('a tab is told of where it stands', async () => {
      const { window } = editor();
      await window.openFile('tabs.yaml');
      await errors(window).first().waitFor();
      expect(await onlyProblem(window)).toMatch(/tab/i);
    });

    test('Windows line ends are nothing to complain about, and stay', async () => {
      const { window, folder } = editor();
      await window.openFile('crlf.yaml');
      await errors(window).first().waitFor();
      expect(await onlyProblem(window)).toContain('did you mean "replicas"?');
      await takeFix(window, 6, 'Replace with "replicas"');
      await errors(window).first().waitFor({ state: 'detached' });
      await window.save();
      const wanted = web.replaceAll('\n', '\r\n');
      await window.until(
        'the file',
        async () => readFileSync(join(folder, 'crlf.yaml'), 'utf8'),
        (text) => text === wanted,
      );
    });

    test('10 MB are checked to their end, and hold up no other file', async () => {
      const { window } = editor();
      await window.openFile('large.yaml');
      await window.openFile('web.yaml');
      await window.replaceText(web.replace('replicas:', 'replcas:'));
      await errors(window).first().waitFor();
      await window.replaceText(web);
      await errors(window).first().waitFor({ state: 'detached' });
      await window.openFile('large.yaml');
      await window.page.keyboard.press('Control+End');
      await errors(window).first().waitFor();
      expect(await onlyProblem(window)).toContain('did you mean "replicas"?');
    });

    /** Held against what is not ours, as it is at that moment: how long the editor takes to draw the key. */
    async function expectQuickAnswer(
      { file, line, warmUps }: { readonly file: string; readonly line: number; readonly warmUps: number },
      most: (drawnMs: number) => number,
    ): Promise<void> {
      const { window } = editor();
      await window.openFile(file);
      const wrong = async () => {
        await window.goToLine(line, 100);
        const times = await window.timeKey('x', '  replicas: 0x', '.squiggly-error');
        await window.page.keyboard.press('Control+Z');
        await errors(window).first().waitFor({ state: 'detached' });
        return times;
      };
      // All of it is checked once; after that, only what changes.
      for (let key = 0; key < warmUps; key++) await wrong();
      // The machine may be busy with something else, but not every time.
      for (let tries = 1; ; tries++) {
        const { drawnMs, foundMs } = await wrong();
        const mostMs = Math.max(mostKeyMs, most(drawnMs));
        console.log(
          `${file}: a key is drawn after ${drawnMs.toFixed(0)} ms, underlined after ${foundMs.toFixed(0)} ms, of ${mostMs.toFixed(0)} ms`,
        );
        if (foundMs < mostMs) break;
        expect(tries).toBeLessThan(3);
      }
    }

    test('a key in a file of 2,000 lines is answered at once', async () => {
      expect(long.split('\n').length).toBeGreaterThan(2_000);
      await expectQuickAnswer({ file: 'long.yaml', line: 7, warmUps: 1 }, (drawnMs) => 3 * drawnMs);
    });

    test('and one in a single document of 2,000 lines within a few times what parsing it takes', async () => {
      expect(single.split('\n').length).toBeGreaterThan(2_000);
      const parseMs = () => {
        const startedMs = performance.now();
        parseAllDocuments(single, { uniqueKeys: false });
        return performance.now() - startedMs;
      };
      // Most of it runs at every key, so the first ones are for the compiler, there and here.
      for (let round = 0; round < compilerRounds; round++) parseMs();
      await expectQuickAnswer(
        { file: 'single.yaml', line: 6, warmUps: compilerRounds },
        (drawnMs) => 4 * (drawnMs + parseMs()),
      );
    });
  });

  describe('and the objects they name', () => {
    test('what is neither in the workspace nor in the cluster is told of', async () => {
      const { window } = editor();
      await window.openFile('web.yaml');
      await window.replaceText(web.replace('name: language-settings', 'name: nowhere'));
      await warnings(window).first().waitFor();
      await window.replaceText(web);
      await warnings(window).first().waitFor({ state: 'detached' });
    });

    test('a name leads to its object', async () => {
      const { window } = editor();
      await window.openFile('web.yaml');
      await window.goToLine(20, 25);
      await window.page.keyboard.press('F12');
      await window.until(
        'the definition',
        () => window.visibleText(),
        (text) => text.startsWith('apiVersion: v1\nkind: ConfigMap'),
      );
    });

    test('the outline shows objects and named items', async () => {
      const { window } = editor();
      await window.openFile('web.yaml');
      await window.page.keyboard.press('Control+Shift+O');
      const rows = window.page.locator('.quick-input-list .monaco-list-row');
      await rows.filter({ hasText: 'Deployment language-web' }).first().waitFor();
      await rows.filter({ hasText: 'containers' }).first().waitFor();
      await window.page.keyboard.press('Escape');
    });
  });
});
