import { X509Certificate } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { certificatesOf } from '../../machinery/pki/certificate-bundle.ts';

/** PEM; several certificates in one while authorities are being replaced. */
export interface TrustedAuthorities {
  /** Of who is a user by their certificate alone. */
  readonly clients: Buffer;
  /** Of proxies that say in headers who a user is; nobody may without. */
  readonly frontProxies?: Buffer | undefined;
}

export type Vouching = keyof TrustedAuthorities;

interface Authority {
  readonly vouches: Vouching;
  readonly certificate: X509Certificate;
  readonly forgotten: AbortController;
}

/**
 * Whose client certificates are believed, and for what. TLS takes all authorities alike, so a connection that it let
 * in is looked at here once more. Only what an authority signed itself counts: nobody passes its trust on.
 */
export class ClientTrust {
  #authorities: readonly Authority[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(authorities: TrustedAuthorities) {
    this.replace(authorities);
  }

  /** All of them, PEM: what TLS verifies with. */
  get bundle(): Buffer {
    return Buffer.from(this.#authorities.map(({ certificate }) => certificate.toString()).join(''));
  }

  /** Aborts when who signed a certificate is believed no longer; undefined where they are not believed for this. */
  signed(certificate: X509Certificate, vouching: Vouching): AbortSignal | undefined {
    return this.#authorities.find(
      ({ vouches, certificate: authority }) =>
        vouches === vouching && certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    )?.forgotten.signal;
  }

  /** Believes these from now on. Returns whether they are others. */
  replace({ clients, frontProxies }: TrustedAuthorities): boolean {
    const before = this.#authorities;
    const wanted = (vouches: Vouching, pem: Buffer | undefined) =>
      (pem === undefined ? [] : certificatesOf(pem)).map((certificate): Authority => {
        const known = before.find(
          (one) => one.vouches === vouches && one.certificate.raw.equals(certificate.raw),
        );
        return known ?? { vouches, certificate, forgotten: endless() };
      });
    const after = [...wanted('clients', clients), ...wanted('frontProxies', frontProxies)];
    if (after.length === before.length && after.every((one, i) => one === before[i])) return false;
    this.#authorities = after;
    for (const listener of this.#listeners) listener();
    for (const one of before) if (!after.includes(one)) one.forgotten.abort();
    return true;
  }

  /** For those that keep the bundle. */
  onReplaced(listener: () => void): void {
    this.#listeners.add(listener);
  }
}

/** Every stream that somebody has open listens: many listeners are no leak here. */
function endless(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
