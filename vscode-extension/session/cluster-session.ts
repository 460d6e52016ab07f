import type { ServerVersion } from '../../core/api/discovery.ts';
import type { Cluster } from '../../core/client/cluster.ts';
import { createInformerFactory, type InformerFactory } from '../../core/client/informer-factory.ts';
import type { ClusterContext } from '../../core/client/kubeconfig.ts';
import { ResourceIndex } from '../../core/client/resource-index.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import type { Random } from '../../core/machinery/random.ts';
import { unlessAborted } from '../../core/machinery/signals.ts';
import { l10n } from '../language/l10n.ts';
import { whyExpired } from './certificate-expiry.ts';
import { Listeners } from './listeners.ts';
import { reasonOf } from './reason.ts';

/** How the editor stands with its cluster. */
export type SessionState =
  /** Where to look for clusters was not read yet. */
  | { readonly kind: 'unread' }
  /** Nothing was chosen, or nothing can be: `why` says what to do, where there is something to say. */
  | { readonly kind: 'none'; readonly why?: string }
  | { readonly kind: 'connecting'; readonly context: ClusterContext }
  | { readonly kind: 'connected'; readonly context: ClusterContext; readonly version: ServerVersion }
  /** Comes back by itself when the cluster does; where nothing is open, when the kubeconfig says something else. */
  | { readonly kind: 'unavailable'; readonly context: ClusterContext; readonly why: string };

/** An open connection to one cluster. Stays the same while the cluster goes away and comes back. */
export interface OpenCluster {
  readonly context: ClusterContext;
  readonly cluster: Cluster;
  /** Caches shared by everything that shows this cluster; they resume by themselves. */
  readonly informers: InformerFactory;
  /** Aborts when the connection is closed for good. */
  readonly signal: AbortSignal;
  /** What the cluster serves; asked for once, again after the connection came back, and where it shall be `fresh`. */
  resources(options?: { readonly fresh?: boolean }): Promise<ResourceIndex>;
}

export interface SessionDependencies {
  readonly connect: (context: ClusterContext) => Promise<Cluster>;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of what went wrong and is tried again. */
  readonly onError: (error: unknown, doing: string) => void;
}

/** A cluster that says neither who it is nor what it serves is given up after this long. */
const askTimeoutMs = 10_000;
/** How long to wait before a cluster that answered with an error is asked again. */
const retryMs = 5_000;

/**
 * The cluster that the editor works with: opens and closes it, and tells whether it answers. Views follow
 * `onClusterChange` for what to show and `onStateChange` for how it stands.
 */
export class ClusterSession {
  readonly #dependencies: SessionDependencies;
  readonly #states: Listeners<SessionState>;
  readonly #clusters: Listeners<OpenCluster | undefined>;
  readonly #namespaces: Listeners<string | undefined>;
  readonly #contextLists: Listeners<readonly string[]>;
  readonly #kinds: Listeners<ResourceIndex>;
  #state: SessionState = { kind: 'unread' };
  #open: { readonly cluster: OpenCluster; readonly closing: AbortController } | undefined;
  #namespace: string | undefined;
  #contexts: readonly string[] = [];
  /** Ends whatever asks the cluster who it is, now or later. */
  #endProbe = () => {};
  /** Counts openings, so that one that is overtaken changes nothing. */
  #generation = 0;

  constructor(dependencies: SessionDependencies) {
    this.#dependencies = dependencies;
    const onError = (error: unknown) => dependencies.onError(error, 'show a change of the cluster');
    this.#states = new Listeners(onError);
    this.#clusters = new Listeners(onError);
    this.#namespaces = new Listeners(onError);
    this.#contextLists = new Listeners(onError);
    this.#kinds = new Listeners(onError);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Undefined while no cluster is chosen. */
  get current(): OpenCluster | undefined {
    return this.#open?.cluster;
  }

  /** The namespace that views show; undefined for all. */
  get namespace(): string | undefined {
    return this.#namespace;
  }

  /** Names of the contexts that could be opened. */
  get contexts(): readonly string[] {
    return this.#contexts;
  }

  /** Where objects go whose manifest names no namespace. */
  get defaultNamespace(): string {
    return this.#namespace ?? this.#open?.cluster.context.namespace ?? 'default';
  }

  onStateChange(listener: (state: SessionState) => void): () => void {
    return this.#states.add(listener);
  }

  onClusterChange(listener: (cluster: OpenCluster | undefined) => void): () => void {
    return this.#clusters.add(listener);
  }

  onNamespaceChange(listener: (namespace: string | undefined) => void): () => void {
    return this.#namespaces.add(listener);
  }

  onContextsChange(listener: (contexts: readonly string[]) => void): () => void {
    return this.#contextLists.add(listener);
  }

  /** The open cluster serves other kinds, or other versions or schemas of them. */
  onKindsChange(listener: (served: ResourceIndex) => void): () => void {
    return this.#kinds.add(listener);
  }

  /** Asks the open cluster anew what it serves, and tells whoever shows that. */
  kindsChanged(): void {
    const opened = this.current;
    opened?.resources({ fresh: true }).then(
      (served) => {
        if (this.current === opened) this.#kinds.tell(served);
      },
      (error: unknown) => {
        if (!opened.signal.aborted) this.#dependencies.onError(error, 'ask what the cluster serves');
      },
    );
  }

  /** Says which contexts could be opened. */
  offerContexts(contexts: readonly string[]): void {
    if (contexts.join('\n') === this.#contexts.join('\n')) return;
    this.#contexts = contexts;
    this.#contextLists.tell(contexts);
  }

  showNamespace(namespace: string | undefined): void {
    if (namespace === this.#namespace) return;
    this.#namespace = namespace;
    this.#namespaces.tell(namespace);
  }

  /** Opens a context in place of the one that is open. Returns before the cluster answers. */
  async open(context: ClusterContext): Promise<void> {
    this.close();
    const generation = this.#generation;
    this.#become({ kind: 'connecting', context });
    let cluster: Cluster;
    try {
      const expired = whyExpired(context, this.#dependencies.clock.now());
      if (expired !== undefined) throw new Error(expired);
      cluster = await this.#dependencies.connect(context);
    } catch (error) {
      if (generation === this.#generation) this.#refuse(context, error);
      return;
    }
    if (generation !== this.#generation) {
      cluster.close();
      return;
    }
    const closing = new AbortController();
    const opened = this.#wrap(context, cluster, closing.signal);
    this.#open = { cluster: opened, closing };
    const endListening = cluster.onStateChange((state) => {
      if (state === 'idle') cluster.connect();
      if (state === 'ready') this.#probe(opened);
      if (state !== 'unavailable') return;
      this.#endProbe();
      this.#lost(opened, l10n.t('{0} does not answer', context.endpoint));
    });
    closing.signal.addEventListener('abort', endListening, { once: true });
    opened.informers.run(closing.signal).catch((error: unknown) => {
      this.#dependencies.onError(error, 'watch the cluster');
    });
    this.#clusters.tell(opened);
    if (cluster.state === 'ready') this.#probe(opened);
    else cluster.connect();
  }

  /** Closes what is open; `why` is shown in its place. */
  close(why?: string): void {
    this.#shut();
    this.#become(why === undefined ? { kind: 'none' } : { kind: 'none', why });
  }

  /** Closes what is open and waits for another context: this one would be refused however often it is tried. */
  #refuse(context: ClusterContext, error: unknown): void {
    this.#shut();
    this.#become({
      kind: 'unavailable',
      context,
      why: reasonOf(error),
    });
  }

  #shut(): void {
    this.#generation++;
    this.#endProbe();
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) {
      open.closing.abort(new Error(l10n.t('the connection to "{0}" was closed', open.cluster.context.name)));
      open.cluster.cluster.close();
      this.#clusters.tell(undefined);
    }
  }

  #wrap(context: ClusterContext, cluster: Cluster, signal: AbortSignal): OpenCluster {
    const { clock, random, onError } = this.#dependencies;
    let index: Promise<ResourceIndex> | undefined;
    /** Why a kind cannot be watched, which is told once: a kind that is gone is asked for again and again. */
    const told = new Map<string, string>();
    const forget = cluster.onStateChange((state) => {
      if (state !== 'ready') return;
      index = undefined;
      told.clear();
    });
    signal.addEventListener('abort', forget, { once: true });
    const discover = async () => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(askTimeoutMs)]);
      return new ResourceIndex(await cluster.discover(limit));
    };
    return {
      context,
      cluster,
      signal,
      informers: createInformerFactory({
        client: cluster.client,
        clock,
        random,
        // A cluster that is away is told of once, by the state, not by every watch that waits for it.
        onError: (error, doing) => {
          const why = reasonOf(error);
          if (this.#state.kind !== 'connected' || told.get(doing) === why) return;
          told.set(doing, why);
          onError(error, doing);
        },
      }),
      resources: ({ fresh = false } = {}) => {
        if (fresh) index = undefined;
        const asked = (index ??= discover());
        asked.catch(() => {
          if (index === asked) index = undefined;
        });
        return asked;
      },
    };
  }

  /** Asks who answers: a connection alone does not say that it lets us in. Whoever was asking before stops. */
  #probe(opened: OpenCluster): void {
    const { context, cluster, signal } = opened;
    this.#endProbe();
    const over = new AbortController();
    let cancelRetry = () => {};
    this.#endProbe = () => {
      over.abort(new Error('The question was overtaken'));
      cancelRetry();
    };
    const limit = AbortSignal.any([signal, over.signal, AbortSignal.timeout(askTimeoutMs)]);
    Promise.all([cluster.version(limit), unlessAborted(opened.resources(), limit)]).then(
      ([version]) => {
        if (!over.signal.aborted) this.#become({ kind: 'connected', context, version });
      },
      (error: unknown) => {
        if (over.signal.aborted) return;
        cancelRetry = this.#dependencies.clock.after(retryMs, () => {
          if (cluster.state === 'ready') this.#probe(opened);
        });
        this.#lost(opened, reasonOf(error));
      },
    );
  }

  #lost({ context }: OpenCluster, why: string): void {
    const expired = whyExpired(context, this.#dependencies.clock.now());
    if (expired !== undefined) return this.#refuse(context, expired);
    // Asked again and again, and told once.
    if (this.#state.kind === 'unavailable' && this.#state.why === why) return;
    this.#become({ kind: 'unavailable', context, why });
  }

  #become(state: SessionState): void {
    this.#state = state;
    this.#states.tell(state);
  }
}
