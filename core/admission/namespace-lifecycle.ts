import { forbidden, isNotFound, notFound, StatusError } from '../api/errors.ts';
import type { Namespace } from '../api/generated/core-v1.ts';
import { localsubjectaccessreviews, namespaces } from '../api/generated/resources.ts';
import { isSameResource } from '../api/resource.ts';
import type { Reader } from '../client/client.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';

/** Namespaces without which the cluster does not work. */
const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/**
 * Nothing is created in a namespace that is not there or on its way out (apiserver/pkg/admission/plugin/namespace).
 */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle';
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  handles({ operation, declaration, namespace }: AdmissionRequest): boolean {
    if (operation === 'DELETE') return isSameResource(declaration, namespaces);
    // Whether somebody may do something in a namespace can be asked of any.
    if (isSameResource(declaration, localsubjectaccessreviews)) return false;
    return operation === 'CREATE' && declaration.namespaced && namespace !== undefined;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    if (request.operation === 'DELETE') return this.#checkDeletion(request);
    const { declaration, name, signal } = request;
    const namespace = request.namespace as string;
    const found = await this.#find(namespace, signal);
    if (found.status.phase !== 'Terminating' && found.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const { status } = forbidden(declaration, name, why);
    throw StatusError.fromStatus({
      ...status,
      details: {
        ...status.details,
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      },
    });
  }

  #checkDeletion({ name, declaration }: AdmissionRequest): void {
    if (immortal.has(name)) throw forbidden(declaration, name, 'this namespace may not be deleted');
  }

  async #find(name: string, signal: AbortSignal | undefined): Promise<Namespace> {
    try {
      return await this.#reader.get(namespaces, { name }, { signal });
    } catch (error) {
      if (isNotFound(error)) throw notFound(namespaces, name);
      throw error;
    }
  }
}
