import type {
  Container,
  EphemeralContainer,
  Pod,
  PodSpec,
  Probe,
  ResourceRequirements,
  Volume,
} from '../generated/core-v1.ts';
import type { Mutable } from '../object.ts';
import { setDefault } from './set-default.ts';

/** Upstream's defaults of Pods and Pod templates (pkg/apis/core/v1/defaults.go). */
export function defaultPod(pod: Mutable<Pod>): void {
  const { spec } = pod;
  // A Pod that limits a resource asks for it too; of templates this is not said, so that they stay as written.
  for (const container of allContainers(spec)) requestLimits(container.resources);
  if (spec.resources !== undefined) requestLimits(spec.resources);
  setDefault(spec, 'enableServiceLinks', true);
  if (spec.hostNetwork === true) defaultHostPorts(spec);
  defaultPodSpec(spec);
}

export function defaultPodSpec(spec: Mutable<PodSpec>): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'securityContext', {});
  setDefault(spec, 'schedulerName', 'default-scheduler');
  defaultServiceAccountName(spec);
  for (const container of allContainers(spec)) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

type AnyContainer = Mutable<Container> | Mutable<EphemeralContainer>;

function allContainers(spec: Mutable<PodSpec>): AnyContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

/** The old name of the field is kept in step for clients that know only it. */
function defaultServiceAccountName(spec: Mutable<PodSpec>): void {
  const name = spec.serviceAccountName ?? spec.serviceAccount;
  if (name === undefined) return;
  // Of a write to the status this is the stored spec, which everybody shares.
  if (spec.serviceAccountName !== name) spec.serviceAccountName = name;
  if (spec.serviceAccount !== name) spec.serviceAccount = name;
}

function defaultContainer(container: AnyContainer): void {
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  if (container.image !== undefined)
    setDefault(container, 'imagePullPolicy', pullsAlways(container.image) ? 'Always' : 'IfNotPresent');
  for (const port of container.ports ?? []) setDefault(port, 'protocol', 'TCP');
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) setDefault(valueFrom.fieldRef, 'apiVersion', 'v1');
    if (valueFrom?.resourceFieldRef !== undefined) setDefault(valueFrom.resourceFieldRef, 'divisor', '0');
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    if (probe !== undefined) defaultProbe(probe);
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop])
    if (handler?.httpGet !== undefined) defaultHttpGet(handler.httpGet);
}

function defaultProbe(probe: Mutable<Probe>): void {
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
  if (probe.httpGet !== undefined) defaultHttpGet(probe.httpGet);
  if (probe.grpc !== undefined) setDefault(probe.grpc, 'service', '');
}

function defaultHttpGet(get: { path?: string | undefined; scheme?: string | undefined }): void {
  get.path ??= '/';
  get.scheme ??= 'HTTP';
}

/** An image without a tag means "latest", and what is latest changes. */
function pullsAlways(image: string): boolean {
  if (image.includes('@')) return false;
  const name = image.slice(image.lastIndexOf('/') + 1);
  const colon = name.lastIndexOf(':');
  return colon < 0 || name.slice(colon + 1) === 'latest';
}

function requestLimits(resources: Mutable<ResourceRequirements> | undefined): void {
  if (resources?.limits === undefined) return;
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, limit] of Object.entries(resources.limits)) requests[name] ??= limit;
  resources.requests = requests;
}

function defaultHostPorts(spec: Mutable<PodSpec>): void {
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
    for (const port of container.ports ?? []) port.hostPort ??= port.containerPort;
}

/** Modes are plain numbers in JSON: 0644 is 420. */
const fileMode = 0o644;

function defaultVolume(volume: Mutable<Volume>): void {
  if (Object.keys(volume).length === 1) volume.emptyDir = {};
  const { secret, configMap, downwardAPI, projected, hostPath, iscsi, ephemeral } = volume;
  if (secret !== undefined) setDefault(secret, 'defaultMode', fileMode);
  if (configMap !== undefined) setDefault(configMap, 'defaultMode', fileMode);
  if (downwardAPI !== undefined) {
    setDefault(downwardAPI, 'defaultMode', fileMode);
    for (const item of downwardAPI.items ?? [])
      if (item.fieldRef !== undefined) setDefault(item.fieldRef, 'apiVersion', 'v1');
  }
  if (projected !== undefined) {
    setDefault(projected, 'defaultMode', fileMode);
    for (const source of projected.sources ?? []) {
      if (source.serviceAccountToken !== undefined)
        setDefault(source.serviceAccountToken, 'expirationSeconds', 3600);
      for (const item of source.downwardAPI?.items ?? [])
        if (item.fieldRef !== undefined) setDefault(item.fieldRef, 'apiVersion', 'v1');
    }
  }
  if (hostPath !== undefined) setDefault(hostPath, 'type', '');
  if (iscsi !== undefined) setDefault(iscsi, 'iscsiInterface', 'default');
  if (ephemeral?.volumeClaimTemplate !== undefined)
    setDefault(ephemeral.volumeClaimTemplate.spec, 'volumeMode', 'Filesystem');
}
