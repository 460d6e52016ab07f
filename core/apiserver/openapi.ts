import { createHash } from 'node:crypto';
import { StatusError } from '../api/errors.ts';
import { openApi2, openApi3 } from '../api/openapi/document.ts';
import { encodeGnostic } from '../api/openapi/gnostic.ts';
import type { KindDeclaration, Scheme } from '../api/scheme.ts';

/** A document as it is sent. */
export interface OpenApiDocument {
  readonly bytes: Buffer;
  /** Of the bytes; tells readers whether what they have kept still holds. */
  readonly hash: string;
}

/** The OpenAPI documents of a scheme: made when first asked for, and again after the scheme has changed. */
export class OpenApiDocuments {
  readonly #scheme: Scheme;
  readonly #documents = new Map<string, OpenApiDocument>();

  constructor(scheme: Scheme) {
    this.#scheme = scheme;
    scheme.onChange(() => this.#documents.clear());
  }

  /** OpenAPI 3 of one group version, named as in its path: "api/v1" or "apis/apps/v1". */
  version3(path: string): OpenApiDocument {
    const kinds = this.#byPath().get(path);
    if (kinds === undefined)
      throw new StatusError('NotFound', 'the server could not find the requested resource');
    return this.#kept(path, () => JSON.stringify(openApi3(kinds)));
  }

  /** OpenAPI 2 of everything. */
  version2(): OpenApiDocument {
    return this.#kept('v2', () => JSON.stringify(openApi2(this.#scheme.all())));
  }

  /** The same as protobuf. */
  version2Protobuf(): OpenApiDocument {
    return this.#kept('v2 protobuf', () => encodeGnostic(openApi2(this.#scheme.all())));
  }

  /** Where the documents of OpenAPI 3 are, with their hashes (upstream: kube-openapi/pkg/handler3). */
  async index(): Promise<object> {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const path of this.#byPath().keys()) {
      const { hash } = this.version3(path);
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
      // Each takes a few milliseconds; other requests need not wait for them all.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { paths };
  }

  #byPath(): Map<string, KindDeclaration[]> {
    const groups = new Map<string, KindDeclaration[]>();
    for (const kind of this.#scheme.all()) {
      const path = kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
      const kinds = groups.get(path);
      if (kinds === undefined) groups.set(path, [kind]);
      else kinds.push(kind);
    }
    return groups;
  }

  #kept(name: string, make: () => string | Buffer): OpenApiDocument {
    const known = this.#documents.get(name);
    if (known !== undefined) return known;
    const made = make();
    const bytes = typeof made === 'string' ? Buffer.from(made) : made;
    const hash = createHash('sha256').update(bytes).digest('hex').toUpperCase();
    const document = { bytes, hash };
    this.#documents.set(name, document);
    return document;
  }
}
