import { createHash } from 'node:crypto';
import { StatusError } from '../api/errors.ts';
import { withRemotePaths } from './aggregation/remote-openapi.ts';
import type { OpenApi2Document } from './aggregation/remote-openapi.ts';
import { openApi2, openApi3 } from '../api/openapi/document.ts';
import { encodeGnostic } from '../api/openapi/gnostic.ts';
import type { KindDeclaration, Scheme } from '../api/scheme.ts';

/** A document as it is sent. */
export interface OpenApiDocument {
  readonly bytes: Buffer;
  /** Of the bytes; tells readers whether what they have kept still holds. */
  readonly hash: string;
}

interface Made extends OpenApiDocument {
  readonly kinds: readonly KindDeclaration[];
}

function sameKinds(a: readonly KindDeclaration[], b: readonly KindDeclaration[]): boolean {
  return a.length === b.length && a.every((kind, index) => kind === b[index]);
}

/** The OpenAPI documents of a scheme: made when first asked for, and again after their kinds have changed. */
export class OpenApiDocuments {
  readonly #scheme: Scheme;
  readonly #documents = new Map<string, Made>();
  #remotes: readonly OpenApi2Document[] = [];
  #kindsByPath: ReadonlyMap<string, readonly KindDeclaration[]> | undefined;

  constructor(scheme: Scheme) {
    this.#scheme = scheme;
    scheme.onChange(() => {
      this.#kindsByPath = undefined;
      // A definition more or less leaves most documents as they are; those of groups that went are forgotten.
      const paths = this.#byPath();
      for (const name of this.#documents.keys())
        if (!name.startsWith('v2') && !paths.has(name)) this.#documents.delete(name);
    });
  }

  /** OpenAPI 3 of one group version, named as in its path: "api/v1" or "apis/apps/v1". */
  version3(path: string): OpenApiDocument {
    const kinds = this.#byPath().get(path);
    if (kinds === undefined)
      throw new StatusError('NotFound', 'the server could not find the requested resource');
    return this.#kept(path, kinds, () => JSON.stringify(openApi3(kinds)));
  }

  /** OpenAPI 2 of everything. */
  version2(): OpenApiDocument {
    const kinds = this.#scheme.all();
    return this.#kept('v2', kinds, () => JSON.stringify(withRemotePaths(openApi2(kinds), this.#remotes)));
  }

  /** The same as protobuf. */
  version2Protobuf(): OpenApiDocument {
    const kinds = this.#scheme.all();
    return this.#kept('v2 protobuf', kinds, () => {
      try {
        return encodeGnostic(withRemotePaths(openApi2(kinds), this.#remotes));
      } catch (error) {
        if (this.#remotes.length === 0) throw error;
        // What another server says of itself is not always what the format has room for.
        return encodeGnostic(openApi2(kinds));
      }
    });
  }

  /** The OpenAPI 2 documents of users' API servers, cut down to what is theirs. */
  useRemotes(documents: readonly OpenApi2Document[]): void {
    this.#remotes = documents;
    for (const name of this.#documents.keys()) if (name.startsWith('v2')) this.#documents.delete(name);
  }

  /** Where the documents of OpenAPI 3 are, with their hashes (upstream: kube-openapi/pkg/handler3). */
  async index(): Promise<{ paths: Record<string, { serverRelativeURL: string }> }> {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const path of this.#byPath().keys()) {
      const { hash } = this.version3(path);
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
      // Each takes a few milliseconds; other requests need not wait for them all.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { paths };
  }

  #byPath(): ReadonlyMap<string, readonly KindDeclaration[]> {
    return (this.#kindsByPath ??= this.#sorted());
  }

  #sorted(): Map<string, KindDeclaration[]> {
    const groups = new Map<string, KindDeclaration[]>();
    for (const kind of this.#scheme.all()) {
      const path = kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
      const kinds = groups.get(path);
      if (kinds === undefined) groups.set(path, [kind]);
      else kinds.push(kind);
    }
    return groups;
  }

  #kept(name: string, kinds: readonly KindDeclaration[], make: () => string | Buffer): OpenApiDocument {
    const known = this.#documents.get(name);
    if (known !== undefined && sameKinds(known.kinds, kinds)) return known;
    const made = make();
    const bytes = typeof made === 'string' ? Buffer.from(made) : made;
    const hash = createHash('sha256').update(bytes).digest('hex').toUpperCase();
    const document = { bytes, hash, kinds };
    this.#documents.set(name, document);
    return document;
  }
}
