import type { Pod } from '../../api/generated/core-v1.ts';
import { pods } from '../../api/generated/resources.ts';
import type { InformerFactory } from '../../client/informer-factory.ts';
import type { Index } from '../../client/lister.ts';

/** Pods by the name of their node; those without one are in no list. */
export function podsByNode(informers: InformerFactory): Index<Pod> {
  return informers.informer(pods).index('node', ({ spec }) => (spec.nodeName ? [spec.nodeName] : []));
}
