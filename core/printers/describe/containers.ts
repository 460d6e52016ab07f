import type {
  Container,
  ContainerState,
  ContainerStatus,
  EnvVar,
  Pod,
  Probe,
} from '../../api/generated/core-v1.ts';
import type { Description } from './description.ts';
import { localTime, sortedEntries } from './description.ts';

/** The section of a Pod's containers, or of a template's when there are no statuses. */
export function describeContainers(
  to: Description,
  title: string,
  containers: readonly Container[],
  statuses: readonly ContainerStatus[] | undefined,
  pod: Pod | undefined,
  level = 0,
): void {
  to.line(level, `${title}:`);
  for (const container of containers) {
    const status = statuses?.find(({ name }) => name === container.name);
    to.line(level + 1, `${container.name}:`);
    describeIdentity(to, container, status, level + 2);
    words(to, 'Command', container.command, level + 2);
    words(to, 'Args', container.args, level + 2);
    if (status !== undefined) describeState(to, status, level + 2);
    describeResources(to, container, level + 2);
    probe(to, 'Liveness', container.livenessProbe, level + 2);
    probe(to, 'Readiness', container.readinessProbe, level + 2);
    probe(to, 'Startup', container.startupProbe, level + 2);
    describeEnvironment(to, container, pod, level + 2);
    describeMounts(to, container, level + 2);
  }
}

function describeIdentity(
  to: Description,
  container: Container,
  status: ContainerStatus | undefined,
  level: number,
) {
  if (status !== undefined) to.field(level, 'Container ID', status.containerID);
  to.field(level, 'Image', container.image);
  if (status !== undefined) to.field(level, 'Image ID', status.imageID);
  const ports = container.ports ?? [];
  list(
    to,
    'Port',
    ports.map(({ containerPort, protocol = 'TCP' }) => `${containerPort}/${protocol}`),
    level,
  );
  list(
    to,
    'Host Port',
    ports.map(({ hostPort = 0, protocol = 'TCP' }) => `${hostPort}/${protocol}`),
    level,
  );
}

function list(to: Description, name: string, values: readonly string[], level: number): void {
  to.field(level, values.length > 1 ? `${name}s` : name, values.length === 0 ? '<none>' : values.join(', '));
}

function words(to: Description, title: string, values: readonly string[] | undefined, level: number): void {
  if (values === undefined || values.length === 0) return;
  to.line(level, `${title}:`);
  for (const value of values) to.line(level + 1, value);
}

function describeState(to: Description, status: ContainerStatus, level: number): void {
  state(to, 'State', status.state, level);
  if (status.lastState?.terminated !== undefined) state(to, 'Last State', status.lastState, level);
  to.field(level, 'Ready', status.ready ? 'True' : 'False');
  to.field(level, 'Restart Count', status.restartCount);
}

function state(to: Description, title: string, value: ContainerState | undefined, level: number): void {
  const { running, waiting, terminated } = value ?? {};
  if (running !== undefined) {
    to.field(level, title, 'Running').field(level + 1, 'Started', localTime(running.startedAt));
  } else if (terminated !== undefined) {
    to.field(level, title, 'Terminated')
      .optional(level + 1, 'Reason', terminated.reason)
      .optional(level + 1, 'Message', terminated.message)
      .field(level + 1, 'Exit Code', terminated.exitCode)
      .optional(level + 1, 'Signal', terminated.signal === 0 ? undefined : terminated.signal)
      .field(level + 1, 'Started', localTime(terminated.startedAt))
      .field(level + 1, 'Finished', localTime(terminated.finishedAt));
  } else {
    to.field(level, title, 'Waiting').optional(level + 1, 'Reason', waiting?.reason);
  }
}

function describeResources(to: Description, { resources }: Container, level: number): void {
  for (const [title, amounts] of [
    ['Limits', resources?.limits],
    ['Requests', resources?.requests],
  ] as const) {
    if (amounts === undefined || Object.keys(amounts).length === 0) continue;
    to.line(level, `${title}:`);
    for (const [name, amount] of sortedEntries(amounts)) to.field(level + 1, name, amount);
  }
}

function probe(to: Description, title: string, value: Probe | undefined, level: number): void {
  if (value !== undefined) to.field(level, title, probeText(value));
}

/** Upstream's one line: what is asked, and every number that governs it. */
function probeText(value: Probe): string {
  const {
    initialDelaySeconds = 0,
    timeoutSeconds = 1,
    periodSeconds = 10,
    successThreshold = 1,
    failureThreshold = 3,
  } = value;
  const numbers = `delay=${initialDelaySeconds}s timeout=${timeoutSeconds}s period=${periodSeconds}s #success=${successThreshold} #failure=${failureThreshold}`;
  if (value.exec !== undefined) return `exec [${(value.exec.command ?? []).join(' ')}] ${numbers}`;
  if (value.httpGet !== undefined) {
    const { scheme = 'HTTP', host = '', port, path = '' } = value.httpGet;
    return `http-get ${scheme.toLowerCase()}://${host}:${port}${path} ${numbers}`;
  }
  if (value.tcpSocket !== undefined)
    return `tcp-socket ${value.tcpSocket.host ?? ''}:${value.tcpSocket.port} ${numbers}`;
  if (value.grpc !== undefined) return `grpc <pod>:${value.grpc.port} ${value.grpc.service ?? ''} ${numbers}`;
  return `unknown ${numbers}`;
}

function describeEnvironment(
  to: Description,
  container: Container,
  pod: Pod | undefined,
  level: number,
): void {
  const sources = container.envFrom ?? [];
  if (sources.length > 0) {
    to.line(level, 'Environment Variables from:');
    for (const { configMapRef, secretRef, prefix } of sources) {
      const with_ = prefix ? ` with prefix '${prefix}'` : '';
      const [name, kind, optional] =
        configMapRef === undefined
          ? [secretRef?.name ?? '', 'Secret', secretRef?.optional ?? false]
          : [configMapRef.name ?? '', 'ConfigMap', configMapRef.optional ?? false];
      to.line(level + 1, `${name}\t${kind}${with_}\tOptional: ${optional}`);
    }
  }
  const variables = container.env ?? [];
  if (variables.length === 0) {
    to.line(level, 'Environment:\t<none>');
    return;
  }
  to.line(level, 'Environment:');
  for (const variable of variables) describeVariable(to, variable, container, pod, level + 1);
}

function describeVariable(
  to: Description,
  { name, value = '', valueFrom }: EnvVar,
  container: Container,
  pod: Pod | undefined,
  level: number,
): void {
  if (valueFrom?.fieldRef !== undefined) {
    const { apiVersion = 'v1', fieldPath } = valueFrom.fieldRef;
    to.line(level, `${name}:\t${fieldValue(pod, fieldPath)} (${apiVersion}:${fieldPath})`);
  } else if (valueFrom?.resourceFieldRef !== undefined) {
    const { resource } = valueFrom.resourceFieldRef;
    to.line(level, `${name}:\t${resourceValue(container, resource)} (${resource})`);
  } else if (valueFrom?.secretKeyRef !== undefined) {
    const { key, name: secret, optional = false } = valueFrom.secretKeyRef;
    to.line(level, `${name}:\t<set to the key '${key}' in secret '${secret}'>\tOptional: ${optional}`);
  } else if (valueFrom?.configMapKeyRef !== undefined) {
    const { key, name: map, optional = false } = valueFrom.configMapKeyRef;
    to.line(level, `${name}:\t<set to the key '${key}' of config map '${map}'>\tOptional: ${optional}`);
  } else {
    const [first = '', ...rest] = value.split('\n');
    to.line(level, `${name}:\t${first}`);
    for (const part of rest) to.line(level, `\t${part}`);
  }
}

/** kubectl resolves what the object's own metadata and spec say; status fields stay empty. */
function fieldValue(pod: Pod | undefined, path: string): string {
  if (pod === undefined) return '';
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const known: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
  };
  return known[path] ?? '';
}

function resourceValue({ resources }: Container, path: string): string {
  const [kind, ...name] = path.split('.');
  const amounts = kind === 'limits' ? resources?.limits : resources?.requests;
  return amounts?.[name.join('.')] ?? (kind === 'limits' ? 'node allocatable' : '0');
}

function describeMounts(to: Description, { volumeMounts = [] }: Container, level: number): void {
  const mounts = (volumeMounts ?? []).toSorted((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  if (mounts.length === 0) {
    to.line(level, 'Mounts:\t<none>');
    return;
  }
  to.line(level, 'Mounts:');
  for (const { mountPath, name, readOnly, subPath } of mounts) {
    const sub = subPath ? `,path="${subPath}"` : '';
    to.line(level + 1, `${mountPath} from ${name} (${readOnly === true ? 'ro' : 'rw'}${sub})`);
  }
}
