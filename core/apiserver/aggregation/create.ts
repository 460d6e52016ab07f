import { isAlreadyExists, isConflict, isNotFound } from '../../api/errors.ts';
import type { ConfigMap } from '../../api/generated/core-v1.ts';
import type { Verbs } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { KeyPair } from '../../machinery/pki/key-pair.ts';
import type { Random } from '../../machinery/random.ts';
import type { Api } from '../api.ts';
import { RegistryClient } from '../handlers/registry-client.ts';
import { Aggregator } from './aggregator.ts';

export interface AggregationOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What this server shows users' servers, and who vouches for it. */
  readonly frontProxy: { readonly client: KeyPair; readonly caPem: string };
  /** Who vouches for clients of this server. */
  readonly clientCaPem: string;
  readonly onError: (error: unknown) => void;
}

export interface RunningAggregation {
  readonly aggregator: Aggregator;
  /** Until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export function createAggregation(
  { scheme, registry, verbs, dialService }: Pick<Api, 'scheme' | 'registry' | 'verbs' | 'dialService'>,
  options: AggregationOptions,
): RunningAggregation {
  const { clock, random, frontProxy, onError } = options;
  const aggregator = new Aggregator({
    clock,
    random,
    scheme,
    verbs,
    client: new RegistryClient(scheme, registry, clock),
    frontProxy: frontProxy.client,
    dial: dialService,
    onError,
  });
  return {
    aggregator,
    async run(signal) {
      await Promise.all([
        aggregator.run(signal),
        publish(verbs, options).catch((error: unknown) => {
          if (!signal.aborted) onError(error);
        }),
      ]);
    },
  };
}

const name = 'extension-apiserver-authentication';
const namespace = 'kube-system';

/** Tells users' servers whom to believe about who asks, and lets them read it (upstream: clusterauthenticationtrust). */
async function publish(verbs: Verbs, { frontProxy, clientCaPem }: AggregationOptions): Promise<void> {
  const data = {
    'client-ca-file': clientCaPem,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': frontProxy.caPem,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  };
  const maps = { group: '', version: 'v1', resource: 'configmaps', namespace };
  const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
  await orAlready(verbs.create({}, maps, { kind: 'object', object: map }));
  const present = (await verbs.get({}, { ...maps, name })).object as ConfigMap;
  if (!deepEqual(present.data, data))
    await orAlready(verbs.update({}, { ...maps, name }, { kind: 'object', object: { ...present, data } }));
  const role = `${name}-reader`;
  const roles = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'roles', namespace };
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get', 'list', 'watch'] },
  ];
  const metadata = {
    name: role,
    namespace,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
  const object = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules };
  await orAlready(verbs.create({}, roles, { kind: 'object', object }));
}

/** Another core was faster. */
async function orAlready(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
  }
}
