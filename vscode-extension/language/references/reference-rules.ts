import { textOf, type MapNode } from '../syntax/nodes.ts';

/** What of an object's identity the map around its name tells. */
export interface NamedKind {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
}

/** How a field of the API names another object. */
export interface ReferenceRule {
  /** The member that holds the name. */
  readonly name: string;
  /** The name is in the map, or the list of maps, that is the field's value. */
  readonly within?: boolean;
  /** The member that holds a key of the object's data. */
  readonly key?: string;
  readonly madeByOthers?: boolean;
  readonly target: (map: MapNode) => NamedKind | undefined;
}

const configMap = fixed('', 'ConfigMap');
const secret = fixed('', 'Secret');
const service = fixed('', 'Service');
const serviceAccount = fixed('', 'ServiceAccount');
const storageClass = fixed('storage.k8s.io', 'StorageClass');

/** By the type that has the field, and its name. What is not here names nothing that could be looked up. */
export const referenceRules: ReadonlyMap<string, ReferenceRule> = new Map<string, ReferenceRule>([
  ['core/v1.ConfigMapEnvSource.name', { name: 'name', target: configMap }],
  ['core/v1.ConfigMapKeySelector.name', { name: 'name', key: 'key', target: configMap }],
  ['core/v1.ConfigMapVolumeSource.name', { name: 'name', target: configMap }],
  ['core/v1.ConfigMapProjection.name', { name: 'name', target: configMap }],
  ['core/v1.SecretEnvSource.name', { name: 'name', target: secret }],
  ['core/v1.SecretKeySelector.name', { name: 'name', key: 'key', target: secret }],
  ['core/v1.SecretVolumeSource.secretName', { name: 'secretName', target: secret }],
  ['core/v1.SecretProjection.name', { name: 'name', target: secret }],
  ['core/v1.SecretReference.name', { name: 'name', target: namespaced('', 'Secret') }],
  ['core/v1.PodSpec.imagePullSecrets', { name: 'name', within: true, target: secret }],
  ['core/v1.ServiceAccount.imagePullSecrets', { name: 'name', within: true, target: secret }],
  ['core/v1.ServiceAccount.secrets', { name: 'name', within: true, target: secret }],
  ['core/v1.PodSpec.serviceAccountName', { name: 'serviceAccountName', target: serviceAccount }],
  ['core/v1.PodSpec.serviceAccount', { name: 'serviceAccount', target: serviceAccount }],
  [
    'core/v1.PodSpec.priorityClassName',
    { name: 'priorityClassName', target: fixed('scheduling.k8s.io', 'PriorityClass') },
  ],
  [
    'core/v1.PodSpec.runtimeClassName',
    { name: 'runtimeClassName', target: fixed('node.k8s.io', 'RuntimeClass') },
  ],
  ['core/v1.PodSpec.nodeName', { name: 'nodeName', target: fixed('', 'Node') }],
  [
    'core/v1.PersistentVolumeClaimVolumeSource.claimName',
    { name: 'claimName', target: fixed('', 'PersistentVolumeClaim') },
  ],
  ['core/v1.PersistentVolumeClaimSpec.storageClassName', { name: 'storageClassName', target: storageClass }],
  [
    'core/v1.PersistentVolumeClaimSpec.volumeName',
    { name: 'volumeName', madeByOthers: true, target: fixed('', 'PersistentVolume') },
  ],
  ['meta/v1.ObjectMeta.namespace', { name: 'namespace', target: fixed('', 'Namespace') }],
  ['apps/v1.StatefulSetSpec.serviceName', { name: 'serviceName', target: service }],
  [
    'networking/v1.IngressSpec.ingressClassName',
    { name: 'ingressClassName', target: fixed('networking.k8s.io', 'IngressClass') },
  ],
  ['networking/v1.IngressServiceBackend.name', { name: 'name', target: service }],
  ['networking/v1.IngressTLS.secretName', { name: 'secretName', madeByOthers: true, target: secret }],
  ['rbac/v1.RoleBinding.roleRef', { name: 'name', within: true, target: role }],
  ['rbac/v1.ClusterRoleBinding.roleRef', { name: 'name', within: true, target: role }],
  ['rbac/v1.Subject.name', { name: 'name', target: subject }],
  [
    'autoscaling/v1.HorizontalPodAutoscalerSpec.scaleTargetRef',
    { name: 'name', within: true, target: scaled },
  ],
  [
    'autoscaling/v2.HorizontalPodAutoscalerSpec.scaleTargetRef',
    { name: 'name', within: true, target: scaled },
  ],
  ['autoscaling/v2.ObjectMetricSource.describedObject', { name: 'name', within: true, target: scaled }],
  ['admissionregistration/v1.ServiceReference.name', { name: 'name', target: namespaced('', 'Service') }],
  ['apiextensions/v1.ServiceReference.name', { name: 'name', target: namespaced('', 'Service') }],
  ['apiregistration/v1.ServiceReference.name', { name: 'name', target: namespaced('', 'Service') }],
  [
    'admissionregistration/v1.ValidatingAdmissionPolicyBindingSpec.policyName',
    { name: 'policyName', target: fixed('admissionregistration.k8s.io', 'ValidatingAdmissionPolicy') },
  ],
  [
    'admissionregistration/v1.MutatingAdmissionPolicyBindingSpec.policyName',
    { name: 'policyName', target: fixed('admissionregistration.k8s.io', 'MutatingAdmissionPolicy') },
  ],
  [
    'flowcontrol/v1.PriorityLevelConfigurationReference.name',
    { name: 'name', target: fixed('flowcontrol.apiserver.k8s.io', 'PriorityLevelConfiguration') },
  ],
]);

function fixed(group: string, kind: string): () => NamedKind {
  return () => ({ group, kind });
}

/** The namespace stands beside the name. */
function namespaced(group: string, kind: string): (map: MapNode) => NamedKind {
  return (map) => withNamespace({ group, kind }, map);
}

function withNamespace(kind: NamedKind, map: MapNode): NamedKind {
  const namespace = textOf(map, 'namespace');
  return namespace === undefined ? kind : { ...kind, namespace };
}

function role(map: MapNode): NamedKind | undefined {
  const kind = textOf(map, 'kind');
  return kind === 'Role' || kind === 'ClusterRole' ? { group: 'rbac.authorization.k8s.io', kind } : undefined;
}

/** Users and groups are no objects. */
function subject(map: MapNode): NamedKind | undefined {
  return textOf(map, 'kind') === 'ServiceAccount'
    ? withNamespace({ group: '', kind: 'ServiceAccount' }, map)
    : undefined;
}

function scaled(map: MapNode): NamedKind | undefined {
  const kind = textOf(map, 'kind');
  const apiVersion = textOf(map, 'apiVersion') ?? '';
  if (kind === undefined) return undefined;
  const slash = apiVersion.indexOf('/');
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), kind };
}
