// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.

import type { Toleration as core_v1_Toleration } from './core-v1.ts';
import type { ListMeta as meta_v1_ListMeta, ObjectMeta as meta_v1_ObjectMeta } from './meta-v1.ts';

export interface RuntimeClass {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ObjectMeta;
  readonly handler: string;
  readonly overhead?: Overhead | undefined;
  readonly scheduling?: Scheduling | undefined;
}

export interface Overhead {
  readonly podFixed?: { readonly [key: string]: string } | undefined;
}

export interface Scheduling {
  readonly nodeSelector?: { readonly [key: string]: string } | undefined;
  readonly tolerations?: readonly core_v1_Toleration[] | undefined;
}

export interface RuntimeClassList {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ListMeta;
  readonly items: readonly RuntimeClass[];
}

