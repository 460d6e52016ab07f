import type { ConfigMap, Event, Namespace, Secret, ServiceAccount } from '../../api/generated/core-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { Description, localTime, sortedEntries } from './description.ts';

export function describeNamespace(namespace: Namespace, events: readonly Event[], nowMs: number): string[] {
  const { metadata, status } = namespace;
  const to = new Description()
    .field(0, 'Name', metadata.name)
    .labels('Labels', metadata.labels)
    .annotations(metadata.annotations)
    .field(0, 'Status', status.phase);
  const conditions = status.conditions ?? [];
  if (conditions.length > 0) {
    to.line(0, 'Conditions:')
      .line(1, 'Type\tStatus\tReason\tMessage')
      .line(1, '----\t------\t------\t-------');
  }
  for (const { type, status: value, reason, message } of conditions) {
    to.line(1, `${type}\t${value}\t${reason ?? ''}\t${message ?? ''}`);
  }
  return to.events(events, nowMs).toLines();
}

export function describeConfigMap(configMap: ConfigMap, events: readonly Event[], nowMs: number): string[] {
  const to = heading(configMap).line(0, '').line(0, 'Data').line(0, '====');
  for (const [key, value] of sortedEntries(configMap.data))
    to.line(0, `${key}:`).line(0, '----').line(0, value).line(0, '');
  to.line(0, '').line(0, 'BinaryData').line(0, '====');
  for (const [key, value] of sortedEntries(configMap.binaryData))
    to.line(0, `${key}: ${byteLength(value)} bytes`);
  return to.line(0, '').events(events, nowMs).toLines();
}

/** Sizes only: values never reach a screen. */
export function describeSecret(secret: Secret): string[] {
  const to = heading(secret)
    .line(0, '')
    .field(0, 'Type', secret.type)
    .line(0, '')
    .line(0, 'Data')
    .line(0, '====');
  for (const [key, value] of sortedEntries(secret.data)) to.field(0, key, `${byteLength(value)} bytes`);
  return to.toLines();
}

export function describeServiceAccount(
  account: ServiceAccount,
  events: readonly Event[],
  nowMs: number,
): string[] {
  const names = (references: readonly { readonly name?: string | undefined }[] | undefined) =>
    (references ?? []).map(({ name = '' }) => name);
  return heading(account)
    .multiline('Image pull secrets', names(account.imagePullSecrets))
    .multiline('Mountable secrets', names(account.secrets))
    .line(0, 'Tokens:\t<none>')
    .events(events, nowMs)
    .toLines();
}

function byteLength(base64: string): number {
  return Buffer.from(base64, 'base64').length;
}

function heading({ metadata }: KubernetesObject): Description {
  return new Description()
    .field(0, 'Name', metadata.name)
    .field(0, 'Namespace', metadata.namespace)
    .labels('Labels', metadata.labels)
    .annotations(metadata.annotations);
}

/** Any other kind: every field with its name spelt out, as kubectl does for kinds it does not know. */
export function describeAnything(
  object: KubernetesObject,
  events: readonly Event[],
  nowMs: number,
): string[] {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { managedFields: _managedFields, labels, annotations, name, namespace, ...more } = metadata;
  const to = new Description()
    .field(0, 'Name', name)
    .field(0, 'Namespace', namespace)
    .labels('Labels', labels)
    .annotations(annotations)
    .field(0, 'API Version', apiVersion)
    .field(0, 'Kind', kind)
    .line(0, 'Metadata:');
  const readable = { ...more, creationTimestamp: localTime(more.creationTimestamp) };
  writeMembers(to, readable, 1);
  writeMembers(to, rest, 0);
  return to.events(events, nowMs).toLines();
}

function writeMembers(to: Description, members: object, level: number): void {
  for (const [key, value] of Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const title = titleOf(key);
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) {
      to.line(level, `${title}:`);
      for (const item of value as unknown[]) {
        if (typeof item === 'object' && item !== null) writeMembers(to, item, level + 1);
        else to.line(level + 1, String(item));
      }
    } else if (typeof value === 'object') {
      to.line(level, `${title}:`);
      writeMembers(to, value, level + 1);
    } else to.field(level, title, String(value));
  }
}

/** "clusterIP" becomes "Cluster IP", as upstream's smartLabelFor. */
function titleOf(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
