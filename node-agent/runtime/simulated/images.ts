import { createHash } from 'node:crypto';
import { parseReference } from '../image-reference.ts';
import { RuntimeError } from '../runtime.ts';
import type { ImageStatus } from '../runtime.ts';

/** Every image is there, except those of the repository "missing/…", with which a failing pull can be shown. */
export class SimulatedImages {
  readonly #seen = new Map<string, ImageStatus>();

  /** Throws "invalid-image-name". */
  status(image: string): ImageStatus | undefined {
    const name = canonicalName(image);
    return /(^|\/)missing\//.test(name) ? undefined : this.#remember(name);
  }

  /** Throws "image-not-found" too. */
  pull(image: string): ImageStatus {
    const status = this.status(image);
    if (status === undefined) {
      const words = 'simulated: images named "missing/…" do not exist';
      throw new RuntimeError('image-not-found', `Cannot pull image "${image}": ${words}`);
    }
    return status;
  }

  /** Those that were ever asked for. */
  list(): readonly ImageStatus[] {
    return [...this.#seen.values()];
  }

  remove(imageId: string): void {
    for (const [name, { id }] of this.#seen) if (id === imageId || name === imageId) this.#seen.delete(name);
  }

  #remember(name: string): ImageStatus {
    const known = this.#seen.get(name);
    if (known !== undefined) return known;
    const id = `sha256:${createHash('sha256').update(name).digest('hex')}`;
    const status = { id, tags: name.includes('@') ? [] : [name], digests: [], sizeBytes: 0, user: '' };
    this.#seen.set(name, status);
    return status;
  }
}

function canonicalName(image: string): string {
  const { repository, tag, digest } = parseReference(image);
  return digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;
}
