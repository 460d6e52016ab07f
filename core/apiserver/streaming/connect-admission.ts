import type { AdmissionChain, AdmissionRequest } from '../../admission/chain.ts';
import type { KubernetesObject, Mutable } from '../../api/object.ts';
import type { Scheme } from '../../api/scheme.ts';
import { objectSchemaOf } from '../../api/schema/schemas.ts';
import type { Call } from '../../api/verbs.ts';

/** What is connected to. */
export interface ConnectTarget {
  readonly resource: 'pods' | 'services' | 'nodes';
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: 'exec' | 'attach' | 'portforward' | 'proxy';
}

/**
 * Takes a connection through admission, as upstream's operation CONNECT.
 * @param options members of the options of upstream's API, such as PodExecOptions; resolves to what becomes of them
 */
export type AdmitConnect = <T extends Readonly<Record<string, unknown>>>(
  call: Call,
  target: ConnectTarget,
  options: T,
) => Promise<T>;

const kinds = {
  pods: {
    exec: 'PodExecOptions',
    attach: 'PodAttachOptions',
    portforward: 'PodPortForwardOptions',
    proxy: 'PodProxyOptions',
  },
  services: { proxy: 'ServiceProxyOptions' },
  nodes: { proxy: 'NodeProxyOptions' },
} as const;

export function connectAdmission(chain: AdmissionChain, scheme: Scheme): AdmitConnect {
  return async (call, { resource, namespace, name, subresource }, options) => {
    const declaration = scheme.byResource('', 'v1', resource);
    const kind = (kinds[resource] as Readonly<Record<string, string>>)[subresource];
    if (declaration === undefined || kind === undefined)
      throw new Error(`Cannot admit a connection to ${resource}/${subresource}: there is no such thing`);
    const object = { kind, apiVersion: 'v1', ...options };
    const request: AdmissionRequest = {
      operation: 'CONNECT',
      declaration,
      subresource,
      namespace,
      name,
      // Upstream's options have no metadata, and nothing that sees connections asks for it.
      object: object as unknown as Mutable<KubernetesObject>,
      old: undefined,
      user: call.user,
      dryRun: false,
      signal: call.signal,
      view: {
        requested: declaration,
        body: { group: '', version: 'v1', kind, schema: objectSchemaOf(`core/v1.${kind}`) },
      },
      warn: call.warn ?? (() => {}),
      annotate: (key, value) => call.tracker?.annotate(key, value),
    };
    await chain.mutate(request);
    await chain.validate(request);
    return object;
  };
}
