import { parseTimestamp } from '../machinery/timestamp.ts';
import type { Secret } from './generated/core-v1.ts';

/** Secrets that let a machine in before it has a certificate (cluster-bootstrap/token/api). */
export const bootstrapTokenType = 'bootstrap.kubernetes.io/token';
export const bootstrapTokenNamespace = 'kube-system';

const namePrefix = 'bootstrap-token-';
const format = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const everybody = 'system:bootstrappers';
/** RFC 3339. */
const dateTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const extraGroup = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** The id, which is no secret, and the secret of a token "abcdef.0123456789abcdef". */
export function parseBootstrapToken(
  token: string,
): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = format.exec(token) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Of the Secret in kube-system that a token with this id has. */
export function bootstrapSecretName(id: string): string {
  return `${namePrefix}${id}`;
}

export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
  /** Whether it lets somebody into the API. */
  readonly authenticates: boolean;
  /** Whether it vouches for what cluster-info says. */
  readonly signs: boolean;
  /** Undefined where one of them is no group for bootstrapping. */
  readonly groups: readonly string[] | undefined;
}

export function readBootstrapToken(secret: Secret): BootstrapToken {
  const extra = field(secret, 'auth-extra-groups')
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
  return {
    id: field(secret, 'token-id'),
    secret: field(secret, 'token-secret'),
    signs: field(secret, 'usage-bootstrap-signing') === 'true',
    authenticates: field(secret, 'usage-bootstrap-authentication') === 'true',
    groups: extra.every((group) => extraGroup.test(group))
      ? [...new Set([everybody, ...extra])].sort()
      : undefined,
  };
}

/** Milliseconds since the epoch; undefined: never. A time that cannot be read has passed. */
export function bootstrapTokenEndMs(secret: Secret): number | undefined {
  const expiration = field(secret, 'expiration');
  if (expiration === '') return undefined;
  return (dateTime.test(expiration) ? parseTimestamp(expiration) : undefined) ?? 0;
}

function field({ data }: Secret, key: string): string {
  return Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
}
