import { readPidFile } from '../../core/machinery/process/process-id.ts';
import { canListen, freePort } from './host.ts';
import { portHolder } from './port-holder.ts';
import type { Profile, ProfileState } from './profile.ts';

export type Ports = Pick<ProfileState, 'corePort' | 'restPort' | 'etcdPort' | 'etcdPeerPort'>;
type PortName = keyof Ports;

/** A port of the cluster that something else listens on, while what it is for does not run. */
export interface TakenPort {
  readonly name: PortName;
  readonly port: number;
  /** As `portHolder` tells it. */
  readonly holder: string | undefined;
}

/** What listens there, for people, and the pid file of the program. */
const uses: Readonly<Record<PortName, { readonly what: string; readonly program: string }>> = {
  corePort: { what: "this cluster's gRPC API", program: 'core' },
  restPort: { what: "this cluster's REST API", program: 'core' },
  etcdPort: { what: "this cluster's etcd", program: 'core/etcd' },
  etcdPeerPort: { what: "this cluster's etcd (for its peers)", program: 'core/etcd' },
};

/** Ports for a new cluster. */
export async function choosePorts(): Promise<Ports> {
  const corePort = await freePort(7443);
  const restPort = await freePort(6443);
  const etcdPort = await freePort(12379);
  const etcdPeerPort = await freePort(etcdPort + 1);
  return { corePort, restPort, etcdPort, etcdPeerPort };
}

/** Others may have taken the ports of a cluster while it was down. */
export async function takenPorts(profile: Profile, state: ProfileState): Promise<readonly TakenPort[]> {
  const names: readonly PortName[] =
    state.store === 'etcd' ? ['corePort', 'restPort', 'etcdPort', 'etcdPeerPort'] : ['corePort', 'restPort'];
  const taken: TakenPort[] = [];
  for (const name of names) {
    const port = state[name];
    if (readPidFile(profile.pidFile(uses[name].program)) !== undefined || (await canListen(port))) continue;
    taken.push({ name, port, holder: portHolder(port) });
  }
  return taken;
}

/** Other ports in place of those that are taken; the rest stay, so that kubeconfigs stay true where they can. */
export async function replacePorts(state: ProfileState, taken: readonly TakenPort[]): Promise<ProfileState> {
  let replaced = state;
  for (const { name, port } of taken) {
    const { corePort, restPort, etcdPort, etcdPeerPort } = replaced;
    const others = new Set([corePort, restPort, etcdPort, etcdPeerPort]);
    replaced = { ...replaced, [name]: await freePort(port + 1, others) };
  }
  return replaced;
}

export function describeTaken({ name, port, holder = 'another process' }: TakenPort): string {
  return `127.0.0.1:${port}, where ${uses[name].what} listens, is taken by ${holder}`;
}
