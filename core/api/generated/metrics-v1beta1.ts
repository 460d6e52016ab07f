// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.

import type { ListMeta as meta_v1_ListMeta, ObjectMeta as meta_v1_ObjectMeta } from './meta-v1.ts';

export interface NodeMetrics {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ObjectMeta;
  readonly timestamp: string;
  readonly window: string;
  readonly usage: { readonly [key: string]: string };
}

export interface NodeMetricsList {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ListMeta;
  readonly items: readonly NodeMetrics[];
}

export interface PodMetrics {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ObjectMeta;
  readonly timestamp: string;
  readonly window: string;
  readonly containers: readonly ContainerMetrics[];
}

export interface PodMetricsList {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ListMeta;
  readonly items: readonly PodMetrics[];
}

export interface ContainerMetrics {
  readonly name: string;
  readonly usage: { readonly [key: string]: string };
}

