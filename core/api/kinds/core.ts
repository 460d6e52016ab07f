import { defaultPod } from '../defaults/pod.ts';
import type { Namespace, Secret } from '../generated/core-v1.ts';
import {
  configmaps,
  events,
  namespaces,
  nodes,
  pods,
  secrets,
  serviceaccounts,
} from '../generated/resources.ts';
import { dns1123LabelProblems } from '../../machinery/names.ts';
import type { Mutable } from '../object.ts';
import {
  validateNamespace,
  validateNode,
  validateNodeStatus,
  validateNodeUpdate,
} from '../validation/cluster.ts';
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateSecret,
  validateSecretUpdate,
} from '../validation/configuration.ts';
import { validateEvent } from '../validation/events.ts';
import { validatePod, validatePodUpdate } from '../validation/pod.ts';
import { podNameWarnings, podWarnings } from '../validation/pod-warnings.ts';
import { declareKind } from './declare.ts';

/** Every Namespace carries its name as a label, so that selectors can name one (KEP-2161). */
function defaultNamespace({ metadata }: Mutable<Namespace>): void {
  if (metadata.name === undefined) return;
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
}

function defaultSecret(secret: Mutable<Secret>): void {
  secret.type ??= 'Opaque';
}

export const namespaceKind = declareKind(namespaces, {
  nameProblems: dns1123LabelProblems,
  applyDefaults: defaultNamespace,
  validate: validateNamespace,
  selectableFields: { 'status.phase': (namespace) => namespace.status.phase ?? '' },
});

export const nodeKind = declareKind(nodes, {
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatus: validateNodeStatus,
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec.unschedulable ?? false) },
});

export const podKind = declareKind(pods, {
  generation: true,
  applyDefaults: defaultPod,
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  // Nobody changes Pods by hand often enough to be told at every change.
  warnings: (pod, old) =>
    old === undefined ? [...podNameWarnings(pod, "in the Pod's hostname"), ...podWarnings(pod)] : [],
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status.phase ?? '',
    'status.podIP': ({ status }) => status.podIP ?? '',
    'status.podIPs': ({ status }) => status.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': ({ status }) => status.nominatedNodeName ?? '',
  },
});

export const configMapKind = declareKind(configmaps, {
  validate: validateConfigMap,
  validateUpdate: validateConfigMapUpdate,
});

export const secretKind = declareKind(secrets, {
  applyDefaults: defaultSecret,
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
  selectableFields: { type: (secret) => secret.type ?? '' },
});

export const serviceAccountKind = declareKind(serviceaccounts);

export const eventKind = declareKind(events, {
  createOnUpdate: true,
  validate: validateEvent,
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent, source }) => reportingComponent || (source?.component ?? ''),
    source: ({ source, reportingComponent }) => source?.component ?? reportingComponent ?? '',
    type: ({ type }) => type ?? '',
  },
});
