import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  ObjectReference,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '../../api/generated/core-v1.ts';
import { hostPort } from '../../machinery/ip.ts';
import type { Event as EventsEvent } from '../../api/generated/events-v1.ts';
import { ageColumn, ageSince } from '../age.ts';
import { mapText, templateColumns } from '../containers.ts';
import { summarisePod } from '../pod-status.ts';
import { column, countColumn, nameColumn, numberColumn, table, wideColumn } from '../table.ts';

export const podTable = table<Pod>(
  nameColumn(),
  column('Ready', (pod) => {
    const { readyContainers, totalContainers } = summarisePod(pod);
    return `${readyContainers}/${totalContainers}`;
  }),
  column('Status', (pod) => summarisePod(pod).status),
  column('Restarts', (pod, nowMs) => {
    const { restarts, lastRestart } = summarisePod(pod);
    return restarts > 0 && lastRestart !== undefined
      ? `${restarts} (${ageSince(lastRestart, nowMs)} ago)`
      : `${restarts}`;
  }),
  ageColumn(),
  wideColumn('IP', (pod) => pod.status.podIPs?.[0]?.ip || pod.status.podIP || '<none>'),
  wideColumn('Node', (pod) => pod.spec.nodeName || '<none>'),
  wideColumn('Nominated Node', (pod) => pod.status.nominatedNodeName || '<none>'),
  wideColumn('Readiness Gates', (pod) => readinessGates(pod)),
);

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const met = gates.filter((gate) =>
    pod.status.conditions?.some(({ type, status }) => type === gate.conditionType && status === 'True'),
  );
  return `${met.length}/${gates.length}`;
}

export const nodeTable = table<Node>(
  nameColumn(),
  column('Status', nodeStatus),
  column('Roles', nodeRoles),
  ageColumn(),
  column('Version', (node) => node.status.nodeInfo?.kubeletVersion),
  wideColumn('Internal-IP', (node) => nodeAddress(node, 'InternalIP')),
  wideColumn('External-IP', (node) => nodeAddress(node, 'ExternalIP')),
  wideColumn('OS-Image', (node) => node.status.nodeInfo?.osImage || '<unknown>'),
  wideColumn('Kernel-Version', (node) => node.status.nodeInfo?.kernelVersion || '<unknown>'),
  wideColumn('Container-Runtime', (node) => node.status.nodeInfo?.containerRuntimeVersion || '<unknown>'),
);

/** "Ready", "NotReady" or "Unknown", and what else people must know: cordoned, or only simulating containers. */
export function nodeStatus(node: Node): string {
  const ready = node.status.conditions?.find(({ type }) => type === 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (node.spec.unschedulable === true) words.push('SchedulingDisabled');
  if (node.status.nodeInfo?.containerRuntimeVersion.startsWith('simulated://')) words.push('Simulated');
  return words.join(',');
}

const rolePrefix = 'node-role.kubernetes.io/';

export function nodeRoles(node: Node): string {
  const labels = Object.entries(node.metadata.labels ?? {});
  const roles = labels.flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) return [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return roles.length === 0 ? '<none>' : [...new Set(roles)].sort().join(',');
}

function nodeAddress(node: Node, type: string): string {
  return node.status.addresses?.find((address) => address.type === type)?.address ?? '<none>';
}

export const namespaceTable = table<Namespace>(
  nameColumn(),
  column('Status', (namespace) => namespace.status.phase),
  ageColumn(),
);

/** Both API groups that serve events print alike; the newer one only names the members differently. */
type AnyEvent = Event | EventsEvent;

export const eventTable = table<AnyEvent>(
  column('Last Seen', lastSeen),
  column('Type', (event) => event.type),
  column('Reason', (event) => event.reason),
  column('Object', (event) => {
    const { kind = '', name } = subject(event);
    return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
  }),
  wideColumn('Subobject', (event) => subject(event).fieldPath),
  wideColumn('Source', eventSource),
  column('Message', (event) => ('involvedObject' in event ? event.message : event.note)?.trim()),
  wideColumn('First Seen', (event, nowMs) => ageSince(times(event).first || event.eventTime, nowMs)),
  {
    ...numberColumn<AnyEvent>('Count', (event) => event.series?.count ?? (times(event).count || 1)),
    priority: 1,
  },
  { ...wideColumn<AnyEvent>('Name', (event) => event.metadata.name), format: 'name' },
);

function subject(event: AnyEvent): ObjectReference {
  return 'involvedObject' in event ? event.involvedObject : (event.regarding ?? {});
}

function times(event: AnyEvent): {
  first?: string | undefined;
  last?: string | undefined;
  count?: number | undefined;
} {
  return 'involvedObject' in event
    ? { first: event.firstTimestamp, last: event.lastTimestamp, count: event.count }
    : {
        first: event.deprecatedFirstTimestamp,
        last: event.deprecatedLastTimestamp,
        count: event.deprecatedCount,
      };
}

function lastSeen(event: AnyEvent, nowMs: number): string {
  const { first, last } = times(event);
  return ageSince(event.series?.lastObservedTime || last || first || event.eventTime, nowMs);
}

function eventSource(event: AnyEvent): string {
  const source = 'involvedObject' in event ? event.source : event.deprecatedSource;
  const reporter = 'involvedObject' in event ? event.reportingComponent : event.reportingController;
  const component = source?.component || reporter || '';
  const host = source?.host || event.reportingInstance || '';
  return host === '' ? component : `${component}, ${host}`;
}

export const configMapTable = table<ConfigMap>(
  nameColumn(),
  numberColumn(
    'Data',
    ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
  ),
  ageColumn(),
);

export const secretTable = table<Secret>(
  nameColumn(),
  column('Type', (secret) => secret.type),
  numberColumn('Data', (secret) => Object.keys(secret.data ?? {}).length),
  ageColumn(),
);

export const serviceAccountTable = table<ServiceAccount>(
  nameColumn(),
  numberColumn('Secrets', (account) => account.secrets?.length ?? 0),
  ageColumn(),
);

export const serviceTable = table<Service>(
  nameColumn(),
  column('Type', (service) => service.spec.type),
  column('Cluster-IP', (service) => service.spec.clusterIP || '<none>'),
  column('External-IP', externalIp),
  column('Port(s)', servicePorts),
  ageColumn(),
  wideColumn('Selector', (service) => mapText(service.spec.selector)),
);

function externalIp(service: Service): string {
  const given = service.spec.externalIPs ?? [];
  switch (service.spec.type) {
    case 'ExternalName':
      return service.spec.externalName ?? '<none>';
    case 'LoadBalancer': {
      const all = [...balancerAddresses(service.status.loadBalancer?.ingress), ...given];
      return all.length === 0 ? '<pending>' : all.join(',');
    }
    default:
      return given.length === 0 ? '<none>' : given.join(',');
  }
}

function servicePorts(service: Service): string {
  const ports = (service.spec.ports ?? []).map(({ port, nodePort, protocol = 'TCP' }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.length === 0 ? '<none>' : ports.join(',');
}

/** The addresses of a load balancer: each once, in order. */
export function balancerAddresses(
  ingress: readonly { readonly ip?: string | undefined; readonly hostname?: string | undefined }[] = [],
): readonly string[] {
  const addresses = ingress.map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '');
  return [...new Set(addresses)].sort();
}

/** Upstream shows at most three endpoints and counts the rest. */
const shownEndpoints = 3;

export const endpointsTable = table<Endpoints>(
  nameColumn(),
  column('Endpoints', ({ subsets = [] }) => {
    const all = (subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
      (ports ?? []).length === 0
        ? (addresses ?? []).map(({ ip }) => ip)
        : (ports ?? []).flatMap(({ port }) => (addresses ?? []).map(({ ip }) => hostPort(ip, port))),
    );
    if (all.length === 0) return '<none>';
    const more = all.length > shownEndpoints ? ` + ${all.length - shownEndpoints} more...` : '';
    return `${all.slice(0, shownEndpoints).join(',')}${more}`;
  }),
  ageColumn(),
);

export const replicationControllerTable = table<ReplicationController>(
  nameColumn(),
  countColumn('Desired', (controller) => controller.spec.replicas),
  countColumn('Current', (controller) => controller.status.replicas),
  countColumn('Ready', (controller) => controller.status.readyReplicas),
  ageColumn(),
  ...templateColumns<ReplicationController>(({ spec }) => spec.template?.spec),
  wideColumn('Selector', ({ spec }) => mapText(spec.selector)),
);

export const podTemplateTable = table<PodTemplate>(
  nameColumn(),
  column('Containers', ({ template }) => template?.spec?.containers.map(({ name }) => name).join(',')),
  column('Images', ({ template }) => template?.spec?.containers.map(({ image }) => image).join(',')),
  column('Pod Labels', ({ template }) => mapText(template?.metadata?.labels)),
);

export const resourceQuotaTable = table<ResourceQuota>(
  nameColumn(),
  column('Request', (quota) => quotaText(quota, (name) => !name.startsWith('limits.'))),
  column('Limit', (quota) => quotaText(quota, (name) => name.startsWith('limits.'))),
  ageColumn(),
);

function quotaText({ status }: ResourceQuota, wanted: (name: string) => boolean): string {
  return Object.keys(status.hard ?? {})
    .filter(wanted)
    .sort()
    .map((name) => `${name}: ${status.used?.[name] ?? '0'}/${status.hard?.[name]}`)
    .join(', ');
}

const accessModeLetters: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** In upstream's fixed order, whatever order the object has. */
function accessModes(modes: readonly string[] | undefined): string {
  return Object.entries(accessModeLetters)
    .filter(([mode]) => modes?.includes(mode))
    .map(([, letters]) => letters)
    .join(',');
}

/** As it was said before there was a field, where it still is. */
function storageClass({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName;
}

export const persistentVolumeTable = table<PersistentVolume>(
  nameColumn(),
  column('Capacity', ({ spec }) => spec.capacity?.['storage'] ?? '0'),
  column('Access Modes', ({ spec }) => accessModes(spec.accessModes)),
  column('Reclaim Policy', ({ spec }) => spec.persistentVolumeReclaimPolicy),
  column('Status', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status.phase)),
  column('Claim', ({ spec }) => (spec.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : '')),
  column('StorageClass', storageClass),
  column('VolumeAttributesClass', ({ spec }) => spec.volumeAttributesClassName ?? '<unset>'),
  column('Reason', ({ status }) => status.reason),
  ageColumn(),
  wideColumn('VolumeMode', ({ spec }) => spec.volumeMode || '<unset>'),
);

export const persistentVolumeClaimTable = table<PersistentVolumeClaim>(
  nameColumn(),
  column('Status', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status.phase)),
  column('Volume', ({ spec }) => spec.volumeName),
  column('Capacity', ({ spec, status }) => (spec.volumeName ? (status.capacity?.['storage'] ?? '0') : '')),
  column('Access Modes', ({ spec, status }) => (spec.volumeName ? accessModes(status.accessModes) : '')),
  column('StorageClass', storageClass),
  column('VolumeAttributesClass', ({ spec }) => spec.volumeAttributesClassName ?? '<unset>'),
  ageColumn(),
  wideColumn('VolumeMode', ({ spec }) => spec.volumeMode || '<unset>'),
);
