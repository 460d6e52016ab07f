import type { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import type { Clock } from '../../machinery/clock.ts';
import type { ClientTrust } from './client-trust.ts';
import { unauthorized } from './identity.ts';
import type { Identity } from './identity.ts';
import { RequestHeaders, standardRequestHeaders } from './request-headers.ts';
import type { HeaderLine } from './request-headers.ts';

const authenticated = 'system:authenticated';

/**
 * Who a client certificate stands for: its common name is the user, its organisations are the groups (upstream:
 * authentication/request/x509). The caller has seen to it that the client CA signed it. Throws Unauthorized when it
 * names nobody, or has ended.
 */
function identityOf(certificate: Pick<PeerCertificate, 'subject' | 'valid_to'>, nowMs: number): Identity {
  const { CN: name, O: organisations } = certificate.subject as {
    CN?: string | string[];
    O?: string | string[];
  };
  const expiresAtMs = Date.parse(certificate.valid_to);
  if (typeof name !== 'string' || name === '' || !(expiresAtMs > nowMs)) throw unauthorized();
  const groups = organisations === undefined ? [] : [organisations].flat();
  const user = { name, groups: groups.includes(authenticated) ? groups : [...groups, authenticated] };
  return { user, expiresAtMs };
}

export interface ClientCertificatesOptions {
  readonly trust: ClientTrust;
  readonly clock: Clock;
  /** What proxies name users by; the standard headers unless given. */
  readonly headers?: RequestHeaders | undefined;
  /** The common names of proxies; any of the trusted authorities' certificates unless one is named. */
  readonly proxyNames: readonly string[];
}

/** What a certificate is good for. */
interface Vouched {
  readonly user: Identity | undefined;
  /** Of one that may say who a user is: aborts when it may no longer. */
  readonly proxy: AbortSignal | undefined;
  readonly expiresAtMs: number;
}

/**
 * Says who is on a connection that TLS let in by its certificate: its user, or, where it is a proxy's, whomever its
 * headers name (upstream: kubeapiserver/authenticator/config.go, which asks in the same order).
 */
export class ClientCertificates {
  readonly headers: RequestHeaders;
  readonly #options: ClientCertificatesOptions;
  #known = new WeakMap<X509Certificate, Vouched>();

  constructor(options: ClientCertificatesOptions) {
    this.#options = options;
    this.headers = options.headers ?? new RequestHeaders(standardRequestHeaders);
    options.trust.onReplaced(() => (this.#known = new WeakMap()));
  }

  /**
   * Reads a certificate once, so hand in the same object for the same connection. Undefined for a proxy that names
   * nobody, and for what some other authority of proxies' signed: neither says who somebody is. Throws Unauthorized
   * where the certificate has ended or its authority is believed no longer.
   */
  identify(certificate: X509Certificate, lines: () => readonly HeaderLine[]): Identity | undefined {
    const { user, proxy, expiresAtMs } = this.#vouched(certificate);
    if (expiresAtMs <= this.#options.clock.now()) throw unauthorized();
    const named = proxy === undefined ? undefined : this.headers.userOf(lines());
    return named === undefined ? user : { user: named, expiresAtMs, revoked: proxy };
  }

  #vouched(certificate: X509Certificate): Vouched {
    const known = this.#known.get(certificate);
    if (known !== undefined) return known;
    const { trust, proxyNames, clock } = this.#options;
    const [asClient, asProxy] = [
      trust.signed(certificate, 'clients'),
      trust.signed(certificate, 'frontProxies'),
    ];
    const shown = certificate.toLegacyObject();
    const { CN: name } = shown.subject as { CN?: string | string[] };
    const isNamed = proxyNames.length === 0 || (typeof name === 'string' && proxyNames.includes(name));
    if (asClient === undefined && asProxy === undefined) throw unauthorized();
    const vouched: Vouched = {
      user: asClient === undefined ? undefined : { ...identityOf(shown, clock.now()), revoked: asClient },
      proxy: isNamed ? asProxy : undefined,
      expiresAtMs: Date.parse(shown.valid_to),
    };
    this.#known.set(certificate, vouched);
    return vouched;
  }
}
