import { createHash, timingSafeEqual } from 'node:crypto';
import type { Lookup } from '../../admission/lookup.ts';
import {
  bootstrapSecretName,
  bootstrapTokenEndMs,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  parseBootstrapToken,
  readBootstrapToken,
} from '../../api/bootstrap-token.ts';
import { ifFound } from '../../api/errors.ts';
import type { Secret } from '../../api/generated/core-v1.ts';
import { secrets } from '../../api/generated/resources.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { AuthenticatedToken, TokenAuthenticator } from './token-authenticator.ts';

export interface BootstrapTokensOptions {
  readonly client: Pick<Lookup, 'get'>;
  readonly clock: Clock;
  /** What a token for the API server is shown to; the only one these are for. */
  readonly audience: string;
}

/** Tokens that Secrets in kube-system describe (plugin/pkg/auth/authenticator/token/bootstrap). */
export class BootstrapTokens implements TokenAuthenticator {
  readonly #options: BootstrapTokensOptions;

  constructor(options: BootstrapTokensOptions) {
    this.#options = options;
  }

  async authenticate(
    token: string,
    audiences: readonly string[],
    signal?: AbortSignal,
  ): Promise<AuthenticatedToken | undefined> {
    const { audience, clock } = this.#options;
    const shown = parseBootstrapToken(token);
    if (shown === undefined || (audiences.length > 0 && !audiences.includes(audience))) return undefined;
    const secret = await this.#find(bootstrapSecretName(shown.id), signal);
    if (secret?.type !== bootstrapTokenType || secret.metadata.deletionTimestamp !== undefined)
      return undefined;
    const known = readBootstrapToken(secret);
    const expiresAtMs = bootstrapTokenEndMs(secret);
    if (!sameText(known.secret, shown.secret) || known.id !== shown.id) return undefined;
    if (!known.authenticates || known.groups === undefined) return undefined;
    if (expiresAtMs !== undefined && clock.now() >= expiresAtMs) return undefined;
    const user = {
      name: `system:bootstrap:${known.id}`,
      groups: [...known.groups, 'system:authenticated'],
    };
    const { name = '', uid = '' } = secret.metadata;
    const boundTo = [{ resource: secrets, namespace: bootstrapTokenNamespace, name, uid }];
    return { user, audiences: [audience], expiresAtMs, boundTo };
  }

  #find(name: string, signal: AbortSignal | undefined): Promise<Secret | undefined> {
    const where = { namespace: bootstrapTokenNamespace, name };
    return ifFound(this.#options.client.get(secrets, where, { signal }));
  }
}

/** Takes as long for what is nearly right as for what is wrong altogether. */
function sameText(one: string, other: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
