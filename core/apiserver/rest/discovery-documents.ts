import type { Scheme } from '../../api/scheme.ts';
import { RecentMap } from '../../machinery/recent-map.ts';
import type { Aggregator } from '../aggregation/aggregator.ts';
import type { RemoteVersion } from '../aggregation/remote-discovery.ts';
import { hashed } from '../openapi.ts';
import type { HashedDocument } from '../openapi.ts';

/** Enough for what clients ask for with a thousand kinds. */
const roomBytes = 2 * 1024 * 1024;

/** What is told at `/api`, `/apis` and below: made when first asked for, and again after what is served has changed. */
export class DiscoveryDocuments {
  readonly scheme: Scheme;
  readonly #aggregator: Aggregator | undefined;
  #made = new RecentMap<string, HashedDocument>(roomBytes);

  constructor(scheme: Scheme, aggregator?: Aggregator) {
    this.scheme = scheme;
    this.#aggregator = aggregator;
    const forget = () => {
      this.#made = new RecentMap(roomBytes);
    };
    scheme.onChange(forget);
    aggregator?.onChange(forget);
  }

  /** What users' API servers serve. */
  get remotes(): readonly RemoteVersion[] {
    return this.#aggregator?.remotes ?? [];
  }

  /** The document of this name; undefined, and not remembered, where there is none. */
  get(
    name: string,
    make: (scheme: Scheme, remotes: readonly RemoteVersion[]) => object | undefined,
  ): HashedDocument | undefined {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const value = make(this.scheme, this.remotes);
    if (value === undefined) return undefined;
    const document = hashed(Buffer.from(JSON.stringify(value)));
    this.#made.set(name, document, document.bytes.length + name.length);
    return document;
  }
}
