import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { CodeServer } from '../environment/editor/code-server.ts';
import { EditorWindow, launchBrowser } from '../environment/editor/editor-window.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import { editorScene, whyNoEditor } from './scene.ts';

const wrong = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndate: {}\n';

describe.skipIf(whyNoEditor !== undefined)(
  `an editor without a cluster${whyNoEditor === undefined ? '' : ` (${whyNoEditor})`}`,
  () => {
    let directory: string;
    let server: CodeServer | undefined;
    let browser: Browser | undefined;

    /** Where there is one. */
    const deleteCluster = () =>
      new LocalCluster('wheelhouse', join(directory, 'home')).run(['delete', '--yes']);

    beforeAll(async () => {
      const { programs, vsix } = editorScene();
      directory = mkdtempSync(join(tmpdir(), 'wheelhouse-start-'));
      mkdirSync(join(directory, 'workspace'));
      writeFileSync(join(directory, 'workspace/wrong.yaml'), wrong);
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

    test('checks manifests in a workspace that is not trusted, and reaches no cluster', async () => {
      const window = await EditorWindow.open(
        browser as Browser,
        server?.url ?? '',
        join(directory, 'workspace'),
      );
      await window.openFile('wrong.yaml');
      await window.page.locator('.squiggly-error').first().waitFor();
      await window.showView();
      await window.page.getByText('reached only from workspaces you trust').waitFor();
      await window.close();
    });

    test('in one that is, shows the way, offers to start a cluster, and finds it when it is there', async () => {
      const window = await EditorWindow.open(
        browser as Browser,
        server?.url ?? '',
        join(directory, 'workspace'),
      );
      await window.run('Workspaces: Manage Workspace Trust');
      const trust = window.page.getByRole('button', { name: 'Trust', exact: true });
      // The second try finds it trusted, and the cluster there.
      await trust
        .or(window.page.getByRole('button', { name: "Don't Trust" }))
        .first()
        .waitFor();
      if (await trust.isVisible()) await trust.click();
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
      await window.run('Welcome: Open Walkthrough...');
      await window.pick('Get Started with Wheelhouse');
      await step('Open a cluster').locator('.codicon-getting-started-step-checked').waitFor();
      await window.close();
    });
  },
);
