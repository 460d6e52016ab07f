import type { Node } from '../../api/generated/core-v1.ts';

/** The images a node has, in bytes by every name they have there. */
export function imageSizes(node: Node | undefined): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of node?.status.images ?? []) {
    for (const name of names) sizes.set(withTag(name), sizeBytes);
  }
  return sizes;
}

/** A name without tag or digest means the tag "latest". */
export function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
