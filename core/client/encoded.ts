import type { KubernetesObject } from '../api/object.ts';
import type { Encoded } from '../api/verbs.ts';

/** An object as it came over the wire: parsed on first use and kept. */
export class ReceivedObject implements Encoded {
  readonly bytes: Buffer;
  #object: KubernetesObject | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get object(): KubernetesObject {
    this.#object ??= JSON.parse(this.bytes.toString('utf8')) as KubernetesObject;
    return this.#object;
  }

  get resourceVersion(): string {
    return this.object.metadata.resourceVersion ?? '';
  }
}
