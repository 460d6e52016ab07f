// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.

import type { ListMeta as meta_v1_ListMeta, ObjectMeta as meta_v1_ObjectMeta } from './meta-v1.ts';

export interface Lease {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ObjectMeta;
  readonly spec: LeaseSpec;
}

export interface LeaseSpec {
  readonly holderIdentity?: string | undefined;
  readonly leaseDurationSeconds?: number | undefined;
  readonly acquireTime?: string | undefined;
  readonly renewTime?: string | undefined;
  readonly leaseTransitions?: number | undefined;
  readonly strategy?: string | undefined;
  readonly preferredHolder?: string | undefined;
}

export interface LeaseList {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly metadata: meta_v1_ListMeta;
  readonly items: readonly Lease[];
}

