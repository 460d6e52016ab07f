import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import type { APIResource } from '../../api/generated/meta-v1.ts';
import { apiservices, endpointslices, services } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import type { Scheme } from '../../api/scheme.ts';
import type { Verbs } from '../../api/verbs.ts';
import { follow } from '../../admission/follow.ts';
import type { Lookup } from '../../admission/lookup.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { Random } from '../../machinery/random.ts';
import { WorkQueue } from '../../machinery/work-queue.ts';
import { failed, isAvailable, passed, reportAvailability, userAgent } from './availability.ts';
import type { Availability } from './availability.ts';
import { identityHeaders } from './front-proxy-headers.ts';
import { LocalServices } from './local-services.ts';
import { readResourceList } from './remote-discovery.ts';
import type { RemoteVersion } from './remote-discovery.ts';
import { readOpenApi2 } from './remote-openapi.ts';
import type { OpenApi2Document } from './remote-openapi.ts';
import { Upstream } from './upstream.ts';
import type { UpstreamOptions } from './upstream.ts';

export interface AggregatorOptions extends UpstreamOptions {
  readonly client: Lookup;
  readonly random: Random;
  readonly verbs: Verbs;
  readonly scheme: Scheme;
  readonly onError: (error: unknown) => void;
}

/** A user's server, where one is asked for. */
export interface Remote {
  readonly upstream: Upstream;
  readonly available: boolean;
}

interface Followed {
  readonly service: APIService;
  readonly upstream: Upstream;
  resources: readonly APIResource[] | undefined;
  /** Where its OpenAPI 3 document is. */
  openApi: string | undefined;
  openApi2: OpenApi2Document | undefined;
  /** Of the document that `openApi2` was cut from. */
  etag: string | undefined;
}

const aggregatorUser = { name: 'system:kube-aggregator', groups: ['system:masters'] };
const workers = 4;
const checkAgainMs = 30_000;
const checkWithinMs = 5_000;
const maxDiscoveryBytes = 4 * 1024 * 1024;
const maxDocumentBytes = 16 * 1024 * 1024;
const documentWithinMs = 10_000;

/**
 * APIServices: one for each group version that is served here, which it keeps, and those of users, whose servers it
 * looks after: whether they answer, what they serve, and how to reach them.
 */
export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #queue: WorkQueue;
  readonly #local: LocalServices;
  readonly #remotes = new Map<string, Followed>();
  readonly #listeners = new Set<() => void>();
  #backends: Promise<void> | undefined;

  constructor(options: AggregatorOptions) {
    this.#options = options;
    this.#local = new LocalServices(options);
    this.#queue = new WorkQueue({ clock: options.clock, backoff: { initialMs: 1_000, maxMs: checkAgainMs } });
  }

  /** The server that a group version is handed on to; undefined for what is served here, or by nobody. */
  remoteOf(group: string, version: string): Remote | undefined {
    const found = this.#remotes.get(`${version}.${group}`);
    return found === undefined
      ? undefined
      : { upstream: found.upstream, available: isAvailable(found.service) };
  }

  /** All group versions that are handed on. */
  get remotes(): readonly RemoteVersion[] {
    return [...this.#remotes.values()].map(({ service, resources, openApi }) => {
      const { group = '', version = '', groupPriorityMinimum, versionPriority } = service.spec;
      return {
        group,
        version,
        groupPriority: groupPriorityMinimum,
        versionPriority,
        resources,
        available: isAvailable(service),
        openApi,
      };
    });
  }

  /** What all of them say of themselves in OpenAPI 2. */
  get openApi2(): readonly OpenApi2Document[] {
    return [...this.#remotes.values()].flatMap(({ openApi2 }) => openApi2 ?? []);
  }

  /** Calls back when what is handed on has changed; the returned function ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#queue.shutDown();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await Promise.all([
        follow(this.#options, apiservices, signal, (objects, changed) => {
          this.#local.update(objects, changed);
          this.#changed(objects, signal);
        }),
        this.#local.run(signal),
        this.#work(signal),
      ]);
      await this.#backends;
    } finally {
      for (const { upstream } of this.#remotes.values()) upstream.close();
    }
  }

  #changed(objects: ReadonlyMap<string, APIService>, signal: AbortSignal): void {
    let changed = false;
    for (const [name, followed] of this.#remotes) {
      if (objects.get(name)?.spec.service !== undefined) continue;
      followed.upstream.close();
      this.#remotes.delete(name);
      changed = true;
    }
    for (const [name, service] of objects) {
      if (service.spec.service === undefined || !mayBeRemote(service)) continue;
      const before = this.#remotes.get(name);
      if (before?.service === service) continue;
      const same = before !== undefined && deepEqual(before.service.spec, service.spec);
      if (!same) before?.upstream.close();
      this.#remotes.set(name, {
        service,
        upstream: same ? before.upstream : new Upstream(service.spec, this.#options),
        resources: before?.resources,
        openApi: before?.openApi,
        openApi2: before?.openApi2,
        etag: before?.etag,
      });
      if (!same) this.#queue.add(name);
      changed = true;
    }
    if (this.#remotes.size > 0) this.#backends ??= this.#followBackends(signal);
    if (changed) this.#tell();
  }

  /** What Services lead to decides whether a server can be reached; nobody cares before there is one. */
  async #followBackends(signal: AbortSignal): Promise<void> {
    await Promise.all([
      follow(this.#options, services, signal, (_, changed) => this.#enqueueRemotes(changed?.map(keyOf))),
      follow(this.#options, endpointslices, signal, (_, changed) =>
        this.#enqueueRemotes(changed?.map(serviceOfSlice)),
      ),
    ]);
  }

  /** Those behind the Services that are named; all where none are. */
  #enqueueRemotes(changed?: readonly string[]): void {
    for (const [name, { service }] of this.#remotes) {
      const behind = service.spec.service;
      if (changed === undefined || changed.includes(`${behind?.namespace}/${behind?.name}`))
        this.#queue.add(name);
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #work(signal: AbortSignal): Promise<void> {
    // A server that does not answer holds up few others.
    await Promise.all(Array.from({ length: workers }, () => this.#worker(signal)));
  }

  async #worker(signal: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.#queue.get();
      if (key === undefined) return;
      let again: number | undefined;
      try {
        again = await this.#check(key, signal);
        this.#queue.forget(key);
      } catch (error) {
        if (!signal.aborted) this.#options.onError(error);
        this.#queue.addRateLimited(key);
      }
      this.#queue.done(key);
      if (again !== undefined) this.#queue.addAfter(key, again);
    }
  }

  /** Asks a server what it serves, which also tells whether it is there. */
  async #check(name: string, signal: AbortSignal): Promise<number | undefined> {
    const followed = this.#remotes.get(name);
    if (followed === undefined) return undefined;
    const { group = '', version = '' } = followed.service.spec;
    let outcome: Availability = passed;
    try {
      const answer = await followed.upstream.read(
        {
          method: 'GET',
          path: `/apis/${group}/${version}`,
          headers: { ...identityHeaders(aggregatorUser), accept: 'application/json' },
        },
        { maxBytes: maxDiscoveryBytes, withinMs: checkWithinMs, signal },
      );
      if (answer.code < 200 || answer.code > 299) throw new Error(`bad status: ${answer.code}`);
      const resources = readResourceList(answer.body, group, version);
      // What is there now may be another one by this time.
      const current = this.#remotes.get(name);
      if (current?.upstream === followed.upstream && !deepEqual(current.resources, resources)) {
        current.resources = resources;
        this.#tell();
      }
    } catch (error) {
      signal.throwIfAborted();
      outcome = failed(followed.service, error);
    }
    const current = this.#remotes.get(name);
    if (current === undefined || current.upstream !== followed.upstream) return undefined;
    await reportAvailability(this.#options, { userAgent, signal }, current.service, outcome);
    // Who has none is still served.
    if (outcome.available) await readDocuments(current, signal).then((news) => news && this.#tell(), ignored);
    return outcome.available ? checkAgainMs : retryMs;
  }
}

/** What this server could not be mended without stays its own. */
function mayBeRemote({ spec }: APIService): boolean {
  return (spec.group ?? '') !== '' && spec.group !== 'apiregistration.k8s.io';
}

/** "namespace/name" of the Service that a slice belongs to. */
function serviceOfSlice({ metadata: { namespace, labels } }: EndpointSlice): string {
  return `${namespace}/${labels?.['kubernetes.io/service-name']}`;
}

/** Resolves to whether anything is new. */
async function readDocuments(followed: Followed, signal: AbortSignal): Promise<boolean> {
  const { upstream, service, etag } = followed;
  const { group: of = '', version: at = '' } = service.spec;
  const read = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    upstream.read(
      {
        method: 'GET',
        path,
        headers: { ...identityHeaders(aggregatorUser), accept: 'application/json', ...headers },
      },
      { maxBytes: maxDocumentBytes, withinMs: documentWithinMs, signal },
    );
  const before = { ...followed };
  const index = await read('/openapi/v3');
  followed.openApi = index.code === 200 ? documentIn(index.body, of, at) : undefined;
  const whole = await read('/openapi/v2', etag === undefined ? {} : { 'if-none-match': etag });
  if (whole.code === 200) {
    followed.openApi2 = readOpenApi2(whole.body, of, at);
    followed.etag = whole.etag;
  }
  return followed.openApi !== before.openApi || followed.openApi2 !== before.openApi2;
}

/** Only what is its own: the path goes to clients, who follow it. */
function documentIn(index: Buffer, of: string, at: string): string | undefined {
  const { paths } = JSON.parse(index.toString('utf8')) as {
    paths?: Record<string, { serverRelativeURL?: unknown }>;
  };
  const url = paths?.[`apis/${of}/${at}`]?.serverRelativeURL;
  const own = `/openapi/v3/apis/${of}/${at}`;
  return typeof url === 'string' && (url === own || url.startsWith(`${own}?`)) ? url : undefined;
}

const ignored = () => undefined;

const retryMs = 5_000;
