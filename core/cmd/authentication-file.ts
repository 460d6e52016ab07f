import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readAuthenticationConfiguration } from '../apiserver/authn/oidc/authentication-configuration.ts';
import type { Issuer } from '../apiserver/authn/oidc/issuer.ts';
import { serviceAccountIssuer } from '../apiserver/authn/service-account-tokens.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import { readDocuments } from '../machinery/yaml.ts';
import { untilChange, watchDirectory } from './directory-changes.ts';

/** As upstream: what no event tells of, such as a file on some file systems, is seen within a minute. */
const everyMs = 60_000;

/** The file of --authentication-config, which may be another one at any time. */
export class AuthenticationFile {
  readonly #path: string;
  #text: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined where it is what it was. Throws, with the path and all that is wrong, where it cannot be used. */
  read(): readonly Issuer[] | undefined {
    try {
      const text = readFileSync(this.#path, 'utf8');
      if (text === this.#text) return undefined;
      // One that is wrong is told once.
      this.#text = text;
      const documents = readDocuments(text);
      if (documents.length !== 1) throw new Error(`it has ${documents.length} documents instead of one`);
      return readAuthenticationConfiguration(documents[0]?.value, [serviceAccountIssuer]);
    } catch (cause) {
      throw new Error(`--authentication-config=${this.#path}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Hands over what the file becomes, until the signal aborts; while it cannot be used, what it was stands. */
  async follow(
    use: (issuers: readonly Issuer[]) => void,
    { clock, log }: { readonly clock: Clock; readonly log: Pick<Logger, 'info' | 'error'> },
    signal: AbortSignal,
  ): Promise<void> {
    const changes = watchDirectory(dirname(this.#path), signal);
    const next = untilChange({ changes, clock, everyMs }, signal);
    for (;;) {
      await next();
      if (signal.aborted) return;
      try {
        const issuers = this.read();
        if (issuers === undefined) continue;
        use(issuers);
        log.info('Believes other issuers from now on', { issuers: issuers.map(({ url }) => url) });
      } catch (error) {
        log.error('Cannot use the authentication configuration: the one before stands', error);
      }
    }
  }
}
