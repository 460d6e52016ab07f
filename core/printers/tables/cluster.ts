import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../api/generated/admissionregistration-v1.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts';
import type { Lease } from '../../api/generated/coordination-v1.ts';
import type { ComponentCondition, ComponentStatus } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import type {
  FlowSchema,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../api/generated/flowcontrol-v1.ts';
import type {
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  ServiceCIDR,
} from '../../api/generated/networking-v1.ts';
import type { RuntimeClass } from '../../api/generated/node-v1.ts';
import type { ClusterRoleBinding, RoleBinding, RoleRef, Subject } from '../../api/generated/rbac-v1.ts';
import type { PriorityClass } from '../../api/generated/scheduling-v1.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../api/generated/storage-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { humanDuration } from '../../machinery/duration.ts';
import { ageColumn, createdAtColumn } from '../age.ts';
import { selectorText } from '../containers.ts';
import { column, countColumn, nameColumn, numberColumn, table, wideColumn } from '../table.ts';
import type { ColumnOf } from '../table.ts';
import { balancerAddresses } from './core.ts';

const none = '<none>';

export const componentStatusTable = table<ComponentStatus>(
  nameColumn(),
  column('Status', ({ conditions }) => {
    const condition = healthy(conditions);
    if (condition === undefined) return 'Unknown';
    return condition.status === 'True' ? 'Healthy' : 'Unhealthy';
  }),
  column('Message', ({ conditions }) => healthy(conditions)?.message ?? ''),
  column('Error', ({ conditions }) => healthy(conditions)?.error ?? ''),
);

function healthy(conditions: ComponentStatus['conditions']): ComponentCondition | undefined {
  return conditions?.find(({ type }) => type === 'Healthy');
}

export const leaseTable = table<Lease>(
  nameColumn(),
  column('Holder', ({ spec }) => spec.holderIdentity),
  ageColumn(),
);

export const endpointSliceTable = table<EndpointSlice>(
  nameColumn(),
  column('AddressType', ({ addressType }) => addressType),
  column('Ports', ({ ports }) =>
    limited(
      (ports ?? []).map(({ port, name }) => String(port ?? name ?? '*')),
      '<unset>',
    ),
  ),
  column('Endpoints', ({ endpoints }) =>
    limited(
      (endpoints ?? []).flatMap(({ addresses }) => addresses),
      '<unset>',
    ),
  ),
  ageColumn(),
);

/** Upstream names at most three and counts the rest. */
function limited(items: readonly string[], empty: string): string {
  if (items.length === 0) return empty;
  const more = items.length > 3 ? ` + ${items.length - 3} more...` : '';
  return `${items.slice(0, 3).join(',')}${more}`;
}

export const ingressTable = table<Ingress>(
  nameColumn(),
  column('Class', ({ spec }) => spec.ingressClassName ?? none),
  column('Hosts', ({ spec }) =>
    limited(
      (spec.rules ?? []).flatMap(({ host }) => (host ? [host] : [])),
      '*',
    ),
  ),
  column('Address', ({ status }) => balancerAddresses(status.loadBalancer?.ingress).join(',')),
  column('Ports', ({ spec }) => ((spec.tls ?? []).length > 0 ? '80, 443' : '80')),
  ageColumn(),
);

export const ingressClassTable = table<IngressClass>(
  nameColumn(),
  column('Controller', ({ spec }) => spec.controller),
  column('Parameters', ({ spec: { parameters } }) =>
    parameters === undefined
      ? none
      : `${parameters.kind}${parameters.apiGroup ? `.${parameters.apiGroup}` : ''}/${parameters.name}`,
  ),
  ageColumn(),
);

export const networkPolicyTable = table<NetworkPolicy>(
  nameColumn(),
  column('Pod-Selector', ({ spec }) => selectorText(spec.podSelector ?? {})),
  ageColumn(),
);

export const ipAddressTable = table<IPAddress>(
  nameColumn(),
  column('ParentRef', ({ spec: { parentRef } }) =>
    parentRef === undefined
      ? none
      : [
          `${parentRef.resource}${parentRef.group ? `.${parentRef.group}` : ''}`,
          parentRef.namespace,
          parentRef.name,
        ]
          .filter(Boolean)
          .join('/'),
  ),
  ageColumn(),
);

export const serviceCidrTable = table<ServiceCIDR>(
  nameColumn(),
  column('CIDRs', ({ spec }) => (spec.cidrs ?? []).join(',')),
  ageColumn(),
);

export const roleTable = table(nameColumn(), createdAtColumn());

const bindingColumns = <T extends RoleBinding | ClusterRoleBinding>() => [
  column<T>('Role', ({ roleRef }) => roleText(roleRef)),
  ageColumn<T>(),
  wideColumn<T>('Users', ({ subjects }) => subjectNames(subjects, 'User')),
  wideColumn<T>('Groups', ({ subjects }) => subjectNames(subjects, 'Group')),
  wideColumn<T>('ServiceAccounts', ({ subjects }) => subjectNames(subjects, 'ServiceAccount')),
];

export const roleBindingTable = table<RoleBinding>(nameColumn(), ...bindingColumns<RoleBinding>());
export const clusterRoleBindingTable = table<ClusterRoleBinding>(
  nameColumn(),
  ...bindingColumns<ClusterRoleBinding>(),
);

function roleText({ kind, name }: RoleRef): string {
  return `${kind}/${name}`;
}

function subjectNames(subjects: readonly Subject[] | undefined, kind: string): string {
  return (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');
}

export const certificateSigningRequestTable = table<CertificateSigningRequest>(
  nameColumn(),
  ageColumn(),
  column('SignerName', ({ spec }) => spec.signerName),
  column('Requestor', ({ spec }) => spec.username),
  column('RequestedDuration', ({ spec }) =>
    spec.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000),
  ),
  column('Condition', ({ status }) => {
    const types = (status.conditions ?? []).map(({ type }) => type);
    const decided = ['Denied', 'Approved'].find((type) => types.includes(type)) ?? 'Pending';
    const failed = types.includes('Failed') ? ',Failed' : '';
    return `${decided}${failed}${status.certificate ? ',Issued' : ''}`;
  }),
);

/** A name that says whether the class is the default, by one of these annotations. */
function classNameColumn<T extends KubernetesObject>(...annotations: readonly string[]): ColumnOf<T> {
  const isDefault = ({ metadata }: T) => annotations.some((name) => metadata.annotations?.[name] === 'true');
  return {
    ...nameColumn<T>(),
    cell: (object) => `${object.metadata.name ?? ''}${isDefault(object) ? ' (default)' : ''}`,
  };
}

export const storageClassTable = table<StorageClass>(
  classNameColumn<StorageClass>(
    'storageclass.kubernetes.io/is-default-class',
    'storageclass.beta.kubernetes.io/is-default-class',
  ),
  column('Provisioner', ({ provisioner }) => provisioner),
  column('ReclaimPolicy', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
  column('VolumeBindingMode', ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate'),
  column('AllowVolumeExpansion', ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
  ageColumn(),
);

export const volumeAttributesClassTable = table<VolumeAttributesClass>(
  classNameColumn('volumeattributesclass.alpha.kubernetes.io/is-default-class'),
  column('DriverName', ({ driverName }) => driverName),
  ageColumn(),
);

export const volumeAttachmentTable = table<VolumeAttachment>(
  nameColumn(),
  // Upstream calls it a name as well.
  { ...column<VolumeAttachment>('Attacher', ({ spec }) => spec.attacher), format: 'name' },
  column('PV', ({ spec }) => spec.source.persistentVolumeName),
  column('Node', ({ spec }) => spec.nodeName),
  column('Attached', ({ status }) => status.attached, { type: 'boolean' }),
  ageColumn(),
);

export const csiNodeTable = table<CSINode>(
  nameColumn(),
  countColumn('Drivers', ({ spec }) => spec.drivers.length),
  ageColumn(),
);

export const csiDriverTable = table<CSIDriver>(
  nameColumn(),
  column('AttachRequired', ({ spec }) => spec.attachRequired ?? true, { type: 'boolean' }),
  column('PodInfoOnMount', ({ spec }) => spec.podInfoOnMount ?? false, { type: 'boolean' }),
  column('StorageCapacity', ({ spec }) => spec.storageCapacity ?? false, { type: 'boolean' }),
  column(
    'TokenRequests',
    ({ spec }) => (spec.tokenRequests ?? []).map(({ audience }) => audience).join(',') || '<unset>',
  ),
  column('RequiresRepublish', ({ spec }) => spec.requiresRepublish ?? false, { type: 'boolean' }),
  column('Modes', ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || none),
  ageColumn(),
);

export const csiStorageCapacityTable = table<CSIStorageCapacity>(
  nameColumn(),
  column('StorageClassName', ({ storageClassName }) => storageClassName),
  column('Capacity', ({ capacity }) => capacity ?? '<unset>'),
);

export const priorityClassTable = table<PriorityClass>(
  nameColumn(),
  countColumn('Value', ({ value }) => value),
  column('Global-Default', ({ globalDefault }) => globalDefault ?? false, { type: 'boolean' }),
  ageColumn(),
  column('PreemptionPolicy', ({ preemptionPolicy }) => preemptionPolicy ?? 'PreemptLowerPriority'),
);

export const runtimeClassTable = table<RuntimeClass>(
  nameColumn(),
  column('Handler', ({ handler }) => handler),
  ageColumn(),
);

export const mutatingWebhookConfigurationTable = table<MutatingWebhookConfiguration>(
  nameColumn(),
  countColumn('Webhooks', ({ webhooks }) => webhooks?.length ?? 0),
  ageColumn(),
);

export const validatingWebhookConfigurationTable = table<ValidatingWebhookConfiguration>(
  nameColumn(),
  countColumn('Webhooks', ({ webhooks }) => webhooks?.length ?? 0),
  ageColumn(),
);

export const validatingAdmissionPolicyTable = table<ValidatingAdmissionPolicy>(
  nameColumn(),
  countColumn('Validations', ({ spec }) => spec.validations?.length ?? 0),
  column('ParamKind', ({ spec }) => paramKind(spec.paramKind)),
  ageColumn(),
);

export const mutatingAdmissionPolicyTable = table<MutatingAdmissionPolicy>(
  nameColumn(),
  countColumn('Mutations', ({ spec }) => spec.mutations?.length ?? 0),
  column('ParamKind', ({ spec }) => paramKind(spec.paramKind)),
  ageColumn(),
);

function paramKind(
  kind: { readonly apiVersion?: string | undefined; readonly kind?: string | undefined } | undefined,
): string {
  return kind === undefined ? '<unset>' : `${kind.apiVersion}/${kind.kind}`;
}

const policyBindingColumns = <
  T extends ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding,
>() => [
  column<T>('PolicyName', ({ spec }) => spec.policyName),
  column<T>('ParamRef', ({ spec: { paramRef } }) =>
    paramRef === undefined
      ? '<unset>'
      : [paramRef.namespace ?? '*', paramRef.name ?? selectorText(paramRef.selector)].join('/'),
  ),
  ageColumn<T>(),
];

export const validatingAdmissionPolicyBindingTable = table<ValidatingAdmissionPolicyBinding>(
  nameColumn(),
  ...policyBindingColumns<ValidatingAdmissionPolicyBinding>(),
);

export const mutatingAdmissionPolicyBindingTable = table<MutatingAdmissionPolicyBinding>(
  nameColumn(),
  ...policyBindingColumns<MutatingAdmissionPolicyBinding>(),
);

export const flowSchemaTable = table<FlowSchema>(
  nameColumn(),
  column('PriorityLevel', ({ spec }) => spec.priorityLevelConfiguration.name),
  numberColumn('MatchingPrecedence', ({ spec }) => spec.matchingPrecedence),
  column('DistinguisherMethod', ({ spec }) => spec.distinguisherMethod?.type ?? none),
  ageColumn(),
  column('MissingPL', ({ status }) => {
    const dangling = status.conditions?.find(({ type }) => type === 'Dangling');
    return dangling?.status ?? '?';
  }),
);

export const priorityLevelConfigurationTable = table<PriorityLevelConfiguration>(
  nameColumn(),
  column('Type', ({ spec }) => spec.type),
  numberColumn('NominalConcurrencyShares', ({ spec }) => spec.limited?.nominalConcurrencyShares ?? none),
  numberColumn('Queues', ({ spec }) => queuing(spec)?.queues ?? none),
  numberColumn('HandSize', ({ spec }) => queuing(spec)?.handSize ?? none),
  numberColumn('QueueLengthLimit', ({ spec }) => queuing(spec)?.queueLengthLimit ?? none),
  ageColumn(),
);

function queuing({ limited: limits }: PriorityLevelConfiguration['spec']): QueuingConfiguration | undefined {
  return limits?.limitResponse?.queuing;
}

export const apiServiceTable = table<APIService>(
  nameColumn(),
  column('Service', ({ spec: { service } }) =>
    service === undefined ? 'Local' : `${service.namespace}/${service.name}`,
  ),
  column('Available', ({ status }) => {
    const available = status.conditions?.find(({ type }) => type === 'Available');
    if (available === undefined) return 'Unknown';
    const { status: known, reason } = available;
    return known === 'True' || !reason ? known : `${known} (${reason})`;
  }),
  ageColumn(),
);

/** Kinds that upstream prints without columns of their own. */
export const plainTable = table(nameColumn(), createdAtColumn());

/** Custom resources that declare no columns. */
export const customResourceTable = table(nameColumn(), ageColumn());
