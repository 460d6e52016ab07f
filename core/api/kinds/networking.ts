import type { EndpointSlice } from '../generated/discovery-v1.ts';
import type { IngressClass } from '../generated/networking-v1.ts';
import { endpoints, endpointslices, ingressclasses, ingresses } from '../generated/resources.ts';
import type { Mutable } from '../object.ts';
import {
  validateEndpoints,
  validateEndpointSlice,
  validateEndpointSliceUpdate,
  validateIngress,
  validateIngressClass,
  validateIngressClassUpdate,
} from '../validation/networking.ts';
import { declareKind } from './declare.ts';

export const ingressKind = declareKind(ingresses, { generation: true, validate: validateIngress });

export const ingressClassKind = declareKind(ingressclasses, {
  generation: true,
  applyDefaults: defaultIngressClass,
  validate: validateIngressClass,
  validateUpdate: validateIngressClassUpdate,
});

function defaultIngressClass({ spec }: Mutable<IngressClass>): void {
  if (spec.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
}

export const endpointsKind = declareKind(endpoints, {
  createOnUpdate: true,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  validate: validateEndpoints,
});

export const endpointSliceKind = declareKind(endpointslices, {
  generation: true,
  applyDefaults: defaultEndpointSlice,
  validate: validateEndpointSlice,
  validateUpdate: validateEndpointSliceUpdate,
});

function defaultEndpointSlice({ ports }: Mutable<EndpointSlice>): void {
  for (const port of ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
}
