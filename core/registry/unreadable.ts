import { StatusError } from '../api/errors.ts';
import type { KindDeclaration } from '../api/scheme.ts';

/**
 * Objects that are in the store and mean nothing, because what is there cannot be decrypted. They are in no cache;
 * whoever asks for one is told so, rather than that there is none.
 */
export class UnreadableObjects {
  readonly #declaration: KindDeclaration;
  readonly #prefix: string;
  readonly #causes = new Map<string, Error>();

  /** `prefix` stands before "namespace/name" in keys. */
  constructor(declaration: KindDeclaration, prefix: string) {
    this.#declaration = declaration;
    this.#prefix = prefix;
  }

  add(key: string, cause: Error): StatusError {
    this.#causes.set(key, cause);
    return this.#error(key, cause);
  }

  delete(key: string): void {
    if (this.#causes.size > 0) this.#causes.delete(key);
  }

  has(key: string): boolean {
    return this.#causes.has(key);
  }

  below(prefix: string): readonly string[] {
    return this.#causes.size === 0 ? [] : [...this.#causes.keys()].filter((key) => key.startsWith(prefix));
  }

  #error(key: string, cause: Error): StatusError {
    const { group, kind, plural } = this.#declaration;
    const name = key.slice(this.#prefix.length);
    return new StatusError('StorageReadError', `Cannot read ${plural} "${name}": ${cause.message}`, {
      cause,
      target: { group, kind, name: name.slice(name.indexOf('/') + 1) },
    });
  }
}
