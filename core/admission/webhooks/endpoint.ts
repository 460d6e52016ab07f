import type { Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import type { WebhookClientConfig } from '../../api/generated/admissionregistration-v1.ts';
import { isNotFound } from '../../api/errors.ts';
import { endpointslices, services } from '../../api/generated/resources.ts';
import { randomBelow } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import type { Lookup } from '../lookup.ts';

/** Where a webhook is called. */
export interface WebhookEndpoint {
  /** As messages name it. */
  readonly url: URL;
  /** What to connect to, where that is not the URL's host. */
  readonly address?: { readonly host: string; readonly port: number };
  /** Authorities in PEM; the system's own without. */
  readonly ca: string | undefined;
}

export type ResolveEndpoint = (
  config: WebhookClientConfig,
  signal: AbortSignal | undefined,
) => Promise<WebhookEndpoint>;

/**
 * A URL as it is given, or one of a Service's ready endpoints: there is no proxy of Services between core and
 * Pods, so core goes to the Pod itself.
 */
export function endpointResolver(lookup: Lookup, random: Random): ResolveEndpoint {
  return async ({ url, service, caBundle }, signal) => {
    const ca =
      caBundle === undefined || caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString();
    if (service === undefined) return { url: new URL(url ?? ''), ca };
    const { namespace, name, path = '', port = 443 } = service;
    const target = new URL(`https://${name}.${namespace}.svc:${port}`);
    target.pathname = path;
    const found = await serviceOf(lookup, namespace, name, signal);
    const address = await addressOf(lookup, random, found, port, signal);
    return { url: target, address, ca };
  };
}

async function serviceOf(
  lookup: Lookup,
  namespace: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Service> {
  try {
    return await lookup.get(services, { namespace, name }, { signal });
  } catch (error) {
    if (isNotFound(error)) throw new Error(`service ${JSON.stringify(name)} not found`, { cause: error });
    throw error;
  }
}

async function addressOf(
  lookup: Lookup,
  random: Random,
  { metadata, spec }: Service,
  port: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly host: string; readonly port: number }> {
  const { name = '', namespace } = metadata;
  if (spec.type === 'ExternalName') return { host: spec.externalName ?? '', port };
  const served = spec.ports?.find((each) => each.port === port);
  if (served === undefined)
    throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const { items } = await lookup.list(endpointslices, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${name}`,
    signal,
  });
  const choices = items.flatMap((slice) => addressesOf(slice, served.name ?? ''));
  const chosen = choices[choices.length === 0 ? 0 : randomBelow(random, choices.length)];
  if (chosen === undefined) throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  return chosen;
}

function addressesOf({ ports = [], endpoints = [] }: EndpointSlice, portName: string) {
  const port = ports.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.map((host) => ({ host, port })));
}
