import type { CustomColumn } from '../api/scheme.ts';
import { customPrinter } from './custom.ts';
import type { TablePrinter } from './table.ts';
import * as cluster from './tables/cluster.ts';
import * as core from './tables/core.ts';
import * as workloads from './tables/workloads.ts';

/** The table of every kind that has columns of its own, by group and kind. */
const printers: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  '': {
    ComponentStatus: cluster.componentStatusTable,
    ConfigMap: core.configMapTable,
    Endpoints: core.endpointsTable,
    Event: core.eventTable,
    Namespace: core.namespaceTable,
    Node: core.nodeTable,
    PersistentVolume: core.persistentVolumeTable,
    PersistentVolumeClaim: core.persistentVolumeClaimTable,
    Pod: core.podTable,
    PodTemplate: core.podTemplateTable,
    ReplicationController: core.replicationControllerTable,
    ResourceQuota: core.resourceQuotaTable,
    Secret: core.secretTable,
    Service: core.serviceTable,
    ServiceAccount: core.serviceAccountTable,
  },
  apps: {
    ControllerRevision: workloads.controllerRevisionTable,
    DaemonSet: workloads.daemonSetTable,
    Deployment: workloads.deploymentTable,
    ReplicaSet: workloads.replicaSetTable,
    StatefulSet: workloads.statefulSetTable,
  },
  batch: { CronJob: workloads.cronJobTable, Job: workloads.jobTable },
  autoscaling: {
    HorizontalPodAutoscaler: workloads.horizontalPodAutoscalerTable,
    Scale: workloads.scaleTable,
  },
  policy: { PodDisruptionBudget: workloads.podDisruptionBudgetTable },
  'networking.k8s.io': {
    IPAddress: cluster.ipAddressTable,
    Ingress: cluster.ingressTable,
    IngressClass: cluster.ingressClassTable,
    NetworkPolicy: cluster.networkPolicyTable,
    ServiceCIDR: cluster.serviceCidrTable,
  },
  'discovery.k8s.io': { EndpointSlice: cluster.endpointSliceTable },
  'coordination.k8s.io': { Lease: cluster.leaseTable },
  'rbac.authorization.k8s.io': {
    ClusterRole: cluster.roleTable,
    ClusterRoleBinding: cluster.clusterRoleBindingTable,
    Role: cluster.roleTable,
    RoleBinding: cluster.roleBindingTable,
  },
  'storage.k8s.io': {
    CSIDriver: cluster.csiDriverTable,
    CSINode: cluster.csiNodeTable,
    CSIStorageCapacity: cluster.csiStorageCapacityTable,
    StorageClass: cluster.storageClassTable,
    VolumeAttachment: cluster.volumeAttachmentTable,
    VolumeAttributesClass: cluster.volumeAttributesClassTable,
  },
  'scheduling.k8s.io': { PriorityClass: cluster.priorityClassTable },
  'node.k8s.io': { RuntimeClass: cluster.runtimeClassTable },
  'certificates.k8s.io': { CertificateSigningRequest: cluster.certificateSigningRequestTable },
  'admissionregistration.k8s.io': {
    MutatingAdmissionPolicy: cluster.mutatingAdmissionPolicyTable,
    MutatingAdmissionPolicyBinding: cluster.mutatingAdmissionPolicyBindingTable,
    MutatingWebhookConfiguration: cluster.mutatingWebhookConfigurationTable,
    ValidatingAdmissionPolicy: cluster.validatingAdmissionPolicyTable,
    ValidatingAdmissionPolicyBinding: cluster.validatingAdmissionPolicyBindingTable,
    ValidatingWebhookConfiguration: cluster.validatingWebhookConfigurationTable,
  },
  'flowcontrol.apiserver.k8s.io': {
    FlowSchema: cluster.flowSchemaTable,
    PriorityLevelConfiguration: cluster.priorityLevelConfigurationTable,
  },
  'apiregistration.k8s.io': { APIService: cluster.apiServiceTable },
};

/** Kinds whose table depends on the version of the API. */
const printersOfVersion: Readonly<Record<string, unknown>> = {
  'autoscaling/v1/HorizontalPodAutoscaler': workloads.horizontalPodAutoscalerV1Table,
  'events.k8s.io/v1/Event': core.eventTable,
};

/** How objects of a kind are printed; kinds without columns of their own get their name and creation time. */
export function printerFor(group: string, version: string, kind: string): TablePrinter {
  const found =
    printersOfVersion[`${group}/${version}/${kind}`] ?? printers[group]?.[kind] ?? cluster.plainTable;
  return found as TablePrinter;
}

/** How objects of a kind that a server told of are printed: custom ones by the columns of their definition. */
export function printerOf({
  group,
  version,
  kind,
  printerColumns,
}: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly printerColumns?: readonly CustomColumn[] | undefined;
}): TablePrinter {
  return printerColumns === undefined ? printerFor(group, version, kind) : customPrinter(printerColumns);
}
