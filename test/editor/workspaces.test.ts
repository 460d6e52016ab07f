import { expect, test } from 'vitest';
import { describeEditor, configMapData } from './scene.ts';

const settings = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  color: red\n`;

const web = `apiVersion: v1
kind: Pod
metadata:
  name: several-web
spec:
  containers:
    - name: web
      image: busybox
      envFrom:
        - configMapRef:
            name: several-settings
`;

const files = {
  'both.code-workspace': JSON.stringify({ folders: [{ path: 'apps' }, { path: 'shared' }] }),
  'apps/web.yaml': web,
  'shared/settings.yaml': settings('several-settings'),
  'shared/other.yaml': settings('several-other'),
};

describeEditor('a workspace of several folders', files, (editor) => {
  test('is one: a name leads to the folder that has its object', async () => {
    const { window } = editor();
    await window.openFile('apps/web.yaml');
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
    const warnings = window.editor.locator('.squiggly-warning');
    await window.replaceText(web.replace('several-settings', 'several-setings'));
    await warnings.first().waitFor();
    await window.replaceText(web);
    await warnings.first().waitFor({ state: 'detached' });
    await window.goToLine(11, 25);
    await window.page.keyboard.press('F12');
    await window.tab('settings.yaml').waitFor();
    await window.until(
      'the definition',
      () => window.visibleText(),
      (text) => text.startsWith('apiVersion: v1\nkind: ConfigMap'),
    );
  });

  test('applies any of its folders', async () => {
    const { window } = editor();
    await window.fileMenu(['shared'], 'Apply…');
    await window.confirmPick();
    await window.notification('2 created').waitFor();
    expect(await configMapData('several-other')).toEqual({ color: 'red' });
  });
});
