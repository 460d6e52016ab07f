import type { UserInfo } from '../../core/api/generated/authentication-v1.ts';
import type { RestApi } from './rest.ts';

export interface Identified {
  readonly code: number;
  /** Why nobody was let in. */
  readonly reason: string | undefined;
  readonly user: UserInfo | undefined;
}

/** Whom the server takes the bearer of a token for, over REST and without a certificate. */
export async function whoIs(rest: RestApi, token: string): Promise<Identified> {
  const answer = await rest.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    body: '{}',
    as: null,
    headers: { authorization: `Bearer ${token}` },
  });
  const { status, reason } = answer.json() as unknown as {
    readonly status: { readonly userInfo?: UserInfo };
    readonly reason?: string;
  };
  return { code: answer.code, reason, user: status.userInfo };
}
