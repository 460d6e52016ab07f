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

/** For what is shown of stored objects in another form, in bytes. */
export const roomForShown = 16 * 1024 * 1024;
/** Objects take several times the room of their bytes where they are parsed. */
const parsedTimes = 4;

/** The room of a stored object and of what is shown of it, in bytes. */
export function sizeOfShown({ bytes }: Encoded): number {
  return (1 + parsedTimes) * bytes.length;
}
