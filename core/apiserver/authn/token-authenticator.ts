import type { Identity } from './identity.ts';

/** Who a token stands for, and to whom it may be shown. */
export interface AuthenticatedToken extends Identity {
  readonly audiences: readonly string[];
}

/** Knows the bearer tokens of one kind. */
export interface TokenAuthenticator {
  /**
   * Undefined for whatever is not a valid token of this kind, or not meant for one of the audiences; for the API
   * server itself where none is named. Rejects only where it cannot tell.
   */
  authenticate(
    token: string,
    audiences: readonly string[],
    signal?: AbortSignal,
  ): Promise<AuthenticatedToken | undefined>;
}

/** The first that knows a token says whose it is. */
export function anyOf(authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    async authenticate(token, audiences, signal) {
      for (const authenticator of authenticators) {
        const found = await authenticator.authenticate(token, audiences, signal);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}
