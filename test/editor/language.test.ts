import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { errors, onlyProblem, takeFix, takeProposal, warnings } from './manifest-actions.ts';
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
const long = Array.from(
  { length: 100 },
  (_, index) => `---\n${web.replace('language-web', `long-${index}`)}`,
).join('');

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
      await window.page.keyboard.press('Escape');
      expect(await errors(window).count()).toBe(0);
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

    test('a key in a file of 2,000 lines is answered at once', async () => {
      const { window } = editor();
      await window.openFile('long.yaml');
      /** Milliseconds from the key to the line that is drawn under it, as a browser that is driven sees them. */
      const wrong = async () => {
        await window.goToLine(7, 100);
        const startedMs = performance.now();
        await window.page.keyboard.type('x');
        await errors(window).first().waitFor();
        return performance.now() - startedMs;
      };
      // All of it is checked once; after that, only what changes.
      await wrong();
      await window.page.keyboard.press('Control+Z');
      await errors(window).first().waitFor({ state: 'detached' });
      const tookMs = await wrong();
      console.log(`a wrong value in 2,000 lines is underlined after ${tookMs.toFixed(0)} ms`);
      // 100 ms is the aim, which npm run bench measures; a machine that is busy with other tests may take longer.
      expect(tookMs).toBeLessThan(5_000);
      await window.page.keyboard.press('Control+Z');
      await errors(window).first().waitFor({ state: 'detached' });
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
