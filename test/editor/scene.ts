import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, inject } from 'vitest';
import { EditorWindow, launchBrowser } from '../environment/editor/editor-window.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import type { EditorScene } from './setup.ts';

const prepared = inject('editor');

/** Why the editor cannot be tested here; undefined when it can. */
export const whyNoEditor = 'why' in prepared ? prepared.why : undefined;

/** What the tests share. To be read only where `whyNoEditor` is undefined. */
export function editorScene(): EditorScene {
  if ('why' in prepared) throw new Error(prepared.why);
  return prepared.scene;
}

/** The cluster that the editor is connected to. */
export function editorCluster(): LocalCluster {
  const { home, profile } = editorScene();
  return new LocalCluster(profile, home);
}

/** What the cluster has in a ConfigMap of the namespace "default". */
export async function configMapData(name: string): Promise<Readonly<Record<string, string>>> {
  const text = await editorCluster().ok('get', 'configmap', name, '-o', 'json');
  return (JSON.parse(text) as { data?: Record<string, string> }).data ?? {};
}

/** What the extension wrote to its log, of the last window that did; of the server in `directory`. */
export function editorLog(directory = join(editorScene().directory, 'server')): string {
  const logs = join(directory, 'data/logs');
  return readdirSync(logs, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name === 'Wheelhouse.log')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
    .slice(-1)
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
}

/** A folder with files, and a window that shows it. */
class EditorTest {
  readonly folder: string;
  readonly browser: Browser;
  readonly window: EditorWindow;

  private constructor(folder: string, browser: Browser, window: EditorWindow) {
    this.folder = folder;
    this.browser = browser;
    this.window = window;
  }

  static async start(name: string, files: Readonly<Record<string, string>> = {}): Promise<EditorTest> {
    const { programs, url, directory } = editorScene();
    const folder = join(directory, 'workspaces', name);
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const browser = await launchBrowser(programs);
    const several = Object.keys(files).find((file) => file.endsWith('.code-workspace'));
    const opened = several === undefined ? folder : join(folder, several);
    return new EditorTest(folder, browser, await EditorWindow.open(browser, url, opened));
  }

  /** Keeps a picture of the window among the reports. */
  async screenshot(name: string): Promise<void> {
    const folder = resolve(import.meta.dirname, '../../.build/reports/screenshots');
    mkdirSync(folder, { recursive: true });
    await this.window.page.screenshot({ path: join(folder, `${name}.png`) });
  }

  async end(): Promise<void> {
    await this.browser.close();
  }
}

/** Tests in one window, which shows a folder with `files`; skipped, with the reason, where there is no editor. */
export function describeEditor(
  name: string,
  files: Readonly<Record<string, string>>,
  define: (editor: () => EditorTest) => void,
): void {
  const why = whyNoEditor;
  describe.skipIf(why !== undefined)(why === undefined ? name : `${name} (${why})`, () => {
    let editor: EditorTest | undefined;
    const started = () => {
      if (editor === undefined) throw new Error('The window is not open yet');
      return editor;
    };

    beforeAll(async () => {
      editor = await EditorTest.start(name.replaceAll(/\W+/g, '-'), files);
    });

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail')
        await editor?.screenshot(`failed: ${task.name.replaceAll('/', ' ')}`);
    });

    afterAll(() => editor?.end());

    define(started);
  });
}
