// Generated from core/api/schema/*.json by `npm run generate`. Do not edit.

import type { UserInfo as authentication_v1_UserInfo } from './authentication-v1.ts';
import type { GroupVersionKind as meta_v1_GroupVersionKind, GroupVersionResource as meta_v1_GroupVersionResource, Status as meta_v1_Status } from './meta-v1.ts';

export interface AdmissionReview {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly request?: AdmissionRequest | undefined;
  readonly response?: AdmissionResponse | undefined;
}

export interface AdmissionRequest {
  readonly uid?: string | undefined;
  readonly kind?: meta_v1_GroupVersionKind | undefined;
  readonly resource?: meta_v1_GroupVersionResource | undefined;
  readonly subResource?: string | undefined;
  readonly requestKind?: meta_v1_GroupVersionKind | undefined;
  readonly requestResource?: meta_v1_GroupVersionResource | undefined;
  readonly requestSubResource?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly operation?: string | undefined;
  readonly userInfo?: authentication_v1_UserInfo | undefined;
  readonly object?: unknown | undefined;
  readonly oldObject?: unknown | undefined;
  readonly dryRun?: boolean | undefined;
  readonly options?: unknown | undefined;
}

export interface AdmissionResponse {
  readonly uid?: string | undefined;
  readonly allowed?: boolean | undefined;
  readonly status?: meta_v1_Status | undefined;
  readonly patch?: string | undefined;
  readonly patchType?: string | undefined;
  readonly auditAnnotations?: { readonly [key: string]: string } | undefined;
  readonly warnings?: readonly string[] | undefined;
}

