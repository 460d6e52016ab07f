import type { JsonObject } from '../machinery/json.ts';
import type { ObjectSchema } from '../machinery/schema.ts';
import type { FieldError } from './errors.ts';
import type { KubernetesObject, Mutable } from './object.ts';
import type { ResourceFact } from './schema/facts.ts';

/**
 * One kind, declared once. Discovery, OpenAPI, validation, pruning, defaulting, patches, apply, Table, completion
 * and protobuf all derive from this, so nothing can be advertised that is not served.
 */
export interface KindDeclaration<T extends KubernetesObject = KubernetesObject> extends ResourceFact {
  /** Name of the type, such as "core/v1.Pod"; the CRD's name for custom kinds. */
  readonly type: string;
  readonly schema: ObjectSchema;
  /** Fills in what the user left out, beyond the defaults declared on the schema. Runs before admission and after. */
  readonly applyDefaults?: (object: Mutable<T>) => void;
  /**
   * All that the schema cannot say. Pure: also runs in the editor. What was wrong in `old` already may be forgiven;
   * there is none where the object is new, or alone.
   */
  readonly validate?: (object: T, old?: T) => readonly FieldError[];
  /** Immutable fields and allowed transitions. `validate` has passed on `object`. */
  readonly validateUpdate?: (object: T, old: T) => readonly FieldError[];
  /** What a status write may not do. Everything but the status is as in `old`. */
  readonly validateStatus?: (object: T, old: T) => readonly FieldError[];
  /** What is told of an object that is taken all the same (upstream: WarningsOnCreate, WarningsOnUpdate). */
  readonly warnings?: (object: T, old?: T) => readonly string[];
  /** Told to everybody who uses the kind. */
  readonly deprecation?: string;
  /** Field selectors beyond metadata.name and metadata.namespace: what each reads. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** What is wrong with a name; nothing is when empty. A lowercase DNS subdomain unless the kind says otherwise. */
  readonly nameProblems: (name: string) => readonly string[];
  /** The server counts changes of what is wanted in `metadata.generation`. */
  readonly generation: boolean;
  /** An update without resourceVersion is refused unless set (upstream: AllowUnconditionalUpdate). */
  readonly unconditionalUpdate: boolean;
  /** A replacement of what is not there creates it (upstream: AllowCreateOnUpdate). */
  readonly createOnUpdate?: boolean;
  /** Where scale reads and writes; paths such as "spec.replicas". */
  readonly scale?: ScalePaths;
  /** The kind is another form of one that is stored under its own declaration. */
  readonly conversion?: Conversion<T>;
  /** Set for kinds that a CustomResourceDefinition declares. */
  readonly custom?: CustomKind;
}

/**
 * What is particular to a version of a custom kind. Its objects are kept as they were written, zeros and all, and
 * are read, completed and checked by the schema that the user gave.
 */
export interface CustomKind {
  /** Name of the CustomResourceDefinition. */
  readonly definition: string;
  readonly listKind: string;
  /** Told to everybody who uses a deprecated version. */
  readonly warning: string | undefined;
  /** The definition is being deleted: what there is may be read and deleted, and nothing added. */
  readonly terminating: boolean;
  readonly columns: readonly CustomColumn[];
  /** What schemas of OpenAPI say of it, type and metadata left out. */
  readonly openApi: (version: 2 | 3) => Readonly<Record<string, unknown>>;
  /** The object without what the schema does not know; paths of that join `unknown`. Itself when nothing was to do. */
  readonly prune: (object: JsonObject, unknown?: string[]) => JsonObject;
  /** The object with the defaults of the schema. Itself when nothing was to do. */
  readonly complete: (object: JsonObject) => JsonObject;
  /** `old` is what there was; absent for a new object. */
  readonly validate: (object: JsonObject, old: JsonObject | undefined) => Promise<readonly FieldError[]>;
  /**
   * Objects in the form of another version; the same objects where they have it already. Rejects with a
   * `StatusError` when the one who converts them fails.
   */
  readonly convert: (
    objects: readonly KubernetesObject[],
    toVersion: string,
    signal: AbortSignal | undefined,
  ) => Promise<readonly KubernetesObject[]>;
  /** The version that all objects of the kind are written in. */
  readonly storageVersion: string;
}

/** A column of a custom kind's table: CustomResourceColumnDefinition. */
export interface CustomColumn {
  readonly name: string;
  /** One of "integer", "number", "string", "boolean", "date". */
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
  readonly jsonPath: string;
}

/** Two forms of the same objects: what is written as one is read as the other. Both functions are pure. */
export interface Conversion<T extends KubernetesObject = KubernetesObject> {
  /** Of the form that is stored; it has the same plural. */
  readonly group: string;
  readonly version: string;
  readonly toStored: (object: T) => KubernetesObject;
  readonly fromStored: (stored: KubernetesObject) => T;
  /** Names of selectable fields in this form, and what the stored form calls them. */
  readonly fieldLabels?: Readonly<Record<string, string>>;
  /** What is refused in this form alone, said of the stored one: beside the rules of that. */
  readonly validate?: (stored: KubernetesObject) => readonly FieldError[];
  readonly validateUpdate?: (stored: KubernetesObject, old: KubernetesObject) => readonly FieldError[];
}

export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  readonly selector: string;
}

/** Told of the kinds that came, went or became others. */
export type SchemeListener = (touched: readonly KindDeclaration[]) => void;

/** The kinds a server serves. Changes at run time when custom resources come and go. */
export class Scheme {
  readonly #byResource = new Map<string, KindDeclaration>();
  readonly #byKind = new Map<string, KindDeclaration>();
  /** The versions of each resource, in declaration order. */
  readonly #versions = new Map<string, readonly KindDeclaration[]>();
  readonly #listeners = new Set<SchemeListener>();

  declare(...declarations: readonly KindDeclaration[]): this {
    this.replace([], declarations);
    return this;
  }

  withdraw(group: string, version: string, plural: string): void {
    const declaration = this.byResource(group, version, plural);
    if (declaration !== undefined) this.replace([declaration], []);
  }

  /** Takes kinds away and adds others in one change, so that nobody sees the state in between. */
  replace(old: readonly KindDeclaration[], next: readonly KindDeclaration[]): void {
    for (const declaration of old) this.#remove(declaration);
    for (const declaration of next) this.#add(declaration);
    for (const listener of this.#listeners) listener([...old, ...next]);
  }

  #add(declaration: KindDeclaration): void {
    const { group, version, plural, kind } = declaration;
    const resource = `${group}/${version}/${plural}`;
    if (this.#byResource.has(resource)) throw new Error(`Cannot declare "${resource}" twice`);
    this.#byResource.set(resource, declaration);
    this.#byKind.set(`${group}/${version}/${kind}`, declaration);
    this.#versions.set(`${group}/${plural}`, [...this.versionsOf(group, plural), declaration]);
  }

  #remove({ group, version, plural, kind }: KindDeclaration): void {
    this.#byResource.delete(`${group}/${version}/${plural}`);
    this.#byKind.delete(`${group}/${version}/${kind}`);
    const left = this.versionsOf(group, plural).filter((other) => other.version !== version);
    if (left.length > 0) this.#versions.set(`${group}/${plural}`, left);
    else this.#versions.delete(`${group}/${plural}`);
  }

  byResource(group: string, version: string, plural: string): KindDeclaration | undefined {
    return this.#byResource.get(`${group}/${version}/${plural}`);
  }

  /** The versions that a resource is served in, in declaration order. */
  versionsOf(group: string, plural: string): readonly KindDeclaration[] {
    return this.#versions.get(`${group}/${plural}`) ?? [];
  }

  byKind(group: string, version: string, kind: string): KindDeclaration | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`);
  }

  /** In declaration order. */
  all(): readonly KindDeclaration[] {
    return [...this.#byResource.values()];
  }

  /** Calls back after every change; the returned function ends that. */
  onChange(listener: SchemeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Of the versions of one resource that in which its objects are stored, so that nobody has to be asked for another. */
export function storedVersion(versions: readonly KindDeclaration[]): KindDeclaration | undefined {
  return versions.find(({ custom, version }) => custom?.storageVersion === version) ?? versions[0];
}

/** The resources of these kinds, each once. */
export function resourcesOf(
  kinds: readonly KindDeclaration[],
): Iterable<Pick<KindDeclaration, 'group' | 'plural'>> {
  return new Map(kinds.map((kind) => [`${kind.group}/${kind.plural}`, kind])).values();
}
