import type { KubernetesObject } from '../api/object.ts';
import type { Encoded } from '../api/verbs.ts';
import type { Revision } from '../storage/storage.ts';

/** What every stored value of a kind begins with; the resourceVersion is spliced in behind it. */
export class StoredFormat {
  readonly apiVersion: string;
  readonly kind: string;
  readonly head: Buffer;
  /** For tests: what is read is frozen, so that whoever changes a shared object finds out. */
  readonly freeze: ((object: KubernetesObject) => KubernetesObject) | undefined;

  constructor(apiVersion: string, kind: string, freeze?: (object: KubernetesObject) => KubernetesObject) {
    this.apiVersion = apiVersion;
    this.kind = kind;
    this.head = Buffer.from(
      `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":{`,
    );
    this.freeze = freeze;
  }

  /** The bytes that are stored: final JSON but for the resourceVersion, which only the store knows. */
  encode(object: KubernetesObject): Buffer {
    const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
    // Written member by member, so that the order is ours: what selectors read stands in front.
    const {
      name,
      generateName,
      namespace,
      uid,
      resourceVersion: _resourceVersion,
      selfLink: _selfLink,
      labels,
      ...others
    } = metadata;
    return Buffer.from(
      JSON.stringify({
        apiVersion: this.apiVersion,
        kind: this.kind,
        metadata: { name, generateName, namespace, uid, labels, ...others },
        ...rest,
      }),
    );
  }

  /** Throws when the bytes are not of this kind. */
  decode(value: Buffer, revision: Revision): StoredObject {
    if (value.compare(this.head, 0, this.head.length, 0, this.head.length) !== 0)
      throw new Error(
        `Cannot read a stored ${this.kind}: it begins with ${JSON.stringify(value.toString('utf8', 0, 60))}`,
      );
    return new StoredObject(this, value, revision);
  }
}

/** An object as the store has it. Parsed and spliced at most once, and only when somebody asks. */
export class StoredObject implements Encoded {
  /** The bytes in the store, without resourceVersion. */
  readonly value: Buffer;
  /** 0: never stored, the result of a dry run. */
  readonly revision: Revision;
  readonly #format: StoredFormat;
  #bytes: Buffer | undefined;
  #object: KubernetesObject | undefined;

  /** `object`, when given, is what `value` encodes, with the resourceVersion set. */
  constructor(format: StoredFormat, value: Buffer, revision: Revision, object?: KubernetesObject) {
    this.#format = format;
    this.value = value;
    this.revision = revision;
    this.#object = object === undefined ? undefined : (format.freeze?.(object) ?? object);
  }

  get resourceVersion(): string {
    return this.revision === 0 ? '' : String(this.revision);
  }

  get bytes(): Buffer {
    return (this.#bytes ??= this.#spliced());
  }

  get object(): KubernetesObject {
    return (this.#object ??= this.#parsed());
  }

  /** The same object as of another revision: a deletion is later than the last change. */
  at(revision: Revision): StoredObject {
    const object = this.#object;
    if (object === undefined) return new StoredObject(this.#format, this.value, revision);
    const metadata = { ...object.metadata, resourceVersion: String(revision) };
    return new StoredObject(this.#format, this.value, revision, { ...object, metadata });
  }

  #spliced(): Buffer {
    if (this.revision === 0) return this.value;
    const { head } = this.#format;
    const inserted = `"resourceVersion":"${this.revision}",`;
    const bytes = Buffer.allocUnsafeSlow(this.value.length + inserted.length);
    this.value.copy(bytes, 0, 0, head.length);
    bytes.write(inserted, head.length, 'latin1');
    this.value.copy(bytes, head.length + inserted.length, head.length);
    return bytes;
  }

  #parsed(): KubernetesObject {
    // The bytes are ours and were checked when they were written; only the resourceVersion is missing.
    const object = JSON.parse(this.value.toString('utf8')) as KubernetesObject;
    if (this.revision !== 0)
      (object.metadata as { resourceVersion?: string }).resourceVersion = this.resourceVersion;
    return this.#format.freeze?.(object) ?? object;
  }
}
