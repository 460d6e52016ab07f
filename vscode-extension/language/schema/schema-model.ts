import type { FieldError } from '../../../core/api/errors.ts';
import { apiVersionOf } from '../../../core/api/resource.ts';
import type { KindDeclaration } from '../../../core/api/scheme.ts';
import type { JsonObject } from '../../../core/machinery/json.ts';
import type { ObjectSchema } from '../../../core/machinery/schema.ts';

/** What the editor knows of one kind. */
export interface KindInfo {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly schema: ObjectSchema;
  /** The server's own rules, where they are known. */
  readonly rules: KindRules | undefined;
  /** A sentence about the objects of a type; about its member where one is named. */
  describe(type: ObjectSchema, field?: string): string | undefined;
}

/** The part of a declaration that is code. */
export type KindRules = Pick<KindDeclaration, 'applyDefaults' | 'validate' | 'nameProblems'> & {
  /** Rules that count on an object which nothing else is wrong with, completed. */
  readonly validateWhole?: (object: JsonObject) => readonly FieldError[];
};

/** Where the schemas are from, for people to see. */
export type SchemaOrigin = 'built-in' | 'cluster' | 'cache';

/** The kinds that manifests are checked against. Immutable: a change is another model, so results are kept by it. */
export class SchemaModel {
  readonly origin: SchemaOrigin;
  /** Whether a kind that is not here is not served either; otherwise nothing is known of it. */
  readonly complete: boolean;
  readonly #kinds = new Map<string, KindInfo>();
  readonly #byName = new Map<string, KindInfo[]>();
  readonly #groups = new Set<string>();

  constructor(kinds: Iterable<KindInfo>, { origin, complete }: Pick<SchemaModel, 'origin' | 'complete'>) {
    this.origin = origin;
    this.complete = complete;
    for (const kind of kinds) this.#add(kind);
  }

  get(apiVersion: string, kind: string): KindInfo | undefined {
    return this.#kinds.get(`${apiVersion}/${kind}`);
  }

  /** In the order in which they were given; every version of every group that has a kind of the name. */
  named(kind: string): readonly KindInfo[] {
    return this.#byName.get(kind) ?? [];
  }

  all(): readonly KindInfo[] {
    return [...this.#kinds.values()];
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }

  /** The kind of a group in the version that is listed first, whatever version a reference may name. */
  inGroup(group: string, kind: string): KindInfo | undefined {
    return this.named(kind).find((info) => info.group === group);
  }

  #add(kind: KindInfo): void {
    const key = `${apiVersionOf(kind)}/${kind.kind}`;
    if (this.#kinds.has(key)) return;
    this.#kinds.set(key, kind);
    this.#groups.add(kind.group);
    const named = this.#byName.get(kind.kind);
    if (named === undefined) this.#byName.set(kind.kind, [kind]);
    else named.push(kind);
  }
}
