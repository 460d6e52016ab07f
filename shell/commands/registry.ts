import type { Command } from './command.ts';

/** Every verb and where it lives. Verbs are loaded when they are first used, so that one of them starts fast. */
const verbs: Readonly<Record<string, () => Promise<Command>>> = {
  get: async () => (await import('./verbs/get.ts')).get,
  describe: async () => (await import('./verbs/describe.ts')).describe,
  apply: async () => (await import('./verbs/apply.ts')).apply,
  create: async () => (await import('./verbs/create.ts')).create,
  delete: async () => (await import('./verbs/delete.ts')).deleteCommand,
  scale: async () => (await import('./verbs/scale.ts')).scale,
  rollout: async () => (await import('./verbs/rollout.ts')).rollout,
  logs: async () => (await import('./verbs/logs.ts')).logs,
  exec: async () => (await import('./verbs/exec.ts')).exec,
  cordon: async () => (await import('./verbs/cordon.ts')).cordon,
  uncordon: async () => (await import('./verbs/cordon.ts')).uncordon,
  drain: async () => (await import('./verbs/drain.ts')).drain,
  attach: async () => (await import('./verbs/attach.ts')).attach,
  'port-forward': async () => (await import('./verbs/port-forward.ts')).portForward,
  events: async () => (await import('./verbs/information.ts')).events,
  top: async () => (await import('./verbs/top.ts')).top,
  panes: async () => (await import('./verbs/panes.ts')).panes,
  'api-resources': async () => (await import('./verbs/information.ts')).apiResources,
  version: async () => (await import('./verbs/information.ts')).version,
  up: async () => (await import('./verbs/cluster.ts')).up,
  down: async () => (await import('./verbs/cluster.ts')).down,
  status: async () => (await import('./verbs/cluster.ts')).status,
  kubeconfig: async () => (await import('./verbs/cluster.ts')).kubeconfig,
  user: async () => (await import('./verbs/user.ts')).user,
  certificates: async () => (await import('./verbs/certificates.ts')).certificates,
  encryption: async () => (await import('./verbs/encryption.ts')).encryption,
  namespace: async () => (await import('./verbs/cluster.ts')).namespace,
  help: async () => (await import('./verbs/help.ts')).help,
};

export const verbNames: readonly string[] = Object.keys(verbs);

export async function findCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(verbs, name) ? verbs[name]?.() : undefined;
}

export async function allCommands(): Promise<readonly Command[]> {
  return Promise.all(Object.values(verbs).map((load) => load()));
}
