// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.

import type { GroupVersionKind as meta_v1_GroupVersionKind, ListMeta as meta_v1_ListMeta, ObjectMeta as meta_v1_ObjectMeta } from './meta-v1.ts';

export interface APIGroupDiscoveryList {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ListMeta;
  readonly items: readonly APIGroupDiscovery[];
}

export interface APIGroupDiscovery {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ObjectMeta;
  readonly versions?: readonly APIVersionDiscovery[] | undefined;
}

export interface APIVersionDiscovery {
  readonly version: string;
  readonly resources?: readonly APIResourceDiscovery[] | undefined;
  readonly freshness?: string | undefined;
}

export interface APIResourceDiscovery {
  readonly resource: string;
  readonly responseKind?: meta_v1_GroupVersionKind | undefined;
  readonly scope: string;
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[] | undefined;
  readonly categories?: readonly string[] | undefined;
  readonly subresources?: readonly APISubresourceDiscovery[] | undefined;
}

export interface APISubresourceDiscovery {
  readonly subresource: string;
  readonly responseKind?: meta_v1_GroupVersionKind | undefined;
  readonly acceptedTypes?: readonly meta_v1_GroupVersionKind[] | undefined;
  readonly verbs: readonly string[];
}

