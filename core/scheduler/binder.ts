import type { Binding } from '../api/generated/core-v1.ts';
import { pods } from '../api/generated/resources.ts';
import type { Writer } from '../client/client.ts';
import type { PodFacts } from './cluster/pod-facts.ts';

export interface Assignment {
  readonly facts: PodFacts;
  readonly nodeName: string;
}

/** Makes a placement known to the API: rejects with its `StatusError` when the Pod is gone or bound already. */
export interface Binder {
  bind(assignment: Assignment, signal: AbortSignal): Promise<void>;
}

/** Binds by the subresource "binding", a call a Pod: calls that wait together are the store's to join. */
export class ClientBinder implements Binder {
  readonly #client: Pick<Writer, 'createSubresource'>;

  constructor(client: Pick<Writer, 'createSubresource'>) {
    this.#client = client;
  }

  async bind({ facts, nodeName }: Assignment, signal: AbortSignal): Promise<void> {
    const { namespace, name } = facts;
    const binding: Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid: facts.uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    };
    await this.#client.createSubresource(pods, { namespace, name }, 'binding', binding, { signal });
  }
}
