import { StatusError } from '../api/errors.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { Encoded } from '../api/verbs.ts';
import type { Revision } from '../storage/storage.ts';
import type { Labels } from '../storage/watch-cache/item.ts';
import { RecentlyParsed } from './recently-parsed.ts';
import type { Forgettable } from './recently-parsed.ts';
import { labelsText } from './stored-labels.ts';

/** What every value ends with. */
const closing = 0x7d;
const noLabels: Labels = Object.freeze({});
/** Sets of labels remembered by their text; forgetting them only costs memory. */
const mostSharedLabels = 10_000;

/**
 * What every stored value of a kind begins with; the resourceVersion is spliced in behind it. Custom kinds change
 * the version they are stored in, and what was stored before stays as it is until it is written again.
 */
export class StoredFormat {
  readonly apiVersion: string;
  readonly kind: string;
  readonly head: Buffer;
  /** For tests: what is read is frozen, so that whoever changes a shared object finds out. */
  readonly freeze: ((object: KubernetesObject) => KubernetesObject) | undefined;
  readonly #labels = new Map<string, Labels>();
  /** Of the same kind in other versions, where there may be such. */
  readonly #others: Map<string, StoredFormat> | undefined;

  constructor(
    apiVersion: string,
    kind: string,
    freeze?: (object: KubernetesObject) => KubernetesObject,
    { anyVersion = false } = {},
  ) {
    this.apiVersion = apiVersion;
    this.kind = kind;
    this.head = Buffer.from(
      `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":{`,
    );
    this.freeze = freeze;
    this.#others = anyVersion ? new Map() : undefined;
  }

  /** The format of objects that have this version; this one where versions never differ. */
  of(apiVersion: string | undefined): StoredFormat {
    if (this.#others === undefined || apiVersion === undefined || apiVersion === this.apiVersion) return this;
    const known = this.#others.get(apiVersion);
    if (known !== undefined) return known;
    const other = new StoredFormat(apiVersion, this.kind, this.freeze);
    this.#others.set(apiVersion, other);
    return other;
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
    return ownBytes(
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
    if (this.#begins(value)) return new StoredObject(this, value, revision);
    const other = this.of(/^\{"apiVersion":"([^"\\]{1,320})"/.exec(value.toString('utf8', 0, 340))?.[1]);
    if (other !== this && other.#begins(value)) return new StoredObject(other, value, revision);
    throw new Error(
      `Cannot read a stored ${this.kind}: it begins with ${JSON.stringify(value.toString('utf8', 0, 60))}`,
    );
  }

  /**
   * All of it is only read when somebody asks; what was cut short shows at its end. What was changed within is not
   * looked for: lists and watches hand it on as it is, and whoever parses it here is told. To parse everything once, as
   * upstream does at every read, takes some 8 µs for 3 KB, which makes a core's load from etcd a third longer (20,000
   * objects: 430 ms of processor, 580 with it), for bytes that only somebody else than a core can have written. What
   * is encrypted shows every change.
   */
  #begins(value: Buffer): boolean {
    return (
      value.at(-1) === closing && value.compare(this.head, 0, this.head.length, 0, this.head.length) === 0
    );
  }

  /** The labels in stored bytes, spliced or not. Equal ones are one object, as all Pods of a ReplicaSet have. */
  labelsIn(data: Buffer): Labels {
    const text = labelsText(data, this.head.length);
    if (text === undefined) return noLabels;
    const known = this.#labels.get(text);
    if (known !== undefined) return known;
    const labels = Object.freeze(JSON.parse(text)) as Labels;
    if (this.#labels.size >= mostSharedLabels) this.#labels.clear();
    this.#labels.set(text, labels);
    return labels;
  }
}

const recentlyParsed = new RecentlyParsed();

/**
 * An object as the store has it, parsed and spliced only when somebody asks. Parsed, it takes several times the room
 * of its bytes, so that form is kept for a moment only.
 */
export class StoredObject implements Encoded, Forgettable {
  /** 0: never stored, the result of a dry run. */
  readonly revision: Revision;
  readonly #format: StoredFormat;
  /** One of the two forms, never both: spliced, once somebody asked for that. */
  #data: Buffer;
  #spliced = false;
  #object: KubernetesObject | undefined;
  #labels: Labels | undefined;

  /** `object`, when given, is what `value` encodes, with the resourceVersion set. */
  constructor(format: StoredFormat, value: Buffer, revision: Revision, object?: KubernetesObject) {
    this.#format = format;
    this.#data = value;
    this.revision = revision;
    if (object !== undefined) this.#keep(format.freeze?.(object) ?? object);
  }

  #keep(object: KubernetesObject): void {
    this.#object = object;
    recentlyParsed.add(this, this.#data.length);
  }

  forget(): void {
    this.#object = undefined;
  }

  get resourceVersion(): string {
    return this.revision === 0 ? '' : String(this.revision);
  }

  /** The bytes in the store, without resourceVersion. */
  get value(): Buffer {
    return this.#spliced ? joined(...this.#aroundInserted()) : this.#data;
  }

  /** How many bytes `value` has. */
  get valueLength(): number {
    return this.#data.length - (this.#spliced ? this.#inserted.length : 0);
  }

  /** Whether `value` is that. */
  isEncodedAs(value: Buffer): boolean {
    if (!this.#spliced) return this.#data.equals(value);
    const [head, tail] = this.#aroundInserted();
    return value.subarray(0, head.length).equals(head) && value.subarray(head.length).equals(tail);
  }

  get bytes(): Buffer {
    if (this.#spliced || this.revision === 0) return this.#data;
    const { head } = this.#format;
    this.#data = joined(head, Buffer.from(this.#inserted, 'latin1'), this.#data.subarray(head.length));
    this.#spliced = true;
    return this.#data;
  }

  get object(): KubernetesObject {
    if (this.#object !== undefined) return this.#object;
    const object = this.#parsed();
    this.#keep(object);
    return object;
  }

  /** The labels, found without parsing the rest. */
  get labels(): Labels {
    return (this.#labels ??= this.#format.labelsIn(this.#data));
  }

  /** The same object as of another revision: a deletion is later than the last change. */
  at(revision: Revision): StoredObject {
    const object = this.#object;
    if (object === undefined) return new StoredObject(this.#format, this.value, revision);
    const metadata = { ...object.metadata, resourceVersion: String(revision) };
    return new StoredObject(this.#format, this.value, revision, { ...object, metadata });
  }

  /** Of spliced data, what is before the resourceVersion and what is after it. */
  #aroundInserted(): readonly [Buffer, Buffer] {
    const from = this.#format.head.length;
    return [this.#data.subarray(0, from), this.#data.subarray(from + this.#inserted.length)];
  }

  get #inserted(): string {
    return `"resourceVersion":"${this.revision}",`;
  }

  #parsed(): KubernetesObject {
    // The bytes are ours and were checked when they were written; only the resourceVersion may be missing.
    const object = this.#read();
    if (this.revision !== 0)
      (object.metadata as { resourceVersion?: string }).resourceVersion = this.resourceVersion;
    return this.#format.freeze?.(object) ?? object;
  }

  #read(): KubernetesObject {
    try {
      return JSON.parse(this.#data.toString('utf8')) as KubernetesObject;
    } catch (cause) {
      throw new StatusError('StorageReadError', `Cannot read a stored ${this.#format.kind}: it is no JSON`, {
        cause,
      });
    }
  }
}

/** In memory of its own: a piece of a pool would keep the pool. */
function ownBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** In memory of its own, too. */
function joined(...parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}
