import { setMaxListeners } from 'node:events';
import type { AuthenticatedToken, TokenAuthenticator } from '../token-authenticator.ts';
import type { Issuer } from './issuer.ts';
import { OidcTokens } from './oidc-tokens.ts';
import type { OidcTokensOptions } from './oidc-tokens.ts';

interface Believed {
  readonly identity: string;
  readonly tokens: OidcTokens;
  readonly revoked: AbortController;
}

/** The tokens of all issuers that are believed, which may be others from one moment to the next. */
export class IssuedTokens implements TokenAuthenticator {
  readonly #options: OidcTokensOptions;
  #believed: readonly Believed[] = [];

  constructor(options: OidcTokensOptions) {
    this.#options = options;
  }

  /** Believes these from now on. What was begun by the tokens of another one ends. */
  use(issuers: readonly Issuer[]): void {
    const before = this.#believed;
    this.#believed = issuers.map(
      (issuer) => before.find(({ identity }) => identity === issuer.identity) ?? this.#begin(issuer),
    );
    for (const one of before) if (!this.#believed.includes(one)) one.revoked.abort();
  }

  async authenticate(token: string, audiences: readonly string[]): Promise<AuthenticatedToken | undefined> {
    for (const { tokens, revoked } of this.#believed) {
      const found = await tokens.authenticate(token, audiences);
      // It may have been asked for its keys meanwhile.
      if (found !== undefined)
        return revoked.signal.aborted ? undefined : { ...found, revoked: revoked.signal };
    }
    return undefined;
  }

  #begin(issuer: Issuer): Believed {
    const revoked = new AbortController();
    // Every stream that somebody has open listens: many listeners are no leak here.
    setMaxListeners(0, revoked.signal);
    return { identity: issuer.identity, tokens: new OidcTokens(issuer, this.#options), revoked };
  }
}
