import type { UserInfo } from '../../../api/verbs.ts';
import type { Clock } from '../../../machinery/clock.ts';
import { isSignedBy, parseJws, signatureAlgorithms } from '../jws.ts';
import type { Claims, Jws, SignatureAlgorithm } from '../jws.ts';
import type { AuthenticatedToken, TokenAuthenticator } from '../token-authenticator.ts';
import { RemoteKeys } from './remote-keys.ts';

/** Upstream's flags --oidc-*. */
export interface OidcOptions {
  /** https; as it stands in the tokens. */
  readonly issuerUrl: string;
  /** The audience that tokens must be for. */
  readonly clientId: string;
  /** "sub" unless given. */
  readonly usernameClaim?: string | undefined;
  /** The issuer and "#" unless given, or for the claim "email"; "-" for none. */
  readonly usernamePrefix?: string | undefined;
  /** Nobody is in a group without. */
  readonly groupsClaim?: string | undefined;
  readonly groupsPrefix?: string | undefined;
  /** What a token must say besides. */
  readonly requiredClaims?: Readonly<Record<string, string>> | undefined;
  /** RS256 unless given. */
  readonly signingAlgorithms?: readonly SignatureAlgorithm[] | undefined;
  /** PEM; the system's authorities unless given. */
  readonly ca?: Buffer | undefined;
}

export interface OidcTokensOptions extends OidcOptions {
  readonly clock: Clock;
  /** What a token for the API server is shown to in reviews. */
  readonly audience: string;
  /** Told why the issuer's keys cannot be had. */
  readonly onError: (error: unknown) => void;
}

/** Clocks differ; for the beginning of a token's time only. */
const leewayMs = 5 * 60 * 1000;

/** The tokens of an issuer outside the cluster (OpenID Connect Core 1.0; apiserver/plugin/pkg/authenticator/token/oidc). */
export class OidcTokens implements TokenAuthenticator {
  readonly #options: OidcTokensOptions;
  readonly #algorithms: readonly SignatureAlgorithm[];
  readonly #keys: RemoteKeys;

  constructor(options: OidcTokensOptions) {
    checkOidcOptions(options);
    this.#options = options;
    this.#algorithms = options.signingAlgorithms ?? ['RS256'];
    const { issuerUrl: issuer, ca, clock, onError } = options;
    this.#keys = new RemoteKeys({ issuer, ca, clock, onError });
  }

  async authenticate(token: string, audiences: readonly string[]): Promise<AuthenticatedToken | undefined> {
    const { audience, issuerUrl, clientId, clock } = this.#options;
    if (audiences.length > 0 && !audiences.includes(audience)) return undefined;
    const jws = parseJws(token);
    // Nobody makes us ask the issuer about tokens that are not its own.
    if (jws === undefined || jws.claims['iss'] !== issuerUrl) return undefined;
    const { exp, nbf, aud } = jws.claims;
    const nowMs = clock.now();
    if (typeof exp !== 'number' || nowMs >= exp * 1000) return undefined;
    if (nbf !== undefined && (typeof nbf !== 'number' || nowMs + leewayMs < nbf * 1000)) return undefined;
    if (![aud].flat().includes(clientId)) return undefined;
    if (!(await this.#isGenuine(jws))) return undefined;
    const user = this.#userOf(jws.claims);
    return user === undefined ? undefined : { user, audiences: [audience], expiresAtMs: exp * 1000 };
  }

  async #isGenuine(jws: Jws): Promise<boolean> {
    const algorithm = this.#algorithms.find((one) => one === jws.algorithm);
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
    const { requiredClaims = {}, usernameClaim = 'sub', groupsClaim, groupsPrefix = '' } = this.#options;
    for (const [claim, value] of Object.entries(requiredClaims))
      if (own(claims, claim) !== value) return undefined;
    const name = own(claims, usernameClaim);
    if (typeof name !== 'string' || name === '') return undefined;
    // An address that nobody has checked may be anybody's.
    const verified = own(claims, 'email_verified');
    if (usernameClaim === 'email' && verified !== undefined && verified !== true) return undefined;
    const groups = groupsClaim === undefined ? [] : stringsOf(own(claims, groupsClaim));
    if (groups === undefined) return undefined;
    return {
      name: `${this.#usernamePrefix()}${name}`,
      groups: [...new Set([...groups.map((group) => `${groupsPrefix}${group}`), 'system:authenticated'])],
    };
  }

  #usernamePrefix(): string {
    const { usernamePrefix, usernameClaim, issuerUrl } = this.#options;
    if (usernamePrefix !== undefined) return usernamePrefix === '-' ? '' : usernamePrefix;
    return usernameClaim === 'email' ? '' : `${issuerUrl}#`;
  }
}

/** Throws where the options cannot be meant. */
export function checkOidcOptions({ issuerUrl, clientId, signingAlgorithms = [] }: OidcOptions): void {
  const url = URL.canParse(issuerUrl) ? new URL(issuerUrl) : undefined;
  if (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new Error(`--oidc-issuer-url=${issuerUrl}: it must be an https URL without a query`);
  if (clientId === '') throw new Error('--oidc-client-id is required with --oidc-issuer-url');
  for (const algorithm of signingAlgorithms)
    if (!signatureAlgorithms.includes(algorithm))
      throw new Error(
        `--oidc-signing-algs=${algorithm}: it must be one of ${signatureAlgorithms.join(', ')}`,
      );
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** One group as a text, or several as a list; undefined for anything else. */
function stringsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  const values = [value].flat();
  return values.every((item) => typeof item === 'string') ? values : undefined;
}
