import { createHash } from 'node:crypto';
import type { Lookup } from '../../admission/lookup.ts';
import { badRequest, conflict, forbidden, ifFound, invalid } from '../../api/errors.ts';
import type { TokenRequest } from '../../api/generated/authentication-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { nodes, pods, secrets, serviceaccounts } from '../../api/generated/resources.ts';
import type { KubernetesObject, ObjectName } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { invalidValue } from '../../api/validation/field-errors.ts';
import { FieldPath } from '../../api/validation/field-path.ts';
import type { Clock } from '../../machinery/clock.ts';
import { uuid } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import { parseTimestamp, timestamp } from '../../machinery/timestamp.ts';
import { lastWordsMs } from './credential-end.ts';
import type { BoundTo } from './identity.ts';
import type { AuthenticatedToken, TokenAuthenticator } from './token-authenticator.ts';
import { TokenSigner } from './jwt.ts';
import type { Claims, SigningKeys } from './jwt.ts';

export interface ServiceAccountTokensOptions {
  readonly keys: SigningKeys;
  readonly client: Pick<Lookup, 'get'>;
  readonly clock: Clock;
  readonly random: Random;
}

export const serviceAccountIssuer = 'https://kubernetes.default.svc.cluster.local';
export const issuerPaths = { configuration: '/.well-known/openid-configuration', keys: '/openid/v1/jwks' };

/** How long a token lasts where nobody says. */
export const defaultTokenSeconds = 3_600;
const shortestSeconds = 600;
/** Whoever asks for longer gets this, and is told when it ends. */
const longestSeconds = 24 * 3_600;
/** How long what was verified, and whether its objects live, is believed without another look. */
const believedMs = 2_000;
const mostBelieved = 2_000;
const clockSkewMs = 5_000;

export interface IssueOptions {
  /** Only for a Pod that runs there. */
  readonly node?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Bound {
  readonly name: string;
  readonly uid: string;
}

interface AccountClaims {
  readonly namespace: string;
  readonly serviceaccount: Bound;
  readonly pod?: Bound | undefined;
  readonly secret?: Bound | undefined;
  readonly node?: Bound | undefined;
}

/** Issues and verifies the tokens of ServiceAccounts (pkg/serviceaccount, pkg/registry/core/serviceaccount). */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokensOptions;
  #signer: TokenSigner;
  readonly #believed = new Map<string, { readonly found: AuthenticatedToken; readonly untilMs: number }>();

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
    this.#signer = new TokenSigner(options.keys);
  }

  /** Signs with other keys from now on; what only those signed that are no longer among them is believed no more. */
  useKeys(keys: SigningKeys): void {
    this.#signer = new TokenSigner(keys);
    this.#believed.clear();
  }

  /** A token of the account, for the audiences and the object the request names. */
  async issue(
    account: KubernetesObject,
    { metadata, spec }: TokenRequest,
    { node, signal }: IssueOptions = {},
  ): Promise<{ readonly token: string; readonly expirationTimestamp: string }> {
    const { clock, random } = this.#options;
    const { audiences = [], expirationSeconds = defaultTokenSeconds, boundObjectRef } = spec;
    checkLifetime(metadata.name ?? '', expirationSeconds);
    const { namespace = '', name = '', uid = '' } = account.metadata;
    const bound =
      boundObjectRef === undefined ? {} : await this.#bind(namespace, name, boundObjectRef, node, signal);
    const issuedAt = Math.floor(clock.now() / 1000);
    const expiresAt = issuedAt + Math.min(expirationSeconds, longestSeconds);
    const token = this.#signer.sign({
      aud: audiences.length === 0 ? [serviceAccountIssuer] : audiences,
      exp: expiresAt,
      iat: issuedAt,
      iss: serviceAccountIssuer,
      jti: uuid(random),
      'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...bound },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
    return { token, expirationTimestamp: timestamp(expiresAt * 1000) };
  }

  /**
   * Undefined for whatever is not a token of a living account, bound to something that lives, within its time, and
   * for one of the audiences; the API server's own where none is named.
   */
  async authenticate(
    token: string,
    audiences: readonly string[],
    signal?: AbortSignal,
  ): Promise<AuthenticatedToken | undefined> {
    const wanted = audiences.length === 0 ? [serviceAccountIssuer] : audiences;
    const found = await this.#identify(token, signal);
    if (found === undefined) return undefined;
    const common = found.audiences.filter((audience) => wanted.includes(audience));
    return common.length === 0 ? undefined : { ...found, audiences: common };
  }

  /** What relying parties read (OpenID Connect Discovery 1.0). */
  get configuration(): object {
    return {
      issuer: serviceAccountIssuer,
      jwks_uri: `${serviceAccountIssuer}${issuerPaths.keys}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: this.#signer.algorithms,
    };
  }

  get jwks(): object {
    return this.#signer.jwks();
  }

  async #identify(token: string, signal: AbortSignal | undefined): Promise<AuthenticatedToken | undefined> {
    const { clock } = this.#options;
    const key = createHash('sha256').update(token).digest('base64');
    const believed = this.#believed.get(key);
    const nowMs = clock.now();
    if (
      believed !== undefined &&
      clock.monotonicMs() < believed.untilMs &&
      nowMs < (believed.found.expiresAtMs ?? Infinity)
    )
      return believed.found;
    this.#believed.delete(key);
    const claims = this.#signer.verify(token);
    const found = claims === undefined ? undefined : await this.#living(claims, nowMs, signal);
    if (found === undefined) return undefined;
    if (this.#believed.size >= mostBelieved) {
      const oldest = this.#believed.keys().next();
      if (oldest.done !== true) this.#believed.delete(oldest.value);
    }
    this.#believed.set(key, { found, untilMs: clock.monotonicMs() + believedMs });
    return found;
  }

  async #living(
    claims: Claims,
    nowMs: number,
    signal: AbortSignal | undefined,
  ): Promise<AuthenticatedToken | undefined> {
    const { iss, sub, exp, nbf, jti, aud } = claims;
    const of = accountClaims(claims['kubernetes.io']);
    if (iss !== serviceAccountIssuer || of === undefined || !isStrings(aud)) return undefined;
    if (typeof exp !== 'number' || typeof nbf !== 'number') return undefined;
    if (nowMs >= exp * 1000 || nowMs + clockSkewMs < nbf * 1000) return undefined;
    const { namespace, serviceaccount, pod, secret, node } = of;
    const name = `system:serviceaccount:${namespace}:${serviceaccount.name}`;
    if (sub !== name) return undefined;
    const boundTo: readonly BoundTo[] = [
      { resource: serviceaccounts, namespace, ...serviceaccount },
      ...(pod === undefined ? [] : [{ resource: pods, namespace, ...pod }]),
      ...(secret === undefined ? [] : [{ resource: secrets, namespace, ...secret }]),
      // A Pod's token names its node, which may have gone: only one that is bound to a node ends with it.
      ...(node === undefined || pod !== undefined ? [] : [{ resource: nodes, ...node }]),
    ];
    const lives = await Promise.all(boundTo.map((bound) => this.#lives(bound, signal)));
    if (lives.includes(false)) return undefined;
    const extra = {
      ...(typeof jti === 'string' ? { 'authentication.kubernetes.io/credential-id': [`JTI=${jti}`] } : {}),
      ...named('pod', pod),
      ...named('node', node),
    };
    const user = {
      name,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra,
    };
    return { user, audiences: aud, expiresAtMs: exp * 1000, boundTo };
  }

  async #lives(
    { resource, namespace, name, uid }: BoundTo,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const where = namespace === undefined ? { name } : { namespace, name };
    const found = await this.#find(resource, where, signal);
    if (found === undefined || found.metadata.uid !== uid) return false;
    const leavesAtMs = parseTimestamp(found.metadata.deletionTimestamp);
    return leavesAtMs === undefined || this.#options.clock.now() < leavesAtMs + lastWordsMs;
  }

  async #bind(
    namespace: string,
    account: string,
    reference: NonNullable<TokenRequest['spec']['boundObjectRef']>,
    runningOn: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Partial<AccountClaims>> {
    const { kind = '', apiVersion = '', name = '', uid } = reference;
    const what = `${apiVersion}/${kind}`;
    const find = async <T extends KubernetesObject>(resource: Resource<T>, where: ObjectName) => {
      const found = await this.#options.client.get(resource, where, { signal });
      if (uid !== undefined && uid !== '' && uid !== found.metadata.uid)
        throw conflict(
          resource,
          name,
          `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
        );
      return found;
    };
    switch (what) {
      case 'v1/Pod': {
        const pod: Pod = await find(pods, { namespace, name });
        if (pod.spec.serviceAccountName !== account)
          throw badRequest(
            `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
          );
        const { nodeName } = pod.spec;
        if (runningOn !== undefined && nodeName !== runningOn)
          throw forbidden(pods, name, `node ${JSON.stringify(runningOn)} does not run it`);
        const node = nodeName === undefined ? undefined : await this.#find(nodes, { name: nodeName }, signal);
        return { pod: boundTo(pod), ...(node === undefined ? {} : { node: boundTo(node) }) };
      }
      case 'v1/Secret':
        return { secret: boundTo(await find(secrets, { namespace, name })) };
      case 'v1/Node':
        return { node: boundTo(await find(nodes, { name })) };
      default:
        throw badRequest(`cannot bind token to object of type ${what}`);
    }
  }

  #find<T extends KubernetesObject>(
    resource: Resource<T>,
    where: ObjectName,
    signal: AbortSignal | undefined,
  ): Promise<T | undefined> {
    return ifFound(this.#options.client.get(resource, where, { signal }));
  }
}

function checkLifetime(name: string, seconds: number): void {
  const path = FieldPath.root.child('spec').child('expirationSeconds');
  const refuse = (why: string) =>
    invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, [
      invalidValue(path, seconds, why),
    ]);
  if (seconds < shortestSeconds) throw refuse('may not specify a duration less than 10 minutes');
  if (seconds > 2 ** 32) throw refuse('may not specify a duration larger than 2^32 seconds');
}

function boundTo({ metadata: { name = '', uid = '' } }: KubernetesObject): Bound {
  return { name, uid };
}

function named(what: 'pod' | 'node', bound: Bound | undefined): Record<string, readonly string[]> {
  if (bound === undefined) return {};
  return {
    [`authentication.kubernetes.io/${what}-name`]: [bound.name],
    [`authentication.kubernetes.io/${what}-uid`]: [bound.uid],
  };
}

function accountClaims(value: unknown): AccountClaims | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { namespace, serviceaccount, pod, secret, node } = value as Record<string, unknown>;
  if (typeof namespace !== 'string' || !isBound(serviceaccount)) return undefined;
  // A binding that cannot be read is a binding all the same.
  for (const part of [pod, secret, node]) if (part !== undefined && !isBound(part)) return undefined;
  return {
    namespace,
    serviceaccount,
    ...(isBound(pod) ? { pod } : {}),
    ...(isBound(secret) ? { secret } : {}),
    ...(isBound(node) ? { node } : {}),
  };
}

function isBound(value: unknown): value is Bound {
  if (typeof value !== 'object' || value === null) return false;
  const { name, uid } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof uid === 'string';
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
