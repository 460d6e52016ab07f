import type { MatchResources, ParamRef } from '../../api/generated/admissionregistration-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Matcher } from '../matching.ts';
import { resourceMatcher } from './compiled.ts';

/** Where and with which parameters a policy applies. */
export interface CompiledBinding {
  readonly name: string;
  readonly paramRef: ParamRef | undefined;
  readonly matcher: Matcher;
  /** Of validating policies. */
  readonly validationActions: readonly string[];
}

interface BindingObject extends KubernetesObject {
  readonly spec: {
    readonly policyName?: string | undefined;
    readonly paramRef?: ParamRef | undefined;
    readonly matchResources?: MatchResources | undefined;
    readonly validationActions?: readonly string[] | undefined;
  };
}

/** By the names of their policies. */
export function bindingsByPolicy(
  bindings: readonly BindingObject[],
): ReadonlyMap<string, readonly CompiledBinding[]> {
  const found = new Map<string, CompiledBinding[]>();
  for (const { metadata, spec } of bindings) {
    const { policyName = '', paramRef, matchResources = {}, validationActions = [] } = spec;
    const binding: CompiledBinding = {
      name: metadata.name ?? '',
      paramRef,
      matcher: resourceMatcher(matchResources, undefined),
      validationActions,
    };
    const known = found.get(policyName);
    if (known === undefined) found.set(policyName, [binding]);
    else known.push(binding);
  }
  return found;
}
