import type { KubernetesObject } from '../api/object.ts';
import type { Encoded } from '../api/verbs.ts';
import type { Handle } from './client.ts';

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

/** What to keep of an object that is to be kept: one of its two forms. */
export function handleOf<T extends KubernetesObject>(encoded: Encoded): Handle<T> {
  // What was asked for names the resource, and that the type.
  const handle = encoded instanceof ReceivedObject ? new ParsedObject(encoded.object) : encoded;
  return handle as Handle<KubernetesObject> as Handle<T>;
}

/** An object that is there only parsed: its bytes are not ours to read again. */
export class ParsedObject<T extends KubernetesObject> implements Handle<T> {
  readonly object: T;

  constructor(object: T) {
    this.object = object;
  }

  get resourceVersion(): string {
    return this.object.metadata.resourceVersion ?? '';
  }
}
