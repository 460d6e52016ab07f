import { createHash } from 'node:crypto';
import { StatusError } from '../api/errors.ts';
import { withRemotePaths } from './aggregation/remote-openapi.ts';
import type { OpenApi2Document } from './aggregation/remote-openapi.ts';
import { openApi2, openApi3 } from '../api/openapi/document.ts';
import { encodeGnostic } from '../api/openapi/gnostic.ts';
import type { KindDeclaration, Scheme } from '../api/scheme.ts';
import { nextTurn } from '../machinery/next-turn.ts';

/** A document as it is sent. */
export interface HashedDocument {
  readonly bytes: Buffer;
  /** Of the bytes; tells readers whether what they have kept still holds. */
  readonly hash: string;
}

interface Made {
  readonly kinds: readonly KindDeclaration[];
  readonly hash: string;
  /** Absent where there was no room for them: they are made again when somebody asks. */
  readonly bytes?: Buffer;
}

/** Of documents of OpenAPI 3 together; clients ask for one once and go by its hash from then on. */
const defaultRoomBytes = 4 * 1024 * 1024;

function sameKinds(a: readonly KindDeclaration[], b: readonly KindDeclaration[]): boolean {
  return a.length === b.length && a.every((kind, index) => kind === b[index]);
}

/**
 * The OpenAPI documents of a scheme: made when first asked for, and again after their kinds have changed. Those that
 * were asked for last are kept, and the hashes of all.
 */
export class OpenApiDocuments {
  readonly #scheme: Scheme;
  readonly #roomBytes: number;
  /** In the order in which they were asked for. */
  readonly #documents = new Map<string, Made>();
  /** Of version 2 there is one of everything, in two forms: whatever changes, they are out of date. */
  readonly #whole = new Map<string, HashedDocument>();
  #keptBytes = 0;
  #remotes: readonly OpenApi2Document[] = [];
  #kindsByPath: ReadonlyMap<string, readonly KindDeclaration[]> | undefined;

  constructor(scheme: Scheme, roomBytes = defaultRoomBytes) {
    this.#scheme = scheme;
    this.#roomBytes = roomBytes;
    scheme.onChange(() => {
      this.#kindsByPath = undefined;
      this.#whole.clear();
    });
  }

  /** OpenAPI 3 of one group version, named as in its path: "api/v1" or "apis/apps/v1". */
  version3(path: string): HashedDocument {
    const kinds = this.#byPath().get(path);
    if (kinds === undefined)
      throw new StatusError('NotFound', 'the server could not find the requested resource');
    return this.#kept(path, kinds);
  }

  /** OpenAPI 2 of everything. */
  version2(): HashedDocument {
    return this.#made('json', () =>
      Buffer.from(JSON.stringify(withRemotePaths(openApi2(this.#scheme.all()), this.#remotes))),
    );
  }

  /** The same as protobuf. */
  version2Protobuf(): HashedDocument {
    const kinds = this.#scheme.all();
    return this.#made('protobuf', () => {
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
    this.#whole.clear();
  }

  /** Where the documents of OpenAPI 3 are, with their hashes (upstream: kube-openapi/pkg/handler3). */
  async index(): Promise<{ paths: Record<string, { serverRelativeURL: string }> }> {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const path of this.#byPath().keys()) {
      const hash = this.#hashOf(path);
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
      // Each takes a few milliseconds; other requests need not wait for them all.
      await nextTurn();
    }
    return { paths };
  }

  #byPath(): ReadonlyMap<string, readonly KindDeclaration[]> {
    if (this.#kindsByPath !== undefined) return this.#kindsByPath;
    const paths = (this.#kindsByPath = this.#sorted());
    // A definition more or less leaves most documents as they are; those of groups that went are forgotten.
    for (const name of this.#documents.keys()) if (!paths.has(name)) this.#forget(name);
    return paths;
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

  #hashOf(path: string): string {
    const known = this.#documents.get(path);
    const kinds = this.#byPath().get(path) ?? [];
    return known !== undefined && sameKinds(known.kinds, kinds) ? known.hash : this.#kept(path, kinds).hash;
  }

  #kept(path: string, kinds: readonly KindDeclaration[]): HashedDocument {
    const known = this.#documents.get(path);
    const holds = known !== undefined && sameKinds(known.kinds, kinds);
    const document =
      holds && known.bytes !== undefined
        ? { bytes: known.bytes, hash: known.hash }
        : hashed(Buffer.from(JSON.stringify(openApi3(kinds))));
    this.#forget(path);
    this.#documents.set(path, { ...document, kinds });
    this.#keptBytes += document.bytes.length;
    this.#makeRoom(path);
    return document;
  }

  #makeRoom(last: string): void {
    for (const [path, { bytes, ...rest }] of this.#documents) {
      if (this.#keptBytes <= this.#roomBytes || path === last) return;
      if (bytes === undefined) continue;
      this.#keptBytes -= bytes.length;
      // In its old place.
      this.#documents.set(path, rest);
    }
  }

  #forget(path: string): void {
    this.#keptBytes -= this.#documents.get(path)?.bytes?.length ?? 0;
    this.#documents.delete(path);
  }

  #made(form: string, make: () => Buffer): HashedDocument {
    const known = this.#whole.get(form);
    if (known !== undefined) return known;
    const document = hashed(make());
    this.#whole.set(form, document);
    return document;
  }
}

export function hashed(bytes: Buffer): HashedDocument {
  return { bytes, hash: createHash('sha256').update(bytes).digest('hex').toUpperCase() };
}
