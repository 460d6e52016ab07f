import type { Node, Pod } from '../../api/generated/core-v1.ts';
import type { ClusterView } from '../cluster/cluster-state.ts';
import type { Plugin } from '../framework/plugin.ts';

/** Images smaller than this are pulled soon enough; upstream: image_locality.go. */
const minBytes = 23 * 1024 * 1024;
const maxBytesPerContainer = 1000 * 1024 * 1024;

/** Prefers nodes that have the Pod's images, the more so the larger these are and the more nodes have them. */
export const imageLocality: Plugin = {
  name: 'ImageLocality',

  score({ pod }, cluster) {
    const images = imagesOf(pod);
    const counts = countImages(images, cluster);
    // Where no node reports the images, all are alike.
    if ([...counts.values()].every((count) => count === 0)) return undefined;
    const total = cluster.nodes.order.length;
    const maxBytes = maxBytesPerContainer * images.length;
    return {
      scope: 'node',
      score(slot) {
        const sizes = sizesOf(cluster.nodes.nodeAt(slot));
        let bytes = 0;
        for (const image of images) {
          const size = sizes.get(image);
          if (size !== undefined) bytes += (size * (counts.get(image) ?? 0)) / total;
        }
        const counted = Math.min(Math.max(bytes, minBytes), maxBytes);
        return Math.trunc((100 * (counted - minBytes)) / (maxBytes - minBytes));
      },
    };
  },
};

function imagesOf({ spec }: Pod): readonly string[] {
  return [...(spec.initContainers ?? []), ...spec.containers].map(({ image = '' }) => withTag(image));
}

function countImages(images: readonly string[], { nodes }: ClusterView): ReadonlyMap<string, number> {
  const counts = new Map(images.map((image) => [image, 0]));
  for (const slot of nodes.order) {
    if (nodes.nodeAt(slot)?.status.images === undefined) continue;
    for (const name of sizesOf(nodes.nodeAt(slot)).keys()) {
      const count = counts.get(name);
      if (count !== undefined) counts.set(name, count + 1);
    }
  }
  return counts;
}

function sizesOf(node: Node | undefined): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of node?.status.images ?? []) {
    for (const name of names) sizes.set(withTag(name), sizeBytes);
  }
  return sizes;
}

function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
