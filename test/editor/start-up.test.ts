import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CodeServer } from '../environment/editor/code-server.ts';
import { EditorWindow, launchBrowser } from '../environment/editor/editor-window.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import { editorCluster, editorLog, editorScene, whyNoEditor } from './scene.ts';

const wrong = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndate: {}\n';

describe.skipIf(whyNoEditor !== undefined)(
  `an editor that was just installed${whyNoEditor === undefined ? '' : ` (${whyNoEditor})`}`,
  () => {
    let directory: string;
    let server: CodeServer | undefined;
    let browser: Browser | undefined;

    /** The user's own. */
    const kubeconfig = () => join(directory, '.kube/config');

    /** Where there is one. */
    const deleteCluster = () =>
      new LocalCluster('wheelhouse', join(directory, 'home')).run(['delete', '--yes']);

    beforeAll(async () => {
      const { programs, vsix } = editorScene();
      directory = mkdtempSync(join(tmpdir(), 'wheelhouse-start-'));
      server = await CodeServer.start(programs, {
        directory: join(directory, 'server'),
        vsix,
        workspaceTrust: true,
        settings: { 'wheelhouse.program': resolve(import.meta.dirname, '../../shell/bin/wh') },
        env: { WHEELHOUSE_HOME: join(directory, 'home'), KUBECONFIG: '', HOME: directory },
      });
      browser = await launchBrowser(programs);
    });

    afterAll(async () => {
      await browser?.close();
      await server?.stop();
      await deleteCluster();
      rmSync(directory, { recursive: true, force: true });
    });

    /** In a window of its own on a folder that nobody has trusted yet. */
    const openFolder = () => {
      const folder = mkdtempSync(join(directory, 'workspace-'));
      writeFileSync(join(folder, 'wrong.yaml'), wrong);
      return EditorWindow.open(browser as Browser, server?.url ?? '', folder);
    };

    const trust = async (window: EditorWindow) => {
      await window.run('Workspaces: Manage Workspace Trust');
      await window.page.getByRole('button', { name: 'Trust', exact: true }).click();
    };

    /** The extension's commands, as the palette offers them where a manifest is open. */
    const commands = async (window: EditorWindow) => {
      await window.openFile('wrong.yaml');
      await window.page.keyboard.press('F1');
      await window.quickInput.fill('>Wheelhouse: ');
      const rows = window.page.locator('.quick-input-widget:visible .monaco-list-row');
      await rows.filter({ hasText: 'Wheelhouse: Focus on Cluster View' }).waitFor();
      const labels = await rows.locator('.label-name').allTextContents();
      await window.page.keyboard.press('Escape');
      return labels;
    };

    test('checks manifests in a workspace that is not trusted, and reaches the cluster only when it is', async () => {
      mkdirSync(join(directory, '.kube'), { recursive: true });
      copyFileSync(join(editorCluster().directory, 'kubeconfig'), kubeconfig());
      const window = await openFolder();
      const log = async () => editorLog(join(directory, 'server'));
      await window.openFile('wrong.yaml');
      await window.page.locator('.squiggly-error').first().waitFor();
      await window.until('its activation', log, (text) => text.includes('Activated in'));
      // It would have begun to connect before it looked at the first manifest.
      expect(await log()).not.toMatch(/connect/i);
      await window.statusBarItem(/No cluster/).waitFor();
      expect(await commands(window)).not.toContain('Wheelhouse: Apply…');
      await window.showView();
      await window.page.getByText('reached only from workspaces you trust').waitFor();

      await trust(window);
      await window.statusBarItem(/Cluster editor at .*Wheelhouse 0/).waitFor();
      await window.until('its connection', log, (text) => text.includes('Connected to "editor"'));
      await window.until(
        'that it can be applied',
        () => commands(window),
        (labels) => labels.includes('Wheelhouse: Apply…'),
      );
      await window.close();
    });

    test('without a cluster, shows the way, offers to start one, and finds it when it is there', async () => {
      rmSync(kubeconfig(), { force: true });
      const window = await openFolder();
      await trust(window);
      await deleteCluster();
      await window.showView();
      await window.page.getByText('No cluster is open').waitFor();
      await window.page.getByText('Take the walkthrough').click();
      const walkthrough = window.page.locator('.gettingStartedContainer');
      const step = (title: string) => walkthrough.locator('.getting-started-step').filter({ hasText: title });
      for (const title of ['Open a cluster', 'Write a manifest', 'Apply it', 'Watch it run'])
        await step(title).waitFor();
      await step('Open a cluster').locator('.codicon-getting-started-step-unchecked').waitFor();
      await window.showView();
      await window.page.locator('.sidebar').getByRole('button', { name: 'Start a Local Cluster' }).click();
      await window.statusBarItem(/Wheelhouse 0/).waitFor({ timeout: 60_000 });
      await window.showCluster();
      await window.expand('Cluster');
      await window.expand('Nodes');
      await window.treeItem('wheelhouse').filter({ hasText: 'Ready' }).waitFor();
      // The palette's Escape has led from the steps to the list of walkthroughs.
      await window.pick('Get Started with Wheelhouse', () => window.run('Welcome: Open Walkthrough...'));
      await step('Open a cluster').locator('.codicon-getting-started-step-checked').waitFor();
      await window.close();
    });
  },
);
