import { ClientCertificates } from '../apiserver/authn/client-certificate.ts';
import { ClientTrust } from '../apiserver/authn/client-trust.ts';
import type { TrustedAuthorities } from '../apiserver/authn/client-trust.ts';
import type { PublishedTrust } from '../apiserver/authn/published-trust.ts';
import { RequestHeaders, standardRequestHeaders } from '../apiserver/authn/request-headers.ts';
import type { Clock } from '../machinery/clock.ts';
import { certificatesOf } from '../machinery/pki/certificate-bundle.ts';
import type { Pki } from './pki.ts';
import { ownProxyName } from './request-header-options.ts';
import type { RequestHeaderOptions } from './request-header-options.ts';

/** Whose certificates core believes, for what, and what it tells others of it. */
export interface ClientIdentity {
  readonly trust: ClientTrust;
  readonly certificates: ClientCertificates;
  readonly published: () => PublishedTrust;
  /** Whom core believes, or what it tells of it, is something else from now on. */
  readonly onChange: (listener: () => void) => void;
}

const ownProxies: RequestHeaderOptions = {
  authorities: undefined,
  proxyNames: [ownProxyName],
  headers: standardRequestHeaders,
};

export function clientIdentity(
  pki: Pick<Pki, 'clientCa' | 'frontProxyCa'>,
  { authorities, proxyNames, headers }: RequestHeaderOptions = ownProxies,
  clock: Clock,
): ClientIdentity {
  const trusted = (): TrustedAuthorities => ({
    clients: pki.clientCa.bundle,
    frontProxies: authorities ?? pki.frontProxyCa.bundle,
  });
  if (authorities !== undefined) refuseShared(authorities, pki.clientCa.bundle);
  const trust = new ClientTrust(trusted());
  const listeners = new Set<() => void>();
  for (const authority of [pki.clientCa, pki.frontProxyCa])
    authority.onReplaced(() => {
      trust.replace(trusted());
      for (const listener of listeners) listener();
    });
  return {
    trust,
    certificates: new ClientCertificates({ trust, clock, headers: new RequestHeaders(headers), proxyNames }),
    // Users' servers are asked by core itself as well, which shows what the cluster's own authority signed.
    published: () => ({
      clients: pki.clientCa.bundle.toString(),
      frontProxies: [pki.frontProxyCa.bundle, ...(authorities === undefined ? [] : [authorities])].join(''),
      proxyNames: proxyNames.length === 0 ? [] : [...new Set([ownProxyName, ...proxyNames])],
      headers,
    }),
    onChange: (listener) => {
      listeners.add(listener);
    },
  };
}

/** Every client could say it is somebody else. */
function refuseShared(proxies: Buffer, clients: Buffer): void {
  const shared = certificatesOf(proxies).find((one) =>
    certificatesOf(clients).some((other) => other.raw.equals(one.raw)),
  );
  if (shared !== undefined)
    throw new Error(
      `--requestheader-client-ca-file: ${JSON.stringify(shared.subject)} is the authority of the cluster's clients; proxies need one of their own`,
    );
}
