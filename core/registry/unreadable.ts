import { StatusError } from '../api/errors.ts';
import type { KindDeclaration } from '../api/scheme.ts';

/** Named in one refusal of a list; of more than these it says that there are more. */
export const mostCauses = 100;

/**
 * Objects that are in the store and mean nothing, because what is there cannot be decrypted or decoded. They are in
 * no cache; whoever asks for one is told so, rather than that there is none.
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

  /** Says of a list which of its objects cannot be read, one cause each (apiserver's storageerr.InterpretListError). */
  errorOf(errors: readonly StatusError[]): StatusError {
    const { group, plural } = this.#declaration;
    const causes = errors
      .slice(0, mostCauses)
      .map(({ message }) => ({ reason: 'UnexpectedServerResponse', message }));
    const more = { reason: 'TooMany', message: 'too many errors, the list is truncated' };
    const resource = group === '' ? plural : `${plural}.${group}`;
    return new StatusError(
      'StorageReadError',
      `failed to read one or more ${resource} from the storage: ${causes[0]?.message ?? ''}`,
      { causes: errors.length > mostCauses ? [...causes, more] : causes, target: { group, kind: plural } },
    );
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
