import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { Clock } from '../../../machinery/clock.ts';
import { httpsRequest } from '../../../machinery/https-request.ts';

export interface RemoteKey {
  readonly keyId: string | undefined;
  /** The only one it signs with, where its issuer says so. */
  readonly algorithm: string | undefined;
  readonly key: KeyObject;
}

export interface RemoteKeysOptions {
  /** Of the issuer: https, without a slash at the end unless it belongs to the name. */
  readonly url: string;
  /** Where it says of its keys, where that is not below its own name. */
  readonly discoveryUrl?: string | undefined;
  /** PEM; the system's authorities unless given. */
  readonly ca?: Buffer | undefined;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const answerWithinMs = 10_000;
const largestAnswerBytes = 1024 * 1024;
const mostKeys = 100;
/** Keys are asked for again after this, so that one which its issuer has withdrawn is believed no longer. */
const freshMs = 3_600_000;
/** Whoever sends made-up tokens, or an issuer that does not answer, makes us ask no more often than this. */
const againAfterMs = 10_000;

/** The keys that an issuer signs with, as it publishes them (OpenID Connect Discovery 1.0, RFC 7517). */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions;
  #keys: readonly RemoteKey[] = [];
  #fetchedAtMs = -Infinity;
  #triedAtMs = -Infinity;
  #fetching: Promise<void> | undefined;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
  }

  /** Those that may have signed a token: the one it names, or all where it names none. Asks the issuer where none is known. */
  async candidates(keyId: string | undefined): Promise<readonly RemoteKey[]> {
    const known = this.#find(keyId);
    // Whoever is known does not wait for an issuer that may not answer.
    if (this.#age(this.#fetchedAtMs) >= freshMs) void this.#refresh();
    if (known.length > 0) return known;
    await this.#refresh();
    return this.#find(keyId);
  }

  #find(keyId: string | undefined): readonly RemoteKey[] {
    return keyId === undefined ? this.#keys : this.#keys.filter((key) => key.keyId === keyId);
  }

  #age(atMs: number): number {
    return this.#options.clock.monotonicMs() - atMs;
  }

  /** Never rejects: where the issuer cannot be asked, what it said last stands. All who wait share one question. */
  #refresh(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (this.#age(this.#triedAtMs) < againAfterMs) return Promise.resolve();
    this.#fetching = this.#fetch()
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => {
        this.#triedAtMs = this.#options.clock.monotonicMs();
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { url: issuer, discoveryUrl, clock } = this.#options;
    const deadline = new AbortController();
    const cancel = clock.after(answerWithinMs, () =>
      deadline.abort(new Error(`it took over ${answerWithinMs} ms`)),
    );
    try {
      const about = await this.#get(
        new URL(discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
        deadline.signal,
      );
      if (about['issuer'] !== issuer)
        throw new Error(
          `Cannot use the keys of ${JSON.stringify(issuer)}: it calls itself ${JSON.stringify(about['issuer'])}`,
        );
      const { keys } = await this.#get(new URL(String(about['jwks_uri'])), deadline.signal);
      if (!Array.isArray(keys))
        throw new Error(`Cannot use the keys of ${JSON.stringify(issuer)}: there are none`);
      this.#keys = keys.slice(0, mostKeys).flatMap(readKey);
      this.#fetchedAtMs = clock.monotonicMs();
    } finally {
      cancel();
    }
  }

  async #get(url: URL, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const { status, body } = await httpsRequest({
      url,
      ca: this.#options.ca,
      maxBytes: largestAnswerBytes,
      signal,
    });
    if (status !== 200) throw new Error(`Cannot GET ${JSON.stringify(url.href)}: the answer is ${status}`);
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  }
}

/** Keys of other kinds, or for other ends, stand beside those that sign. */
function readKey(value: unknown): readonly RemoteKey[] {
  if (typeof value !== 'object' || value === null) return [];
  const { kid, alg, use, kty } = value as Readonly<Record<string, unknown>>;
  if ((kty !== 'RSA' && kty !== 'EC') || (use !== undefined && use !== 'sig')) return [];
  try {
    const key = createPublicKey({ key: value as JsonWebKey, format: 'jwk' });
    const text = (member: unknown) => (typeof member === 'string' ? member : undefined);
    return [{ keyId: text(kid), algorithm: text(alg), key }];
  } catch {
    return [];
  }
}
