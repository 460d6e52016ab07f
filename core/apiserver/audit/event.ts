import type { Status } from '../../api/generated/meta-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { microTimestamp } from '../../machinery/timestamp.ts';
import { isObject } from '../../machinery/json.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import type { AuditLevel, AuditStage } from './policy.ts';

/** An event of audit.k8s.io/v1 before it is JSON: bodies are read and encoded off the path of the request. */
export interface AuditEvent {
  readonly level: AuditLevel;
  readonly stage: AuditStage;
  readonly auditId: string;
  readonly attributes: RequestAttributes;
  readonly user: UserInfo | undefined;
  readonly impersonatedUser: UserInfo | undefined;
  readonly sourceIps: readonly string[];
  readonly userAgent: string | undefined;
  /** What the request did not say about its object. */
  readonly named: { readonly namespace?: string | undefined; readonly name?: string | undefined } | undefined;
  readonly responseStatus: Partial<Status> | undefined;
  readonly requestBody: AuditedBody | undefined;
  readonly responseBody: AuditedBody | undefined;
  readonly omitManagedFields: boolean;
  /** Wall-clock milliseconds. */
  readonly receivedMs: number;
  readonly stageMs: number;
  readonly annotations: ReadonlyMap<string, string>;
}

export interface AuditedBody {
  readonly sizeBytes: number;
  /** Undefined where it turns out to be no JSON. */
  readonly read: () => unknown;
}

/** An event that is larger goes without its bodies (upstream: audit/truncate, 100 KiB unless configured). */
export const maxEventBytes = 102_400;
const truncated = 'audit.k8s.io/truncated';
const maxUserAgentLength = 1024;
const maxUriLength = 8_192;
/** A little more than an event without bodies takes. */
const plainBytes = 1_500;

/** What an event holds on to until it is written. */
export function sizeOf({ requestBody, responseBody, attributes }: AuditEvent): number {
  const bodies = bytesOf(requestBody) + bytesOf(responseBody);
  return plainBytes + attributes.uri.length + Math.min(bodies, 2 * maxEventBytes);
}

function bytesOf(body: AuditedBody | undefined): number {
  return body === undefined ? 0 : body.sizeBytes;
}

/** What is too large to be written is not kept until then either. */
export function keptBody(sizeBytes: number, read: () => unknown): AuditedBody {
  return sizeBytes <= maxEventBytes ? { sizeBytes, read } : { sizeBytes, read: () => undefined };
}

/** One line of JSON with its newline. */
export function encodeEvent(event: AuditEvent): Buffer {
  const { requestBody, responseBody } = event;
  if (bytesOf(requestBody) + bytesOf(responseBody) <= maxEventBytes) {
    const whole = Buffer.from(`${JSON.stringify(eventObject(event, false))}\n`);
    if (whole.length <= maxEventBytes) return whole;
  }
  return Buffer.from(`${JSON.stringify(eventObject(event, true))}\n`);
}

function eventObject(event: AuditEvent, withoutBodies: boolean): object {
  const { attributes, user, impersonatedUser, responseStatus, omitManagedFields } = event;
  const annotations = Object.fromEntries(event.annotations);
  if (withoutBodies) annotations[truncated] = 'true';
  const body = (of: AuditedBody | undefined) =>
    withoutBodies || of === undefined ? undefined : shown(of.read(), omitManagedFields);
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: event.level,
    auditID: event.auditId,
    stage: event.stage,
    requestURI: shortened(attributes.uri, maxUriLength),
    verb: attributes.verb,
    user: user === undefined ? {} : userObject(user),
    ...(impersonatedUser === undefined ? {} : { impersonatedUser: userObject(impersonatedUser) }),
    ...(event.sourceIps.length === 0 ? {} : { sourceIPs: event.sourceIps }),
    ...(event.userAgent === undefined ? {} : { userAgent: shortened(event.userAgent, maxUserAgentLength) }),
    ...(attributes.resource === undefined ? {} : { objectRef: reference(event) }),
    ...(responseStatus === undefined ? {} : { responseStatus: { metadata: {}, ...responseStatus } }),
    requestObject: body(event.requestBody),
    responseObject: body(event.responseBody),
    requestReceivedTimestamp: microTimestamp(event.receivedMs),
    stageTimestamp: microTimestamp(event.stageMs),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

function userObject({ name, uid, groups, extra }: UserInfo): object {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  };
}

function reference({ attributes: { resource: of }, named }: AuditEvent): object {
  const namespace = of?.namespace ?? named?.namespace;
  const name = of?.name ?? named?.name;
  return {
    resource: of?.resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(of?.group === '' ? {} : { apiGroup: of?.group }),
    apiVersion: of?.version,
    ...(of?.subresource === undefined ? {} : { subresource: of.subresource }),
  };
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}...TRUNCATED`;
}

/** The value, or without what field managers own: of an object, or of each item of a list. */
function shown(value: unknown, omitManagedFields: boolean): unknown {
  if (!omitManagedFields || !isObject(value)) return value;
  const { metadata, items } = value;
  const plain =
    isObject(metadata) && 'managedFields' in metadata
      ? { ...value, metadata: { ...metadata, managedFields: undefined } }
      : value;
  return Array.isArray(items) ? { ...plain, items: items.map((item) => shown(item, true)) } : plain;
}
