import { isNotFound, StatusError } from '../../core/api/errors.ts';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { serviceaccounts } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { parseTimestamp } from '../../core/machinery/timestamp.ts';

export interface ServiceAccountTokensOptions {
  readonly client: Pick<Client, 'createSubresource'>;
  readonly clock: Clock;
  /** A token of the Pod is due for a new one: its volumes want another look. */
  readonly onDue: (podUid: string) => void;
}

interface Issued {
  readonly token: string;
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
  readonly cancelTimer: () => void;
}

const callDeadlineMs = 10_000;
/** A token is renewed when this share of its life is over, or after a day (upstream: pkg/kubelet/token). */
const renewShare = 0.8;
const longestUseMs = 24 * 3_600_000;
/** How long to believe that a server issues no tokens. */
const unservedMs = 30_000;

/** Tokens of the Pods' ServiceAccounts: asked for once, kept in memory, renewed in time. */
export class ServiceAccountTokens {
  readonly #options: ServiceAccountTokensOptions;
  readonly #issued = new Map<string, Issued>();
  #unservedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
  }

  /** Undefined where the server issues none. A token that still holds serves while the server is away. */
  async tokenFor(
    pod: Pod,
    audience: string | undefined,
    expirationSeconds: number,
  ): Promise<string | undefined> {
    const { clock } = this.#options;
    const account = pod.spec.serviceAccountName || 'default';
    const key = `${pod.metadata.uid}/${account}/${audience ?? ''}/${expirationSeconds}`;
    const known = this.#issued.get(key);
    if (known !== undefined && clock.now() < known.renewAtMs) return known.token;
    if (known === undefined && clock.monotonicMs() < this.#unservedUntilMs) return undefined;
    try {
      return await this.#request(key, pod, account, audience, expirationSeconds);
    } catch (error) {
      if (isUnserved(error, account)) {
        this.#unservedUntilMs = clock.monotonicMs() + unservedMs;
        return undefined;
      }
      if (known !== undefined && clock.now() < known.expiresAtMs) return known.token;
      throw error;
    }
  }

  /** The Pod is gone. */
  forget(podUid: string): void {
    for (const [key, { cancelTimer }] of this.#issued) {
      if (!key.startsWith(`${podUid}/`)) continue;
      cancelTimer();
      this.#issued.delete(key);
    }
  }

  async #request(
    key: string,
    pod: Pod,
    account: string,
    audience: string | undefined,
    expirationSeconds: number,
  ): Promise<string | undefined> {
    const { client, clock } = this.#options;
    const { namespace, name = '', uid = '' } = pod.metadata;
    const reply = await client.createSubresource(
      serviceaccounts,
      { namespace, name: account },
      'token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { name: account, namespace },
        spec: {
          audiences: audience === undefined || audience === '' ? [] : [audience],
          expirationSeconds,
          boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
        },
        status: undefined as { readonly token?: string; readonly expirationTimestamp?: string } | undefined,
      },
      { signal: AbortSignal.timeout(callDeadlineMs) },
    );
    const token = reply.status?.token;
    if (token === undefined) return undefined;
    const nowMs = clock.now();
    const expiresAtMs = parseTimestamp(reply.status?.expirationTimestamp) ?? nowMs + expirationSeconds * 1000;
    const inUseMs = Math.min(longestUseMs, (expiresAtMs - nowMs) * renewShare);
    this.#issued.get(key)?.cancelTimer();
    const cancelTimer = clock.after(inUseMs, () => this.#options.onDue(uid));
    this.#issued.set(key, { token, expiresAtMs, renewAtMs: nowMs + inUseMs, cancelTimer });
    return token;
  }
}

/** The server knows the account, or has none to look up: what it does not know is the subresource. */
function isUnserved(error: unknown, account: string): boolean {
  if (!(error instanceof StatusError)) return false;
  if (error.reason === 'MethodNotAllowed') return true;
  return isNotFound(error) && error.status.details?.name !== account;
}
