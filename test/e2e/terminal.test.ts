import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalCluster } from '../environment/local-cluster.ts';
import { TerminalSession } from '../environment/terminal-session.ts';

const cluster = new LocalCluster('terminal');

/** The shell in the test's own cluster, with a history of its own. */
function openShell(...words: readonly string[]): TerminalSession {
  return new TerminalSession(['--profile', cluster.profile, ...words], {
    WHEELHOUSE_HOME: cluster.home,
    XDG_STATE_HOME: cluster.home,
    KUBECONFIG: '',
    NO_COLOR: '1',
  });
}

const prompt = /terminal:default> $/;

describe('the shell on a terminal', () => {
  beforeAll(async () => {
    await cluster.up('--store', 'embedded', '--runtime', 'simulated');
    await cluster.ok('create', 'deployment', 'web', '--image', 'any', '--replicas', '3');
    await cluster.ok('rollout', 'status', 'deployment/web', '--timeout', '30s');
  });

  afterAll(() => cluster.destroy());

  test('completes verbs, kinds and live names, and leaves on exit', async () => {
    const shell = openShell();
    try {
      await shell.waitFor(prompt);
      shell.type('desc\t');
      await shell.waitFor(/> describe $/);
      shell.type('deplo\t');
      await shell.waitFor(/> describe deployments $/);
      shell.type('we\t');
      await shell.waitFor(/> describe deployments web $/);
      shell.type('\r');
      await shell.waitFor(/NewReplicaSet: +web-\w+ \(3\/3 replicas created\)/);
      await shell.waitFor(prompt);
      shell.type('kubectl get pods -l app=nothing\r');
      await shell.waitFor(/No resources found in default namespace\./);
      shell.type('get pod nowhere\r');
      // The code of the command that failed stands in the prompt.
      await shell.waitFor(/terminal:default \[1\]> $/);
      shell.type('exit\r');
      expect(await shell.exitCode).toBe(0);
    } finally {
      shell.close();
    }
  });

  test('panes show nodes and Pods live, survive a killed core, and give the screen back', async () => {
    const shell = openShell();
    try {
      await shell.waitFor(prompt);
      shell.type('panes\r');
      await shell.waitFor(/Nodes.*Pods/);
      await shell.waitFor(/terminal +Ready,Simulated/);
      await shell.waitFor(/web-\w+-\w{5} +1\/1 +Running/);
      await cluster.ok('scale', 'deployment', 'web', '--replicas', '4');
      await shell.waitFor(/(web-\w+-\w{5} .*Running[^]*){4}/);
      shell.resize(90, 20);
      await shell.waitFor(/Nodes.*Pods/);
      process.kill(cluster.pidOf('core'), 'SIGKILL');
      await shell.waitFor(/disconnected/);
      await shell.waitFor(/web-\w+-\w{5} +Running/);
      await shell.waitUntil((screen) => !screen.includes('disconnected'));
      shell.type('q');
      // The line the panes were opened with is on the screen again, as before them.
      await shell.waitFor(/> panes\n/);
      shell.type('exit\r');
      expect(await shell.exitCode).toBe(0);
    } finally {
      shell.close();
    }
  });
});
