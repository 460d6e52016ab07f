import { basename, dirname, join } from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import type { EditorPrograms } from './install.ts';

const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** For something that one asks of the editor once; the machine may be slow. */
const stepMs = 30_000;
/** For one try of something that may have to be tried again, such as a menu that closed by itself. */
const tryMs = 3_000;
/** For the folders of a workspace to be shown, where they will be. */
const foldersMs = 10_000;

/** How long after a key something was there, in ms. */
export interface KeyTimes {
  readonly drawnMs: number;
  readonly foundMs: number;
}

export async function launchBrowser({ chromium: executablePath }: EditorPrograms): Promise<Browser> {
  return chromium.launch({ executablePath, args: browserArguments });
}

/** One window of the editor, driven by what is on the screen. */
export class EditorWindow {
  readonly page: Page;
  readonly #folder: string;

  private constructor(page: Page, folder: string) {
    this.page = page;
    this.#folder = folder;
    page.setDefaultTimeout(stepMs);
  }

  /** @param folder or the file of a workspace with several */
  static async open(browser: Browser, url: string, folder: string, locale = 'en-US'): Promise<EditorWindow> {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      locale,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const several = folder.endsWith('.code-workspace');
    const window = new EditorWindow(page, several ? dirname(folder) : folder);
    const show = async () => {
      await page.goto(`${url}?${several ? 'workspace' : 'folder'}=${folder}`);
      await page.locator('.monaco-workbench').waitFor({ timeout: 2 * stepMs });
      await page.locator('.part.statusbar .statusbar-item').first().waitFor();
    };
    // A window in a browser may ask for the file of its workspace before it can reach the server's files, and then
    // has no folders until it is loaded again.
    if (several)
      await window.retry(`open the folders of ${folder}`, async () => {
        await show();
        await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout: foldersMs });
      });
    else await show();
    return window;
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  /** Runs a command by its title in the palette, as "Wheelhouse: Choose Namespace…". */
  async run(title: string): Promise<void> {
    const list = this.page.locator('.quick-input-list .monaco-list-row');
    await this.retry(`run "${title}"`, async () => {
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('F1');
      const input = this.quickInput;
      await input.waitFor({ timeout: tryMs });
      await input.fill(`>${title}`, { timeout: tryMs });
      const row = list.filter({ hasText: title }).first();
      await row.waitFor({ timeout: tryMs });
      await row.click({ timeout: tryMs });
    });
  }

  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible .quick-input-box input');
  }

  /**
   * Takes the entry that contains `text` of the quick pick that `open` opens, or that is open. A tree that is drawn
   * anew at that moment takes the focus back, which closes the quick pick: so it is opened again.
   */
  async pick(text: string, open: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.retry(`pick "${text}"`, async () => {
      await open();
      await this.#choice(text).click({ timeout: tryMs });
    });
  }

  /** Ticks an entry of an open list of choices. */
  async tick(text: string): Promise<void> {
    await this.#choice(text).click();
  }

  #choice(text: string): Locator {
    const rows = this.page.locator('.quick-input-widget:visible .monaco-list-row');
    return rows.filter({ hasText: text }).first();
  }

  /** Accepts the open list of choices as it stands. */
  async confirmPick(): Promise<void> {
    await this.page.locator('.quick-input-widget:visible .quick-input-action .monaco-button').first().click();
  }

  /** Answers the open input box. */
  async answer(text: string): Promise<void> {
    await this.quickInput.fill(text);
    await this.quickInput.press('Enter');
  }

  /** Opens a file of the folder. By its whole path, because searching would need a program that npm does not bring. */
  async openFile(name: string): Promise<void> {
    const file = basename(name);
    await this.retry(`open "${name}"`, async () => {
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('Control+P');
      await this.quickInput.waitFor({ timeout: tryMs });
      await this.quickInput.fill(join(this.#folder, name), { timeout: tryMs });
      const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: file }).first();
      await row.click({ timeout: tryMs });
      await this.tab(file).first().waitFor({ timeout: tryMs });
    });
  }

  tab(name: string): Locator {
    return this.page.locator('.tabs-container .tab').filter({ hasText: name });
  }

  /** The editor that has the focus; in a diff, the changed side. */
  get editor(): Locator {
    return this.page.locator('.editor-instance .monaco-editor').last();
  }

  async goToLine(line: number, column = 1): Promise<void> {
    await this.retry(`go to line ${line}`, async () => {
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('Control+G');
      await this.quickInput.waitFor({ timeout: tryMs });
      await this.quickInput.fill(`:${line}:${column}`, { timeout: tryMs });
      await this.quickInput.press('Enter', { timeout: tryMs });
      // What is typed next is meant for the text.
      await this.quickInput.waitFor({ state: 'hidden', timeout: tryMs });
    });
  }

  /** Replaces the whole text of the open editor. */
  async replaceText(text: string): Promise<void> {
    await this.editor.locator('.view-lines').first().click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
  }

  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
  }

  /** What the open editor shows, line by line; blanks as blanks. */
  async visibleText(): Promise<string> {
    const lines = await this.editor.locator('.view-line').evaluateAll((elements) =>
      elements
        .map((element) => ({ top: element.getBoundingClientRect().top, text: element.textContent }))
        .sort((a, b) => a.top - b.top)
        .map(({ text }) => text),
    );
    return lines.join('\n').replaceAll('\u00a0', ' ');
  }

  /** Opens the view container of the extension. */
  async showCluster(): Promise<void> {
    const tree = this.tree;
    await this.retry('show the cluster', async () => {
      if (!(await tree.isVisible())) {
        await this.page.locator('.activitybar .action-label[aria-label^="Wheelhouse"]').first().click();
      }
      await tree.waitFor({ timeout: tryMs });
    });
  }

  /** Opens the view of the extension, whatever it shows. */
  async showView(): Promise<void> {
    await this.run('Wheelhouse: Focus on Cluster View');
  }

  get tree(): Locator {
    return this.page.locator('.sidebar .pane-body .monaco-list[aria-label*="Cluster"]').first();
  }

  /** A visible row of the tree by its label, exactly or by pattern. */
  treeItem(label: string | RegExp): Locator {
    const text = typeof label === 'string' ? new RegExp(`^${escape(label)}$`) : label;
    return this.tree
      .locator('.monaco-list-row')
      .filter({ has: this.page.locator('.label-name').filter({ hasText: text }) })
      .first();
  }

  expand(label: string | RegExp): Promise<void> {
    return this.#setExpanded(label, 'true');
  }

  collapse(label: string | RegExp): Promise<void> {
    return this.#setExpanded(label, 'false');
  }

  async #setExpanded(label: string | RegExp, expanded: 'true' | 'false'): Promise<void> {
    await this.retry(`set aria-expanded of "${String(label)}" to ${expanded}`, async () => {
      const row = this.treeItem(label);
      await row.waitFor({ timeout: tryMs });
      if ((await row.getAttribute('aria-expanded')) !== expanded) {
        await row.locator('.monaco-tl-twistie').click({ timeout: tryMs });
      }
      await row.and(this.page.locator(`[aria-expanded="${expanded}"]`)).waitFor({ timeout: tryMs });
    });
  }

  /** How long it takes from the click until the first row below is drawn; in ms, as the window's own clock says. */
  async timeExpand(label: string, firstBelow: string): Promise<number> {
    const row = this.treeItem(label);
    const level = Number(await row.getAttribute('aria-level')) + 1;
    const watch = await this.page.evaluateHandle<{ shownMs: Promise<number> }>(`(() => {
      const selector = '.sidebar .monaco-list-row[aria-level="${level}"]';
      const clicked = new Promise((resolve) =>
        document.addEventListener('mousedown', () => resolve(performance.now()), { once: true, capture: true }),
      );
      const shown = () =>
        [...document.querySelectorAll(selector)].some((row) => row.textContent.startsWith(${JSON.stringify(firstBelow)}));
      const shownMs = clicked.then(
        (startedMs) =>
          new Promise((resolve) => {
            const look = () => (shown() ? resolve(performance.now() - startedMs) : requestAnimationFrame(look));
            look();
          }),
      );
      return { shownMs };
    })()`);
    await row.locator('.monaco-tl-twistie').click();
    return watch.evaluate(({ shownMs }) => shownMs);
  }

  /**
   * Types a character, and tells how long after the key its line reads `text`, which is the editor's own work, and how
   * long until there is something that `selector` finds; in ms, as the window's own clock says.
   */
  async timeKey(key: string, text: string, selector: string): Promise<KeyTimes> {
    const watch = await this.page.evaluateHandle<{ times: Promise<KeyTimes> }>(`(() => {
      const pressed = new Promise((resolve) =>
        document.addEventListener('keydown', () => resolve(performance.now()), { once: true, capture: true }),
      );
      const after = (isThere) =>
        pressed.then(
          (startedMs) =>
            new Promise((resolve) => {
              const look = () => (isThere() ? resolve(performance.now() - startedMs) : requestAnimationFrame(look));
              requestAnimationFrame(look);
            }),
        );
      const textOf = (line) => line.textContent.replaceAll('\\u00a0', ' ');
      const lines = () => [...document.querySelectorAll('.editor-instance .view-line')].map(textOf);
      const times = Promise.all([
        after(() => lines().includes(${JSON.stringify(text)})),
        after(() => document.querySelector(${JSON.stringify(`.editor-instance ${selector}`)}) !== null),
      ]).then(([drawnMs, foundMs]) => ({ drawnMs, foundMs }));
      return { times };
    })()`);
    await this.page.keyboard.press(key);
    await this.editor.locator(selector).first().waitFor();
    return watch.evaluate(({ times }) => times);
  }

  /** Opens a kind below its category, as "Workloads" and "Pods". */
  async showKind(category: string, kind: string): Promise<void> {
    await this.showCluster();
    await this.expand(category);
    await this.expand(kind);
  }

  /** Waits until a row has an icon, as "error"; for those who see, it says what the words beside it say. */
  async hasIcon(label: string | RegExp, icon: string): Promise<void> {
    await this.treeItem(label).locator(`.custom-view-tree-node-item-icon.codicon-${icon}`).waitFor();
  }

  /** Clicks a button that a row shows while the pointer is on it. */
  async clickButton(label: string | RegExp, title: string): Promise<void> {
    await this.retry(`click "${title}" of "${String(label)}"`, async () => {
      const row = this.treeItem(label);
      await row.hover({ timeout: tryMs });
      await row.locator(`.actions .action-label[aria-label^="${title}"]`).click({ timeout: tryMs });
    });
  }

  /** Takes an entry of a row's context menu. */
  async menu(label: string | RegExp, entry: string): Promise<void> {
    await this.#takeEntry(`"${entry}" of "${String(label)}"`, entry, () =>
      Promise.resolve(this.treeItem(label)),
    );
  }

  /** Takes an entry of the context menu of files or folders in the explorer, all of them selected. */
  async fileMenu(names: readonly string[], entry: string): Promise<void> {
    const files = this.page.locator('.explorer-folders-view .monaco-list-row');
    const rowOf = (name: string) =>
      files.filter({
        has: this.page.locator('.label-name').filter({ hasText: new RegExp(`^${escape(name)}$`) }),
      });
    await this.#takeEntry(`"${entry}" of ${names.join(', ')}`, entry, async () => {
      await this.page.keyboard.press('Control+Shift+E');
      for (const [index, name] of names.entries())
        await rowOf(name).click({ modifiers: index === 0 ? [] : ['Control'], timeout: tryMs });
      return rowOf(names.at(-1) ?? '');
    });
  }

  async #takeEntry(what: string, entry: string, rowOf: () => Promise<Locator>): Promise<void> {
    const menu = this.page.locator('.context-view .monaco-menu');
    await this.retry(`take ${what}`, async () => {
      await this.page.keyboard.press('Escape');
      const row = await rowOf();
      await row.click({ button: 'right', timeout: tryMs });
      await menu.locator('.action-label').filter({ hasText: entry }).first().hover({ timeout: tryMs });
      // A click so soon would be taken for the end of the one that opened the menu.
      await this.page.keyboard.press('Enter');
      await menu.waitFor({ state: 'detached', timeout: 1_500 });
    });
  }

  /** What was copied last. */
  async clipboard(): Promise<string> {
    return this.page.evaluate<string>('navigator.clipboard.readText()');
  }

  /** The text of the visible terminal. */
  async terminalText(): Promise<string> {
    const rows = await this.page.locator('.terminal-wrapper.active .xterm-rows > div').allTextContents();
    return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n');
  }

  /** How many lines the visible terminal has room for. */
  async terminalRows(): Promise<number> {
    return this.page.locator('.terminal-wrapper.active .xterm-rows > div').count();
  }

  async typeInTerminal(text: string): Promise<void> {
    await this.page.locator('.terminal-wrapper.active .xterm-screen').click();
    await this.page.keyboard.type(text);
  }

  /** Notes from now on how long the window draws nothing, which is how long it answers nobody. */
  async watchPauses(): Promise<{ longest(): Promise<number> }> {
    const handle = await this.page.evaluateHandle<{ longestMs: number }>(`(() => {
      const pauses = { longestMs: 0 };
      let lastMs = performance.now();
      const look = () => {
        const nowMs = performance.now();
        pauses.longestMs = Math.max(pauses.longestMs, nowMs - lastMs);
        lastMs = nowMs;
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
      return pauses;
    })()`);
    return { longest: () => handle.evaluate(({ longestMs }) => longestMs) };
  }

  notification(text: string | RegExp): Locator {
    return this.page
      .locator('.notifications-toasts .notification-list-item')
      .filter({ hasText: text })
      .first();
  }

  /** The modal dialog that asks something. */
  get dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /** By what it says or what its tooltip does. */
  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').and(this.page.getByLabel(text)).first();
  }

  /** Waits until what is read says what is wanted; the last reading is in the error. */
  async until<T>(what: string, read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
    const deadlineMs = performance.now() + stepMs;
    for (;;) {
      const value = await read();
      if (wanted(value)) return value;
      if (performance.now() > deadlineMs)
        throw new Error(`${what} never happened; the last was:\n${String(value)}`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Menus and quick inputs of the editor close by themselves when something else takes the focus. */
  private async retry(what: string, attempt: () => Promise<void>): Promise<void> {
    const deadlineMs = performance.now() + stepMs;
    for (;;) {
      try {
        return await attempt();
      } catch (cause) {
        if (performance.now() > deadlineMs) throw new Error(`Cannot ${what}`, { cause });
      }
    }
  }
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
