import type { UserInfo } from '../../../api/verbs.ts';
import { signatureAlgorithms } from '../jws.ts';
import type { Claims, SignatureAlgorithm } from '../jws.ts';
import { claimOf, groupsByClaim, nameByClaim } from './issuer.ts';
import type { Issuer } from './issuer.ts';

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

/** The one issuer that flags name. Throws where they cannot be meant. */
export function issuerOfFlags(options: OidcOptions): Issuer {
  checkOidcOptions(options);
  const { issuerUrl: url, clientId, signingAlgorithms = ['RS256'], ca } = options;
  return {
    url,
    audiences: [clientId],
    signingAlgorithms,
    ca,
    identity: `flags ${url}`,
    userOf: (claims) => userOf(claims, options),
  };
}

function userOf(claims: Claims, options: OidcOptions): UserInfo | undefined {
  const { requiredClaims = {}, usernameClaim = 'sub', groupsClaim, groupsPrefix = '' } = options;
  for (const [claim, value] of Object.entries(requiredClaims))
    if (claimOf(claims, claim) !== value) return undefined;
  const name = nameByClaim(claims, usernameClaim);
  const groups = groupsClaim === undefined ? [] : groupsByClaim(claims, groupsClaim, groupsPrefix);
  if (name === undefined || groups === undefined) return undefined;
  return { name: `${prefixOf(options)}${name}`, groups };
}

function prefixOf({ usernamePrefix, usernameClaim, issuerUrl }: OidcOptions): string {
  if (usernamePrefix !== undefined) return usernamePrefix === '-' ? '' : usernamePrefix;
  return usernameClaim === 'email' ? '' : `${issuerUrl}#`;
}

function checkOidcOptions({ issuerUrl, clientId, signingAlgorithms = [] }: OidcOptions): void {
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
