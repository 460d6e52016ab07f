import type { Cluster } from '../../core/client/cluster.ts';
import type { ClusterContext } from '../../core/client/kubeconfig.ts';
import { readKubeconfig, resolveContext } from '../../core/client/kubeconfig.ts';
import { kubeconfigPaths } from '../cluster/kubeconfig.ts';
import { defaultProfile, profileNamed } from '../cluster/profile.ts';
import type { Profile } from '../cluster/profile.ts';
import { ResourceIndex } from '../../core/client/resource-index.ts';

export type Connect = (context: ClusterContext) => Cluster;

/** What chooses the cluster and the namespace: flags of one command, or of the shell as a whole. */
export interface Place {
  readonly profile?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

/**
 * Where commands run: context, namespace and connection. Connects when something first asks, keeps the connection
 * for the next command, and is shared by everything in one shell.
 */
export class Session {
  readonly place: Place;
  readonly #connect: Connect;
  /** The session whose connection this one uses. */
  #parent: Session | undefined;
  #context: ClusterContext | undefined;
  #cluster: Cluster | undefined;
  #index: Promise<ResourceIndex> | undefined;

  constructor(connect: Connect, place: Place = {}) {
    this.#connect = connect;
    this.place = place;
  }

  /** A session for one command whose flags name another place; itself when they do not. */
  at(place: Place): Session {
    const named = Object.values(place).some((value) => value !== undefined);
    if (!named) return this;
    const merged: Place = { ...this.place, ...definedOnly(place) };
    const moved = new Session(this.#connect, merged);
    const sameCluster = (['profile', 'kubeconfig', 'context'] as const).every(
      (key) => place[key] === undefined,
    );
    if (sameCluster) moved.#parent = this;
    return moved;
  }

  get profile(): Profile {
    return profileNamed(this.place.profile ?? defaultProfile);
  }

  get kubeconfigPaths(): readonly string[] {
    return this.place.kubeconfig === undefined ? kubeconfigPaths(this.profile) : [this.place.kubeconfig];
  }

  get context(): ClusterContext {
    if (this.#parent !== undefined) return this.#parent.context;
    this.#context ??= resolveContext(readKubeconfig(this.kubeconfigPaths), this.place.context);
    return this.#context;
  }

  /** The namespace of commands that name none. */
  get namespace(): string {
    return this.place.namespace ?? this.context.namespace;
  }

  get cluster(): Cluster {
    if (this.#parent !== undefined) return this.#parent.cluster;
    this.#cluster ??= this.#connect(this.context);
    return this.#cluster;
  }

  /** What is served, asked for once a session and again after `forgetResources`. */
  resources(signal: AbortSignal): Promise<ResourceIndex> {
    if (this.#parent !== undefined) return this.#parent.resources(signal);
    this.#index ??= this.cluster.discover(signal).then((list) => new ResourceIndex(list));
    this.#index.catch(() => this.forgetResources());
    return this.#index;
  }

  /** Reads the kubeconfig again at the next use. */
  forgetContext(): void {
    this.#parent?.forgetContext();
    this.#context = undefined;
  }

  forgetResources(): void {
    this.#index = undefined;
  }

  get contextNames(): readonly string[] {
    return (readKubeconfig(this.kubeconfigPaths).contexts ?? []).map(({ name }) => name);
  }

  /** Closes the connection this session opened itself; one that it shares stays. */
  close(): void {
    this.#cluster?.close();
    this.#cluster = undefined;
    this.#context = undefined;
    this.forgetResources();
  }
}

function definedOnly(place: Place): Place {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}
