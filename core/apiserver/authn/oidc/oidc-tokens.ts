import type { UserInfo } from '../../../api/verbs.ts';
import type { Clock } from '../../../machinery/clock.ts';
import { isSignedBy, parseJws } from '../jws.ts';
import type { Claims, Jws } from '../jws.ts';
import type { AuthenticatedToken, TokenAuthenticator } from '../token-authenticator.ts';
import type { Issuer } from './issuer.ts';
import { RemoteKeys } from './remote-keys.ts';

export interface OidcTokensOptions {
  readonly clock: Clock;
  /** What a token for the API server is shown to in reviews. */
  readonly audience: string;
  /** Told why the issuer's keys cannot be had, and what expressions of its rules come to. */
  readonly onError: (error: unknown) => void;
}

/** Clocks differ; for the beginning of a token's time only. */
const leewayMs = 5 * 60 * 1000;
/** What the rules make of tokens is told no more often than this: whoever sends them may send many. */
const tellAfterMs = 10_000;
const authenticated = 'system:authenticated';

/** The tokens of one issuer (OpenID Connect Core 1.0; apiserver/plugin/pkg/authenticator/token/oidc). */
export class OidcTokens implements TokenAuthenticator {
  readonly #issuer: Issuer;
  readonly #options: OidcTokensOptions;
  readonly #keys: RemoteKeys;
  #toldMs = -Infinity;

  constructor(issuer: Issuer, options: OidcTokensOptions) {
    this.#issuer = issuer;
    this.#options = options;
    this.#keys = new RemoteKeys({ ...issuer, ...options });
  }

  async authenticate(token: string, audiences: readonly string[]): Promise<AuthenticatedToken | undefined> {
    const { audience, clock } = this.#options;
    if (audiences.length > 0 && !audiences.includes(audience)) return undefined;
    const jws = parseJws(token);
    // Nobody makes us ask the issuer about tokens that are not its own.
    if (jws === undefined || jws.claims['iss'] !== this.#issuer.url) return undefined;
    const { exp, nbf, aud } = jws.claims;
    const nowMs = clock.now();
    if (typeof exp !== 'number' || nowMs >= exp * 1000) return undefined;
    if (nbf !== undefined && (typeof nbf !== 'number' || nowMs + leewayMs < nbf * 1000)) return undefined;
    const shown = [aud].flat();
    if (!this.#issuer.audiences.some((wanted) => shown.includes(wanted))) return undefined;
    if (!(await this.#isGenuine(jws))) return undefined;
    const user = this.#userOf(jws.claims);
    return user === undefined ? undefined : { user, audiences: [audience], expiresAtMs: exp * 1000 };
  }

  async #isGenuine(jws: Jws): Promise<boolean> {
    const algorithm = this.#issuer.signingAlgorithms.find((one) => one === jws.algorithm);
    if (algorithm === undefined) return false;
    const { keyId } = jws;
    if (keyId !== undefined && typeof keyId !== 'string') return false;
    const candidates = await this.#keys.candidates(keyId);
    return candidates.some(
      (candidate) =>
        (candidate.algorithm === undefined || candidate.algorithm === algorithm) &&
        isSignedBy(jws, candidate.key, algorithm),
    );
  }

  #userOf(claims: Claims): UserInfo | undefined {
    try {
      const user = this.#issuer.userOf(claims);
      return user && { ...user, groups: [...new Set([...user.groups, authenticated])] };
    } catch (error) {
      const { clock, onError } = this.#options;
      if (clock.monotonicMs() - this.#toldMs >= tellAfterMs) {
        this.#toldMs = clock.monotonicMs();
        onError(error);
      }
      return undefined;
    }
  }
}
