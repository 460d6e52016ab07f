import type { KubernetesObject } from '../../api/object.ts';
import type { Encoded } from '../../api/verbs.ts';

/** An answer that is not stored in this form, such as a Scale. */
export class PlainObject implements Encoded {
  readonly object: KubernetesObject;
  #bytes: Buffer | undefined;

  constructor(object: KubernetesObject) {
    this.object = object;
  }

  get bytes(): Buffer {
    return (this.#bytes ??= Buffer.from(JSON.stringify(this.object)));
  }

  get resourceVersion(): string {
    return this.object.metadata.resourceVersion ?? '';
  }
}
