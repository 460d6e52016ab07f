import { Scheme } from '../scheme.ts';
import {
  controllerRevisionKind,
  daemonSetKind,
  deploymentKind,
  replicaSetKind,
  statefulSetKind,
} from './apps.ts';
import { cronJobKind, jobKind } from './batch.ts';
import { leaseKind } from './coordination.ts';
import {
  configMapKind,
  eventKind,
  namespaceKind,
  nodeKind,
  podKind,
  secretKind,
  serviceAccountKind,
} from './core.ts';
import { eventsEventKind } from './events.ts';
import { nodeMetricsKind, podMetricsKind } from './metrics.ts';
import { endpointsKind, endpointSliceKind, ingressClassKind, ingressKind } from './networking.ts';
import { clusterRoleBindingKind, clusterRoleKind, roleBindingKind, roleKind } from './rbac.ts';
import { priorityClassKind } from './scheduling.ts';
import {
  mutatingPolicyBindingKind,
  mutatingPolicyKind,
  mutatingWebhookKind,
  validatingPolicyBindingKind,
  validatingPolicyKind,
  validatingWebhookKind,
} from './admission-policies.ts';
import { autoscalerKind, autoscalerV1Kind } from './autoscaling.ts';
import { certificateSigningRequestKind } from './certificates.ts';
import { apiServiceKind, customResourceDefinitionKind } from './extension.ts';
import { flowSchemaKind, priorityLevelKind } from './flow-control.ts';
import {
  limitRangeKind,
  networkPolicyKind,
  podDisruptionBudgetKind,
  resourceQuotaKind,
  runtimeClassKind,
} from './policies.ts';
import {
  bindingKind,
  componentStatusKind,
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
  tokenReviewKind,
} from './reviews.ts';
import { ipAddressKind, serviceCidrKind, serviceKind } from './services.ts';
import {
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  persistentVolumeClaimKind,
  persistentVolumeKind,
  storageClassKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
} from './storage.ts';
import { podTemplateKind, replicationControllerKind } from './templates.ts';

/**
 * A scheme with every kind that this server serves. To add a kind, declare it and name it here.
 *
 * What is missing is missing on purpose: a kind is declared when the API does with it what it promises. Services
 * need addresses given out, quotas and limits need their admission, network policies and webhooks must be enforced
 * before anybody relies on them, budgets must be counted, and custom resources served.
 */
export function createScheme(): Scheme {
  return new Scheme().declare(
    bindingKind,
    componentStatusKind,
    configMapKind,
    endpointsKind,
    eventKind,
    limitRangeKind,
    namespaceKind,
    nodeKind,
    persistentVolumeClaimKind,
    persistentVolumeKind,
    podKind,
    podTemplateKind,
    replicationControllerKind,
    resourceQuotaKind,
    secretKind,
    serviceAccountKind,
    serviceKind,
    apiServiceKind,
    customResourceDefinitionKind,
    mutatingPolicyBindingKind,
    mutatingPolicyKind,
    mutatingWebhookKind,
    validatingPolicyBindingKind,
    validatingPolicyKind,
    validatingWebhookKind,
    autoscalerKind,
    autoscalerV1Kind,
    certificateSigningRequestKind,
    flowSchemaKind,
    priorityLevelKind,
    podDisruptionBudgetKind,
    runtimeClassKind,
    selfSubjectReviewKind,
    tokenReviewKind,
    localSubjectAccessReviewKind,
    selfSubjectAccessReviewKind,
    selfSubjectRulesReviewKind,
    subjectAccessReviewKind,
    controllerRevisionKind,
    daemonSetKind,
    deploymentKind,
    replicaSetKind,
    statefulSetKind,
    cronJobKind,
    jobKind,
    ingressClassKind,
    ingressKind,
    ipAddressKind,
    networkPolicyKind,
    serviceCidrKind,
    endpointSliceKind,
    eventsEventKind,
    leaseKind,
    clusterRoleBindingKind,
    clusterRoleKind,
    roleBindingKind,
    roleKind,
    csiDriverKind,
    csiNodeKind,
    csiStorageCapacityKind,
    storageClassKind,
    volumeAttachmentKind,
    volumeAttributesClassKind,
    priorityClassKind,
    nodeMetricsKind,
    podMetricsKind,
  );
}
