import { setMaxListeners } from 'node:events';
import type { Api, ApiOptions } from '../../core/apiserver/api.ts';
import { createApi } from '../../core/apiserver/api.ts';
import { limitranges, rolebindings, roles, serviceaccounts } from '../../core/api/generated/resources.ts';
import type { Call } from '../../core/api/verbs.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { MemoryStore } from '../../core/storage/memory/store.ts';
import { pod } from '../builders/index.ts';
import { atMost, cpuTimed, quantile } from './measure.ts';
import type { Measurement } from './measure.ts';

const roleCount = 1_000;
const bindingCount = 2_000;
/** The writer has so many of the bindings, and only the last of them lets it write. */
const ownBindings = 20;
const writes = 1_500;
const rounds = 5;
const target = { group: '', version: 'v1', resource: 'pods', namespace: 'default' };
const writer = { user: { name: 'writer', groups: ['developers', 'system:authenticated'] } };

/** Everything that may be left out. */
const plugins = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  'TaintNodesByCondition',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'PodTopologyLabels',
  'DenyServiceExternalIPs',
  'PodSecurity',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
];

/**
 * What deciding about a write costs: the same writes with and without authorization and admission, in turn. Time of
 * the processor, because what else the machine does would be most of a 99th percentile of such short work.
 */
export async function measureIdentity(): Promise<readonly Measurement[]> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const guarded = await startApi({ rbac: true }, stop.signal);
  const bare = await startApi({ withoutAdmission: plugins }, stop.signal);
  await grant(guarded);
  await limit(guarded);
  const least = {
    guarded: { create: Infinity, change: Infinity },
    bare: { create: Infinity, change: Infinity },
  };
  for (let round = 0; round <= rounds; round++) {
    const times = { guarded: emptyTimes(), bare: emptyTimes() };
    for (let index = 0; index < writes; index++) {
      const name = `pod-${round}-${index}`;
      await write(guarded, writer, name, times.guarded);
      await write(bare, {}, name, times.bare);
    }
    // The first round is for the compiler.
    if (round === 0) continue;
    for (const side of ['guarded', 'bare'] as const)
      for (const kind of ['create', 'change'] as const)
        least[side][kind] = Math.min(least[side][kind], quantile(times[side][kind], 0.99));
  }
  stop.abort();
  const added = (name: string, kind: 'create' | 'change') =>
    atMost(
      `authorization and admission of ${name}: added to its p99`,
      Math.max(0, least.guarded[kind] - least.bare[kind]),
      0.3,
      'ms',
      least.bare[kind],
    );
  return [
    added(`a creation, ${roleCount} roles, ${bindingCount} bindings`, 'create'),
    added('a patch, likewise', 'change'),
  ];
}

async function startApi(options: Partial<ApiOptions>, signal: AbortSignal): Promise<Api> {
  const store = new MemoryStore();
  const api = createApi({ store, clock: systemClock, random: systemRandom, ...options });
  api.run(signal).catch((error: unknown) => console.error(error));
  await api.ready(signal);
  const metadata = { namespace: 'default', name: 'default' };
  await createClient(api.verbs).create(serviceaccounts, { metadata });
  return api;
}

async function grant({ verbs }: Api): Promise<void> {
  const client = createClient(verbs);
  for (let index = 0; index < roleCount; index++) {
    const last = index === ownBindings - 1;
    await client.create(roles, {
      metadata: { namespace: 'default', name: `role-${index}` },
      rules: [
        { apiGroups: [''], resources: [last ? 'pods' : `things-${index}`], verbs: ['create', 'patch'] },
      ],
    });
  }
  for (let index = 0; index < bindingCount; index++) {
    const own = index < ownBindings;
    await client.create(rolebindings, {
      metadata: { namespace: 'default', name: `binding-${index}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `role-${index % roleCount}` },
      subjects: [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: own ? 'developers' : `group-${index}` },
      ],
    });
  }
}

async function limit({ verbs }: Api): Promise<void> {
  await createClient(verbs).create(limitranges, {
    metadata: { namespace: 'default', name: 'limits' },
    spec: { limits: [{ type: 'Container', max: { cpu: '2' }, defaultRequest: { memory: '100Mi' } }] },
  });
}

interface Times {
  readonly create: number[];
  readonly change: number[];
}

function emptyTimes(): Times {
  return { create: [], change: [] };
}

async function write({ verbs }: Api, call: Call, name: string, times: Times): Promise<void> {
  const object = pod().named(name).requesting({ cpu: '100m', memory: '500Mi' }).build();
  times.create.push(await cpuTimed(() => verbs.create(call, target, { kind: 'object', object })));
  const bytes = Buffer.from('{"metadata":{"annotations":{"changed":"yes"}}}');
  times.change.push(await cpuTimed(() => verbs.patch(call, { ...target, name }, { type: 'merge', bytes })));
}
