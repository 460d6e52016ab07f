import { readKubeconfig } from '../../../core/client/kubeconfig.ts';
import { setContextNamespace } from '../../cluster/kubeconfig.ts';
import { bringDown, removeContainers, removeProfile } from '../../cluster/down.ts';
import { createProgress } from '../../cluster/progress.ts';
import type { RuntimeKind, StoreKind } from '../../cluster/profile.ts';
import { localClusterNames } from '../../../core/client/local-clusters.ts';
import { readState } from '../../cluster/profile.ts';
import { clusterStatus } from '../../cluster/status.ts';
import { bringUp } from '../../cluster/up.ts';
import { alignColumns } from '../../../core/printers/columns-text.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { findKind } from '../find-kind.ts';

export const up: Command = {
  name: 'up',
  summary: 'Bring a local cluster up',
  usage:
    '[-p PROFILE] [--store etcd|embedded] [--runtime docker|simulated] [--core-flag=--NAME=VALUE]… [--yes]',
  examples: [
    { says: 'The usual one, on etcd and Docker', line: 'up' },
    {
      says: 'One that notes who does what',
      line: 'up --core-flag=--audit-log-path=/var/log/audit.log',
    },
    { says: 'A second one that simulates its containers', line: 'up -p sandbox --runtime simulated' },
  ],
  flags: [
    {
      name: 'store',
      type: 'string',
      choices: ['etcd', 'embedded'],
      help: 'Where the cluster is kept (default etcd where it can be had)',
    },
    {
      name: 'runtime',
      type: 'string',
      choices: ['docker', 'simulated'],
      help: 'What runs containers (default docker where it can be had)',
    },
    {
      name: 'core-flag',
      type: 'list',
      help: 'A flag for core as --NAME=VALUE, such as --oidc-issuer-url=URL; kept until others are given ("" for none)',
    },
    { name: 'yes', short: 'y', type: 'boolean', help: 'Install what is missing without asking' },
  ],

  async run(invocation) {
    const { flags, session, io } = invocation;
    const { profile } = session;
    const state = await bringUp({
      profile,
      progress: createProgress(process.stderr),
      store: flags.string('store') as StoreKind | undefined,
      runtime: flags.string('runtime') as RuntimeKind | undefined,
      coreFlags: flags.list('core-flag'),
      confirm: flags.boolean('yes') ? undefined : confirmer(invocation),
      signal: io.signal,
    });
    await io.stderr.write(
      `Cluster "${profile.name}" is ready: node "${state.nodeName}" on ${state.store} and ${state.runtime}\n`,
    );
    return 0;
  },
};

function confirmer({ io }: Invocation): ((question: string) => Promise<boolean>) | undefined {
  const { terminal } = io;
  if (terminal === undefined) return undefined;
  return async (question) => {
    const answer = await terminal.ask(question, io.signal);
    return answer !== undefined && /^(y|yes|)$/i.test(answer.trim());
  };
}

export const down: Command = {
  name: 'down',
  summary: 'Stop the local cluster; its data and its containers stay',
  usage: '[-p PROFILE]',
  examples: [{ says: 'Stop', line: 'down' }],
  flags: [],

  async run({ session, io }) {
    const { profile } = session;
    if (!(await bringDown(profile, createProgress(process.stderr)))) {
      throw new Error(`there is no cluster "${profile.name}"${others()}`);
    }
    await io.stderr.write(`Cluster "${profile.name}" is stopped; "wh up" starts it again\n`);
    return 0;
  },
};

/** `delete` without an object: the cluster itself goes, with its containers and all data. */
export async function deleteCluster(invocation: Invocation): Promise<number> {
  const { flags, session, io } = invocation;
  const { profile } = session;
  const state = readState(profile);
  if (state === undefined) throw new Error(`there is no cluster "${profile.name}"${others()}`);
  if (!flags.boolean('yes')) {
    if (io.terminal === undefined) {
      throw new UsageError(
        `deleting cluster "${profile.name}" with all its data needs --yes where nobody can be asked`,
      );
    }
    const answer = await io.terminal.ask(
      `This deletes cluster "${profile.name}" with everything in it. Type its name to go on: `,
      io.signal,
    );
    if (answer?.trim() !== profile.name) throw new Error('not deleted');
  }
  const progress = createProgress(process.stderr);
  await bringDown(profile, progress);
  await progress.step('Removing its containers', () => removeContainers(profile, state, io.signal));
  removeProfile(profile);
  await io.stderr.write(`Cluster "${profile.name}" is deleted\n`);
  return 0;
}

function others(): string {
  const names = localClusterNames();
  return names.length === 0
    ? ': start one with "wh up"'
    : `: there are ${names.map((name) => `"${name}"`).join(', ')}`;
}

export const status: Command = {
  name: 'status',
  summary: 'Show whether the local cluster runs, and what it is made of',
  usage: '[-p PROFILE]',
  examples: [{ says: 'The default cluster', line: 'status' }],
  flags: [],

  async run({ session, io }) {
    const report = await clusterStatus(session.profile, io.signal);
    if (report === undefined) throw new Error(`there is no cluster "${session.profile.name}"${others()}`);
    await io.stdout.write(`${alignColumns(report.rows.map((row) => [...row])).join('\n')}\n`);
    return report.healthy ? 0 : 1;
  },
};

export const kubeconfig: Command = {
  name: 'kubeconfig',
  summary: "Print the path of the cluster's kubeconfig",
  usage: '[-p PROFILE]',
  examples: [{ says: 'For other tools', line: 'kubeconfig' }],
  flags: [],

  async run({ session, io }) {
    if (readState(session.profile) === undefined)
      throw new Error(`there is no cluster "${session.profile.name}"${others()}`);
    await io.stdout.write(`${session.profile.kubeconfig}\n`);
    return 0;
  },
};

export const namespace: Command = {
  name: 'namespace',
  aliases: ['ns'],
  summary: 'Show or choose the namespace that commands work in',
  usage: '[NAME]',
  examples: [{ says: 'Work in "development" from now on', line: 'namespace development' }],
  flags: [],

  async complete({ word, words, session, signal }) {
    if (words.length > 0) return [];
    const index = await session.resources(signal);
    const { items } = await session.cluster.client.list(findKind(index, 'namespaces'), { signal });
    return items.flatMap(({ metadata: { name = '' } }) => (name.startsWith(word) ? [{ text: name }] : []));
  },

  async run({ words, session, io }) {
    const [name] = words;
    if (name === undefined) {
      await io.stdout.write(`${session.namespace}\n`);
      return 0;
    }
    const index = await session.resources(io.signal);
    await session.cluster.client.get(findKind(index, 'namespaces'), { name }, { signal: io.signal });
    const paths = session.kubeconfigPaths;
    setContextNamespace(paths, readKubeconfig(paths), session.context.name, name);
    session.forgetContext();
    await io.stdout.write(`Context "${session.context.name}" now works in namespace "${name}".\n`);
    return 0;
  },
};
