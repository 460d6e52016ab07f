import type { Ingress } from '../api/generated/networking-v1.ts';
import { ingressclasses, ingresses } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { isCreationOf } from './creation.ts';
import { newestDefault } from './defaults.ts';
import type { Lookup } from './lookup.ts';

/** How ingresses named their class before there was a field for it. */
const classAnnotation = 'kubernetes.io/ingress.class';
const defaultAnnotation = 'ingressclass.kubernetes.io/is-default-class';

/** Ingresses that do not name a class get the default one, if there is one (plugin/pkg/admission/network/defaultingressclass). */
export class DefaultIngressClass implements AdmissionPlugin {
  readonly name = 'DefaultIngressClass';
  readonly #lookup: Pick<Lookup, 'list'>;

  constructor(lookup: Pick<Lookup, 'list'>) {
    this.#lookup = lookup;
  }

  handles(request: AdmissionRequest): boolean {
    return isCreationOf(request, ingresses);
  }

  async mutate({ object, signal }: AdmissionRequest): Promise<void> {
    const { metadata, spec } = object as unknown as Mutable<Ingress>;
    if (spec.ingressClassName !== undefined || metadata.annotations?.[classAnnotation] !== undefined) return;
    const { items } = await this.#lookup.list(ingressclasses, { signal });
    const name = newestDefault(items, [defaultAnnotation])?.metadata.name;
    if (name !== undefined) spec.ingressClassName = name;
  }
}
