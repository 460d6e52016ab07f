import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { EditorWindow, launchBrowser } from '../environment/editor/editor-window.ts';
import { editorScene, whyNoEditor } from './scene.ts';

describe.skipIf(whyNoEditor !== undefined)(
  `an editor in another language${whyNoEditor === undefined ? '' : ` (${whyNoEditor})`}`,
  () => {
    let browser: Browser | undefined;
    let folder = '';

    beforeAll(async () => {
      const { directory, programs } = editorScene();
      folder = join(directory, 'workspaces/translation');
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        join(folder, 'a.yaml'),
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndate: {}\n',
      );
      addLanguage(join(directory, 'server/data'), 'zh-cn');
      browser = await launchBrowser(programs);
    });

    afterAll(() => browser?.close());

    test('shows the extension in that language, what the manifest declares and what the code says', async () => {
      const window = await EditorWindow.open(browser as Browser, editorScene().url, folder, 'zh-CN');
      await window.page.locator('.activitybar .action-label[aria-label^="Wheelhouse"]').first().click();
      const side = window.page.locator('.sidebar');
      await side.getByText(/Wheelhouse: 集群/).waitFor();
      await side.getByText('工作负载').waitFor();
      await side.getByText('所有命名空间').waitFor();
      await window.openFile('a.yaml');
      await window.page.locator('.squiggly-error').first().waitFor();
    });
  },
);

/** Makes the editor speak a language, as an installed language pack does; its own texts stay English. */
function addLanguage(data: string, language: string): void {
  const texts = join(data, `${language}.json`);
  writeFileSync(texts, JSON.stringify({ contents: {} }));
  const extensions = [{ extensionIdentifier: { id: `test.${language}` }, version: '1.0.0' }];
  const pack = { hash: language, label: language, extensions, translations: { vscode: texts } };
  writeFileSync(join(data, 'languagepacks.json'), JSON.stringify({ [language]: pack }));
  // Without this file the server takes English, with it what the browser asks for.
  writeFileSync(join(data, 'User/argv.json'), '{}');
}
