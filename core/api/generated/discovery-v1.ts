// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.

import type { ObjectReference as core_v1_ObjectReference } from './core-v1.ts';
import type { ListMeta as meta_v1_ListMeta, ObjectMeta as meta_v1_ObjectMeta } from './meta-v1.ts';

export interface EndpointSlice {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ObjectMeta;
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly endpoints?: readonly Endpoint[] | undefined;
  readonly ports?: readonly EndpointPort[] | undefined;
}

export interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: EndpointConditions | undefined;
  readonly hostname?: string | undefined;
  readonly targetRef?: core_v1_ObjectReference | undefined;
  readonly deprecatedTopology?: { readonly [key: string]: string } | undefined;
  readonly nodeName?: string | undefined;
  readonly zone?: string | undefined;
  readonly hints?: EndpointHints | undefined;
}

export interface EndpointConditions {
  readonly ready?: boolean | undefined;
  readonly serving?: boolean | undefined;
  readonly terminating?: boolean | undefined;
}

export interface EndpointHints {
  readonly forZones?: readonly ForZone[] | undefined;
  readonly forNodes?: readonly ForNode[] | undefined;
}

export interface ForZone {
  readonly name: string;
}

export interface ForNode {
  readonly name: string;
}

export interface EndpointPort {
  readonly name?: string | undefined;
  readonly protocol?: "TCP" | "UDP" | "SCTP" | undefined;
  readonly port?: number | undefined;
  readonly appProtocol?: string | undefined;
}

export interface EndpointSliceList {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ListMeta;
  readonly items: readonly EndpointSlice[];
}

