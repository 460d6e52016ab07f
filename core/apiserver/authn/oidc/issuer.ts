import type { UserInfo } from '../../../api/verbs.ts';
import type { Claims, SignatureAlgorithm } from '../jws.ts';

/** Somebody outside the cluster who says who people are: whose tokens are believed, and what they make of a user. */
export interface Issuer {
  /** https; as it stands in the tokens. */
  readonly url: string;
  /** Where it says of its keys, in place of the path below `url` that OpenID Connect Discovery names. */
  readonly discoveryUrl?: string | undefined;
  /** A token must be for one of them. */
  readonly audiences: readonly string[];
  readonly signingAlgorithms: readonly SignatureAlgorithm[];
  /** PEM; the system's authorities unless given. */
  readonly ca?: Buffer | undefined;
  /** Two that say the same are the same issuer: what is known of its keys stays, and so does what it let in. */
  readonly identity: string;
  /**
   * Who a genuine token stands for, before it is in any group of its own accord; undefined where it lets nobody in.
   * Throws where the expressions that say so come to an error.
   */
  readonly userOf: (claims: Claims) => UserInfo | undefined;
}

/** Their own, not what every object of JavaScript has. */
export function claimOf(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** A name by a claim; undefined where that is none, or an address that nobody has checked and that may be anybody's. */
export function nameByClaim(claims: Claims, claim: string): string | undefined {
  const name = claimOf(claims, claim);
  if (typeof name !== 'string' || name === '') return undefined;
  const verified = claimOf(claims, 'email_verified');
  return claim === 'email' && verified !== undefined && verified !== true ? undefined : name;
}

/** Groups by a claim: one as a text, or several as a list; undefined for anything else. */
export function groupsByClaim(claims: Claims, claim: string, prefix: string): readonly string[] | undefined {
  const value = claimOf(claims, claim);
  if (value === undefined || value === null) return [];
  const values = [value].flat();
  return values.every((item) => typeof item === 'string')
    ? values.map((group) => `${prefix}${group}`)
    : undefined;
}
