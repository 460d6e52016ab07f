import { imageSizes, withTag } from '../cluster/images.ts';
import type { Plugin } from '../framework/plugin.ts';

/** Images smaller than this are pulled soon enough; upstream: image_locality.go. */
const minBytes = 23 * 1024 * 1024;
const maxBytesPerContainer = 1000 * 1024 * 1024;

/** Prefers nodes that have the Pod's images, the more so the larger these are and the more nodes have them. */
export const imageLocality: Plugin = {
  name: 'ImageLocality',

  score({ pod: { spec } }, cluster) {
    const containers = [...(spec.initContainers ?? []), ...spec.containers];
    const images = containers.map(({ image = '' }) => withTag(image));
    const maxBytes = maxBytesPerContainer * images.length;
    return {
      scope: 'node',
      score(slot) {
        const sizes = imageSizes(cluster.nodes.nodeAt(slot));
        if (sizes.size === 0) return 0;
        let bytes = 0;
        for (const image of images) {
          const spread = cluster.nodesWithImage(image) / cluster.nodes.order.length;
          bytes += (sizes.get(image) ?? 0) * spread;
        }
        const counted = Math.min(Math.max(bytes, minBytes), maxBytes);
        return Math.trunc((100 * (counted - minBytes)) / (maxBytes - minBytes));
      },
    };
  },
};
