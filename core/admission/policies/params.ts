import { isNotFound } from '../../api/errors.ts';
import type { ParamKind, ParamRef } from '../../api/generated/admissionregistration-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { parseApiVersion } from '../../api/resource.ts';
import type { Resource } from '../../api/resource.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import { selectorFromObject } from '../../machinery/label-selector.ts';
import { inForm } from '../attributes.ts';
import type { AdmissionRequest } from '../chain.ts';
import type { Lookup } from '../lookup.ts';

export interface ParamsOptions {
  readonly scheme: Scheme;
  readonly lookup: Lookup;
}

/** The policy or the binding cannot work: as its text says. */
export class ConfigurationProblem extends Error {
  override readonly name = 'ConfigurationProblem';
}

/** The kind of a policy's parameters. @throws ConfigurationProblem where it is not served */
export function kindOfParams({ apiVersion = '', kind = '' }: ParamKind, scheme: Scheme): KindDeclaration {
  const { group, version } = parseApiVersion(apiVersion);
  const declaration = scheme.byKind(group, version, kind);
  if (declaration !== undefined) return declaration;
  throw new ConfigurationProblem(
    `failed to find resource referenced by paramKind: '${group}/${version}, Kind=${kind}'`,
  );
}

/**
 * The parameters that a binding refers to: the policy is evaluated once for each. Undefined stands for a policy
 * or a binding that needs none (apiserver/pkg/admission/plugin/policy/generic: CollectParams).
 * @throws ConfigurationProblem
 */
export async function paramsOf(
  kind: KindDeclaration | undefined,
  ref: ParamRef | undefined,
  request: AdmissionRequest,
  options: ParamsOptions,
): Promise<readonly (KubernetesObject | undefined)[]> {
  if (kind === undefined || ref === undefined) return [undefined];
  const namespace = namespaceOfParams(kind, ref, request);
  const found = await find(kind, ref, namespace, request.signal, options);
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny')
    throw new ConfigurationProblem('no params found for policy binding with `Deny` parameterNotFoundAction');
  return Promise.all(
    found.map((param) => inForm(param, storedForm(kind, options.scheme), kind, request.signal)),
  );
}

function namespaceOfParams(
  kind: KindDeclaration,
  { namespace = '' }: ParamRef,
  request: AdmissionRequest,
): string | undefined {
  if (!kind.namespaced) {
    if (namespace === '') return undefined;
    throw new ConfigurationProblem(
      'paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
    );
  }
  if (namespace !== '') return namespace;
  const within = request.declaration.namespaced ? request.namespace : undefined;
  if (within !== undefined) return within;
  throw new ConfigurationProblem(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}

async function find(
  kind: KindDeclaration,
  { name = '', selector }: ParamRef,
  namespace: string | undefined,
  signal: AbortSignal | undefined,
  { lookup }: ParamsOptions,
): Promise<readonly KubernetesObject[]> {
  const { group, version, plural, namespaced } = kind;
  const resource: Resource<KubernetesObject> = { group, version, plural, kind: kind.kind, namespaced };
  if (name === '') {
    const labelSelector = selectorFromObject(selector ?? {}).toString();
    return (await lookup.list(resource, { namespace, labelSelector, signal })).items;
  }
  try {
    return [await lookup.get(resource, { namespace, name }, { signal })];
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** The form in which objects of a kind are read from the store. */
function storedForm(kind: KindDeclaration, scheme: Scheme): KindDeclaration {
  const { conversion } = kind;
  if (conversion === undefined) return kind;
  return scheme.byResource(conversion.group, conversion.version, kind.plural) ?? kind;
}
