/**
 * Versions of the API that are no longer served, with the release that ended them (kubernetes.io: deprecated API
 * migration guide). What follows is the group and version that has the kind now; absent where nothing does.
 */
export interface FormerVersion {
  readonly endedIn: string;
  readonly now?: string;
}

/** By apiVersion, then by kind. */
const former: Readonly<Record<string, Readonly<Record<string, FormerVersion>>>> = {
  'extensions/v1beta1': {
    ...ended('1.16', 'apps/v1', ['DaemonSet', 'Deployment', 'ReplicaSet']),
    ...ended('1.16', 'networking.k8s.io/v1', ['NetworkPolicy']),
    ...ended('1.16', undefined, ['PodSecurityPolicy']),
    ...ended('1.22', 'networking.k8s.io/v1', ['Ingress']),
  },
  'apps/v1beta1': ended('1.16', 'apps/v1', ['Deployment', 'StatefulSet', 'ControllerRevision']),
  'apps/v1beta2': ended('1.16', 'apps/v1', [
    'DaemonSet',
    'Deployment',
    'ReplicaSet',
    'StatefulSet',
    'ControllerRevision',
  ]),
  'admissionregistration.k8s.io/v1beta1': ended('1.22', 'admissionregistration.k8s.io/v1', [
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
  ]),
  'apiextensions.k8s.io/v1beta1': ended('1.22', 'apiextensions.k8s.io/v1', ['CustomResourceDefinition']),
  'apiregistration.k8s.io/v1beta1': ended('1.22', 'apiregistration.k8s.io/v1', ['APIService']),
  'authentication.k8s.io/v1beta1': ended('1.22', 'authentication.k8s.io/v1', ['TokenReview']),
  'authorization.k8s.io/v1beta1': ended('1.22', 'authorization.k8s.io/v1', [
    'LocalSubjectAccessReview',
    'SelfSubjectAccessReview',
    'SubjectAccessReview',
    'SelfSubjectRulesReview',
  ]),
  'certificates.k8s.io/v1beta1': ended('1.22', 'certificates.k8s.io/v1', ['CertificateSigningRequest']),
  'coordination.k8s.io/v1beta1': ended('1.22', 'coordination.k8s.io/v1', ['Lease']),
  'networking.k8s.io/v1beta1': ended('1.22', 'networking.k8s.io/v1', ['Ingress', 'IngressClass']),
  'rbac.authorization.k8s.io/v1beta1': ended('1.22', 'rbac.authorization.k8s.io/v1', [
    'ClusterRole',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
  ]),
  'scheduling.k8s.io/v1beta1': ended('1.22', 'scheduling.k8s.io/v1', ['PriorityClass']),
  'storage.k8s.io/v1beta1': {
    ...ended('1.22', 'storage.k8s.io/v1', ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment']),
    ...ended('1.27', 'storage.k8s.io/v1', ['CSIStorageCapacity']),
  },
  'batch/v1beta1': ended('1.25', 'batch/v1', ['CronJob']),
  'discovery.k8s.io/v1beta1': ended('1.25', 'discovery.k8s.io/v1', ['EndpointSlice']),
  'events.k8s.io/v1beta1': ended('1.25', 'events.k8s.io/v1', ['Event']),
  'autoscaling/v2beta1': ended('1.25', 'autoscaling/v2', ['HorizontalPodAutoscaler']),
  'autoscaling/v2beta2': ended('1.26', 'autoscaling/v2', ['HorizontalPodAutoscaler']),
  'policy/v1beta1': {
    ...ended('1.25', 'policy/v1', ['PodDisruptionBudget']),
    ...ended('1.25', undefined, ['PodSecurityPolicy']),
  },
  'node.k8s.io/v1beta1': ended('1.25', 'node.k8s.io/v1', ['RuntimeClass']),
  'flowcontrol.apiserver.k8s.io/v1beta1': flowControl('1.26'),
  'flowcontrol.apiserver.k8s.io/v1beta2': flowControl('1.29'),
  'flowcontrol.apiserver.k8s.io/v1beta3': flowControl('1.32'),
};

export function formerVersion(apiVersion: string, kind: string): FormerVersion | undefined {
  return former[apiVersion]?.[kind];
}

/** Still served, but on their way out: what to use instead. */
const leavingKinds: Readonly<Record<string, string>> = {
  'v1/Endpoints': 'EndpointSlice',
  'v1/ComponentStatus': '/readyz',
};

export function leavingKind(apiVersion: string, kind: string): string | undefined {
  return leavingKinds[`${apiVersion}/${kind}`];
}

/** Fields that are still read but should not be written any more; with the field that took their place, if any. */
const leavingFields: Readonly<Record<string, { readonly instead?: string }>> = {
  'core/v1.PodSpec.serviceAccount': { instead: 'serviceAccountName' },
  'core/v1.Volume.gitRepo': {},
  'core/v1.ServiceSpec.loadBalancerIP': {},
  'meta/v1.ObjectMeta.selfLink': {},
};

export function leavingField(type: string, field: string): { readonly instead?: string } | undefined {
  return leavingFields[`${type}.${field}`];
}

function ended(
  endedIn: string,
  now: string | undefined,
  kinds: readonly string[],
): Record<string, FormerVersion> {
  const version: FormerVersion = now === undefined ? { endedIn } : { endedIn, now };
  return Object.fromEntries(kinds.map((kind) => [kind, version]));
}

function flowControl(endedIn: string): Record<string, FormerVersion> {
  return ended(endedIn, 'flowcontrol.apiserver.k8s.io/v1', ['FlowSchema', 'PriorityLevelConfiguration']);
}
