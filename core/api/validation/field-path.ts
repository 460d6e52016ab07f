/**
 * Where a validator stands. Cheap to extend and only written out when something is wrong, because on nearly every
 * object nothing is.
 */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #step: string;

  private constructor(parent: FieldPath | undefined, step: string) {
    this.#parent = parent;
    this.#step = step;
  }

  static readonly root = new FieldPath(undefined, '');
  static readonly metadata = FieldPath.root.child('metadata');
  static readonly spec = FieldPath.root.child('spec');
  static readonly status = FieldPath.root.child('status');

  child(name: string): FieldPath {
    return new FieldPath(this, this.#parent === undefined ? name : `.${name}`);
  }

  index(index: number): FieldPath {
    return new FieldPath(this, `[${index}]`);
  }

  /** A map's entry, written as upstream does: `metadata.labels[app]`. */
  key(key: string): FieldPath {
    return new FieldPath(this, `[${key}]`);
  }

  toString(): string {
    const text = `${this.#parent?.toString() ?? ''}${this.#step}`;
    return text.startsWith('.') ? text.slice(1) : text;
  }
}
