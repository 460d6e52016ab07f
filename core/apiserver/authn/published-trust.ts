import { isAlreadyExists, isConflict } from '../../api/errors.ts';
import type { ConfigMap } from '../../api/generated/core-v1.ts';
import type { Verbs } from '../../api/verbs.ts';
import { Backoff } from '../../machinery/backoff.ts';
import { sleep } from '../../machinery/clock.ts';
import type { Clock } from '../../machinery/clock.ts';
import { deferred } from '../../machinery/deferred.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { Random } from '../../machinery/random.ts';
import type { RequestHeaderNames } from './request-headers.ts';

/** Whom users' API servers may believe about who asks. */
export interface PublishedTrust {
  /** PEM: who vouches for clients of this server. */
  readonly clients: string;
  /** PEM: who vouches for proxies, this server among them. */
  readonly frontProxies: string;
  /** Their common names; any where there is none. */
  readonly proxyNames: readonly string[];
  readonly headers: RequestHeaderNames;
}

export interface TrustPublisherOptions {
  readonly verbs: Verbs;
  readonly trust: () => PublishedTrust;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: unknown) => void;
}

const name = 'extension-apiserver-authentication';
const namespace = 'kube-system';

/**
 * Keeps the ConfigMap by which users' API servers know whom to believe, and the Role that lets them read it (upstream:
 * controlplane/controller/clusterauthenticationtrust).
 */
export class TrustPublisher {
  readonly #options: TrustPublisherOptions;
  #changed = deferred();

  constructor(options: TrustPublisherOptions) {
    this.#options = options;
  }

  /** What is to be published is something else now. */
  changed(): void {
    this.#changed.resolve();
  }

  /** Until `signal` aborts; what fails is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, onError } = this.#options;
    const backoff = new Backoff({ initialMs: 200, maxMs: 30_000, jitter: 0.2, random });
    const ended = deferred();
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    while (!signal.aborted) {
      this.#changed = deferred();
      try {
        await this.#publish();
        backoff.reset();
        await Promise.race([this.#changed.promise, ended.promise]);
      } catch (error) {
        if (signal.aborted) return;
        // Another core was faster.
        if (!isConflict(error)) onError(error);
        await sleep(clock, backoff.nextMs(), signal).catch(() => undefined);
      }
    }
  }

  async #publish(): Promise<void> {
    const { verbs, trust } = this.#options;
    const data = dataOf(trust());
    const maps = { group: '', version: 'v1', resource: 'configmaps', namespace };
    const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
    await unlessThere(verbs.create({}, maps, { kind: 'object', object: map }));
    const present = (await verbs.get({}, { ...maps, name })).object as ConfigMap;
    if (!deepEqual(present.data, data))
      await verbs.update({}, { ...maps, name }, { kind: 'object', object: { ...present, data } });
    const roles = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'roles', namespace };
    await unlessThere(verbs.create({}, roles, { kind: 'object', object: reader }));
  }
}

function dataOf({ clients, frontProxies, proxyNames, headers }: PublishedTrust): Record<string, string> {
  return {
    'client-ca-file': clients,
    'requestheader-allowed-names': JSON.stringify(proxyNames),
    'requestheader-client-ca-file': frontProxies,
    'requestheader-extra-headers-prefix': JSON.stringify(headers.extraPrefix),
    'requestheader-group-headers': JSON.stringify(headers.group),
    'requestheader-uid-headers': JSON.stringify(headers.uid),
    'requestheader-username-headers': JSON.stringify(headers.username),
  };
}

const reader = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: {
    name: `${name}-reader`,
    namespace,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  },
  rules: [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get', 'list', 'watch'] },
  ],
};

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
