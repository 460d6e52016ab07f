import { describe, expect, test } from 'vitest';
import { createScheme } from '../api/kinds/scheme.ts';
import { printerFor } from './printers.ts';

/**
 * The columns of upstream's tables (pkg/printers/internalversion/printers.go, kube-aggregator's
 * apiservice/etcd/etcd.go): a word after a name says its type, where that is not "string", its format, or that it is
 * wide.
 */
const upstream = `
v1/ComponentStatus: Name name | Status | Message | Error
v1/ConfigMap: Name name | Data | Age
v1/Endpoints: Name name | Endpoints | Age
v1/Event: Last Seen | Type | Reason | Object | Subobject wide | Source wide | Message | First Seen wide | Count wide | Name name wide
v1/Namespace: Name name | Status | Age
v1/Node: Name name | Status | Roles | Age | Version | Internal-IP wide | External-IP wide | OS-Image wide | Kernel-Version wide | Container-Runtime wide
v1/PersistentVolume: Name name | Capacity | Access Modes | Reclaim Policy | Status | Claim | StorageClass | VolumeAttributesClass | Reason | Age | VolumeMode wide
v1/PersistentVolumeClaim: Name name | Status | Volume | Capacity | Access Modes | StorageClass | VolumeAttributesClass | Age | VolumeMode wide
v1/Pod: Name name | Ready | Status | Restarts | Age | IP wide | Node wide | Nominated Node wide | Readiness Gates wide
v1/PodTemplate: Name name | Containers | Images | Pod Labels
v1/ReplicationController: Name name | Desired integer | Current integer | Ready integer | Age | Containers wide | Images wide | Selector wide
v1/ResourceQuota: Name name | Request | Limit | Age
v1/Secret: Name name | Type | Data | Age
v1/Service: Name name | Type | Cluster-IP | External-IP | Port(s) | Age | Selector wide
v1/ServiceAccount: Name name | Secrets | Age
apps/v1/ControllerRevision: Name name | Controller | Revision | Age
apps/v1/DaemonSet: Name name | Desired integer | Current integer | Ready integer | Up-to-date integer | Available integer | Node Selector | Age | Containers wide | Images wide | Selector wide
apps/v1/Deployment: Name name | Ready | Up-to-date | Available | Age | Containers wide | Images wide | Selector wide
apps/v1/ReplicaSet: Name name | Desired integer | Current integer | Ready integer | Age | Containers wide | Images wide | Selector wide
apps/v1/StatefulSet: Name name | Ready | Age | Containers wide | Images wide
batch/v1/CronJob: Name name | Schedule | Timezone | Suspend boolean | Active integer | Last Schedule | Age | Containers wide | Images wide | Selector wide
batch/v1/Job: Name name | Status | Completions | Duration | Age | Containers wide | Images wide | Selector wide
autoscaling/v1/HorizontalPodAutoscaler: Name name | Reference | Targets | MinPods | MaxPods | Replicas | Age
autoscaling/v2/HorizontalPodAutoscaler: Name name | Reference | Targets | MinPods | MaxPods | Replicas | Age
autoscaling/v1/Scale: Name | Desired integer | Available integer | Age
policy/v1/PodDisruptionBudget: Name name | Min Available | Max Unavailable | Allowed Disruptions integer | Age
networking.k8s.io/v1/Ingress: Name name | Class | Hosts | Address | Ports | Age
networking.k8s.io/v1/IngressClass: Name name | Controller | Parameters | Age
networking.k8s.io/v1/NetworkPolicy: Name name | Pod-Selector | Age
networking.k8s.io/v1/ServiceCIDR: Name name | CIDRs | Age
discovery.k8s.io/v1/EndpointSlice: Name name | AddressType | Ports | Endpoints | Age
events.k8s.io/v1/Event: Last Seen | Type | Reason | Object | Subobject wide | Source wide | Message | First Seen wide | Count wide | Name name wide
coordination.k8s.io/v1/Lease: Name name | Holder | Age
rbac.authorization.k8s.io/v1/ClusterRoleBinding: Name name | Role | Age | Users wide | Groups wide | ServiceAccounts wide
rbac.authorization.k8s.io/v1/RoleBinding: Name name | Role | Age | Users wide | Groups wide | ServiceAccounts wide
storage.k8s.io/v1/CSIDriver: Name name | AttachRequired boolean | PodInfoOnMount boolean | StorageCapacity boolean | TokenRequests | RequiresRepublish boolean | Modes | Age
storage.k8s.io/v1/CSINode: Name name | Drivers integer | Age
storage.k8s.io/v1/CSIStorageCapacity: Name name | StorageClassName | Capacity
storage.k8s.io/v1/StorageClass: Name name | Provisioner | ReclaimPolicy | VolumeBindingMode | AllowVolumeExpansion | Age
storage.k8s.io/v1/VolumeAttachment: Name name | Attacher name | PV | Node | Attached boolean | Age
storage.k8s.io/v1/VolumeAttributesClass: Name name | DriverName | Age
scheduling.k8s.io/v1/PriorityClass: Name name | Value integer | Global-Default boolean | Age | PreemptionPolicy
node.k8s.io/v1/RuntimeClass: Name name | Handler | Age
certificates.k8s.io/v1/CertificateSigningRequest: Name name | Age | SignerName | Requestor | RequestedDuration | Condition
admissionregistration.k8s.io/v1/MutatingAdmissionPolicy: Name name | Mutations integer | ParamKind | Age
admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding: Name name | PolicyName | ParamRef | Age
admissionregistration.k8s.io/v1/MutatingWebhookConfiguration: Name name | Webhooks integer | Age
admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy: Name name | Validations integer | ParamKind | Age
admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding: Name name | PolicyName | ParamRef | Age
admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration: Name name | Webhooks integer | Age
flowcontrol.apiserver.k8s.io/v1/FlowSchema: Name name | PriorityLevel | MatchingPrecedence | DistinguisherMethod | Age | MissingPL
flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration: Name name | Type | NominalConcurrencyShares | Queues | HandSize | QueueLengthLimit | Age
apiregistration.k8s.io/v1/APIService: Name name | Service | Available | Age
`;

/** Kinds without a printer upstream, and those that are only answers (rest.NewDefaultTableConvertor). */
const plain = 'Name name | Created At date';
const plainKinds = [
  'v1/LimitRange',
  'v1/Binding',
  'rbac.authorization.k8s.io/v1/ClusterRole',
  'rbac.authorization.k8s.io/v1/Role',
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'authentication.k8s.io/v1/SelfSubjectReview',
  'authentication.k8s.io/v1/TokenReview',
  'authorization.k8s.io/v1/LocalSubjectAccessReview',
  'authorization.k8s.io/v1/SelfSubjectAccessReview',
  'authorization.k8s.io/v1/SelfSubjectRulesReview',
  'authorization.k8s.io/v1/SubjectAccessReview',
  // Of another server upstream, whose columns are what it happens to measure.
  'metrics.k8s.io/v1beta1/NodeMetrics',
  'metrics.k8s.io/v1beta1/PodMetrics',
];

/** Upstream's rows of these have an age that its columns do not name; kubectl would show it under no heading. */
const mended = ['networking.k8s.io/v1/IPAddress: Name name | ParentRef | Age'];

const expected = new Map<string, string>([
  ...[...upstream.trim().split('\n'), ...mended].map((line): [string, string] => {
    const [kind = '', columns = ''] = line.split(': ', 2);
    return [kind, columns];
  }),
  ...plainKinds.map((kind): [string, string] => [kind, plain]),
]);

function columnsOf(name: string): string {
  const [kind = '', version = '', group = ''] = name.split('/').reverse();
  return printerFor(group, version, kind)
    .columns.map(({ name: title, type, format, priority }) =>
      [title, ...(type === 'string' ? [] : [type]), format, priority === 1 ? 'wide' : '']
        .filter((word) => word !== '')
        .join(' '),
    )
    .join(' | ');
}

describe('the columns of', () => {
  test.for([...expected])('%s are those of upstream', ([kind, columns]) => {
    expect(columnsOf(kind)).toBe(columns);
  });

  test('every kind that is served are stated here', () => {
    const served = createScheme()
      .all()
      .map(({ group, version, kind }) => [...(group === '' ? [] : [group]), version, kind].join('/'));
    expect(served.filter((kind) => !expected.has(kind))).toEqual([]);
    // A Scale is served under other kinds' names.
    expect([...expected.keys()].filter((kind) => !served.includes(kind))).toEqual(['autoscaling/v1/Scale']);
  });
});
