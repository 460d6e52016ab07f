import { ifFound } from '../api/errors.ts';
import type { Binding, Node, Pod } from '../api/generated/core-v1.ts';
import { nodes } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import type { Lookup } from './lookup.ts';

const copied = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** A Pod tells where its node is, so that what runs in it can read that (KEP-4742; plugin/pkg/admission/podtopologylabels). */
export class PodTopologyLabels implements AdmissionPlugin {
  readonly name = 'PodTopologyLabels';
  readonly #lookup: Pick<Lookup, 'get'>;

  constructor(lookup: Pick<Lookup, 'get'>) {
    this.#lookup = lookup;
  }

  handles({ operation, declaration, subresource, object }: AdmissionRequest): boolean {
    if (operation !== 'CREATE' || declaration.plural !== 'pods' || declaration.group !== '') return false;
    if (subresource === 'binding') return true;
    return subresource === '' && (object as Pod | undefined)?.spec.nodeName !== undefined;
  }

  async mutate({ object, subresource, signal }: AdmissionRequest): Promise<void> {
    const place =
      subresource === 'binding'
        ? (object as unknown as Binding).target
        : { kind: 'Node', name: (object as unknown as Pod).spec.nodeName };
    if ((place.kind ?? 'Node') !== 'Node' || place.name === undefined || object === undefined) return;
    const known = (await this.#nodeOf(place.name, signal))?.metadata.labels ?? {};
    const labels: Record<string, string> = {};
    for (const name of copied) {
      const value = known[name];
      if (value !== undefined) labels[name] = value;
    }
    if (Object.keys(labels).length === 0) return;
    const { metadata } = object as Mutable<Pod>;
    metadata.labels = { ...metadata.labels, ...labels };
  }

  /** Whoever binds to a node that is not there is told so by others. */
  #nodeOf(name: string, signal: AbortSignal | undefined): Promise<Node | undefined> {
    return ifFound(this.#lookup.get(nodes, { name }, { signal }));
  }
}
