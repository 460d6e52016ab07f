import type { Duplex } from 'node:stream';
import type { WebhookClientConfig } from '../../api/generated/admissionregistration-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';

/** A port of a Service, by its number. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/**
 * A connection to any of what a Service leads to. The signal is about the way there only. It counts for the user where
 * there is one, and for the server itself without.
 * @throws StatusError that names the Service, and what of it could not be reached through which node
 */
export type DialService = (service: ServicePort, signal: AbortSignal, user?: UserInfo) => Promise<Duplex>;

/** Where a webhook is called. */
export interface WebhookEndpoint {
  /** As messages and certificates name it. */
  readonly url: URL;
  /** What to dial, where that is not the URL's host. */
  readonly service?: ServicePort;
  /** Authorities in PEM; the system's own without. */
  readonly ca: string | undefined;
}

/** A URL as it is given, or a Service under the name that it has in the cluster. */
export function endpointOf({ url, service, caBundle }: WebhookClientConfig): WebhookEndpoint {
  const ca =
    caBundle === undefined || caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString();
  if (service === undefined) return { url: new URL(url ?? ''), ca };
  const { namespace, name, path = '', port = 443 } = service;
  const target = new URL(`https://${name}.${namespace}.svc:${port}`);
  target.pathname = path;
  return { url: target, service: { namespace, name, port }, ca };
}
