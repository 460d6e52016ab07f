import { setMaxListeners } from 'node:events';
import type { Api, ApiOptions } from '../../core/apiserver/api.ts';
import { createApi } from '../../core/apiserver/api.ts';
import type { SigningKeys } from '../../core/apiserver/authn/jwt.ts';
import type { Scheme } from '../../core/api/scheme.ts';
import type { Verbs } from '../../core/api/verbs.ts';
import type { Client } from '../../core/client/client.ts';
import { createClient } from '../../core/client/typed-client.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { deepFreeze } from '../../core/machinery/json.ts';
import { seededRandom } from '../../core/machinery/random.ts';
import type { Random } from '../../core/machinery/random.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import type { KeyValueStore } from '../../core/storage/storage.ts';
import { MemoryStore } from '../../core/storage/memory/store.ts';

export interface TestApiOptions<C extends Clock = SteppedClock> {
  /** A stepped clock unless given. */
  readonly clock?: C;
  readonly random?: Random;
  readonly seed?: number;
  /** A new memory store unless given; it is closed with the API. */
  readonly store?: KeyValueStore;
  readonly scheme?: Scheme;
  readonly soleWriter?: boolean;
  readonly serviceCidrs?: readonly string[];
  /**
   * Run the ServiceAccount plug-in: Pods then need their account, which a controller or the test creates. Left out
   * unless set, so that a Pod comes back as it was sent.
   */
  readonly serviceAccounts?: boolean;
  /**
   * New nodes take no Pods until a controller finds them ready, and storage stays until one finds that nobody uses it.
   * Left out unless set: it needs those controllers.
   */
  readonly controlled?: boolean;
  /** Roles and bindings decide, with upstream's default ones; only masters may do anything unless set. */
  readonly rbac?: boolean;
  /** False: definitions of custom resources are stored as they are, and nobody acts on them. */
  readonly customResources?: boolean;
  readonly readUsage?: ApiOptions['readUsage'];
  /** By whom Pods behind webhooks are reached; at their addresses unless given. */
  readonly agents?: ApiOptions['agents'];
  /** ServiceAccounts have no tokens without. */
  readonly serviceAccountKeys?: SigningKeys;
  /** More admission plug-ins. */
  readonly plugins?: ApiOptions['plugins'];
  readonly issuers?: ApiOptions['issuers'];
  readonly onIssuerError?: ApiOptions['onIssuerError'];
}

export interface TestApi<C extends Clock = SteppedClock> extends AsyncDisposable {
  readonly api: Api;
  readonly verbs: Verbs;
  readonly client: Client;
  readonly scheme: Scheme;
  readonly store: KeyValueStore;
  readonly clock: C;
  readonly random: Random;
  close(): Promise<void>;
}

/**
 * The real API server in process, over the memory store: ready, with the system namespaces. What it hands out is
 * frozen, so a test fails where code changes a shared object. Close it, or take it with `await using`.
 */
export async function createTestApi<C extends Clock = SteppedClock>(
  options: TestApiOptions<C> = {},
): Promise<TestApi<C>> {
  const clock = options.clock ?? (new SteppedClock() as Clock as C);
  const random = options.random ?? seededRandom(options.seed ?? 1);
  const store = options.store ?? new MemoryStore();
  const stop = new AbortController();
  // As in core: all of it ends with one signal.
  setMaxListeners(0, stop.signal);
  const errors: unknown[] = [];
  const api = createApi({
    store,
    clock,
    random,
    scheme: options.scheme,
    soleWriter: options.soleWriter,
    serviceCidrs: options.serviceCidrs,
    rbac: options.rbac,
    customResources: options.customResources,
    readUsage: options.readUsage,
    agents: options.agents,
    serviceAccountKeys: options.serviceAccountKeys,
    plugins: options.plugins,
    issuers: options.issuers,
    onIssuerError: options.onIssuerError,
    withoutAdmission: [
      ...(options.serviceAccounts === true ? [] : ['ServiceAccount']),
      ...(options.controlled === true ? [] : ['TaintNodesByCondition', 'StorageObjectInUseProtection']),
    ],
    freeze: deepFreeze,
    onError: (error) => errors.push(error),
  });
  const running = api.run(stop.signal);
  await api.ready();
  const close = async () => {
    stop.abort();
    await running;
    await store.close();
    // What the server got over silently is still a failure of whatever is tested.
    if (errors.length > 0) throw new AggregateError(errors, 'The API server reported errors');
  };
  return {
    api,
    verbs: api.verbs,
    client: createClient(api.verbs),
    scheme: api.scheme,
    store,
    clock,
    random,
    close,
    [Symbol.asyncDispose]: close,
  };
}
