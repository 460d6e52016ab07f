import { StatusError } from '../../api/errors.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { UserInfo } from '../../api/verbs.ts';

/** Who calls, and when what they showed for it ends. */
export interface Identity {
  readonly user: UserInfo;
  /** Wall-clock milliseconds; undefined for what does not end. */
  readonly expiresAtMs: number | undefined;
  /** What it ends with besides, such as the Pod of a token. */
  readonly boundTo?: readonly BoundTo[] | undefined;
  /** Aborts when who vouched for it is believed no longer. */
  readonly revoked?: AbortSignal | undefined;
}

export interface BoundTo {
  readonly resource: Resource<KubernetesObject>;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid: string;
}

/** Whoever shows nothing at all. */
export const anonymous: Identity = {
  user: { name: 'system:anonymous', groups: ['system:unauthenticated'] },
  expiresAtMs: undefined,
};

/** What may be asked without showing anything (upstream's role system:public-info-viewer). */
export const publicPaths: ReadonlySet<string> = new Set([
  '/healthz',
  '/livez',
  '/readyz',
  '/version',
  '/version/',
]);

/** The same words for whatever is wrong: nothing is told to whoever tries. */
export function unauthorized(): StatusError {
  return new StatusError('Unauthorized', 'Unauthorized');
}

/** The token of an Authorization header (RFC 6750); undefined where the header is of another kind. */
export function bearerToken(header: string | undefined): string | undefined {
  const found = /^bearer +([^ ]+) *$/i.exec(header ?? '');
  return found?.[1];
}
