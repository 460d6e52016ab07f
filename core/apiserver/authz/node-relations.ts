import { isMirror } from '../../api/mirror-pods.ts';
import type { Lookup } from '../../admission/lookup.ts';
import { ifFound } from '../../api/errors.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import {
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  volumeattachments,
} from '../../api/generated/resources.ts';
import { escapeFieldValue } from '../../machinery/field-selector.ts';
import { claimNames, configMapNames, includes, secretNames } from './pod-references.ts';
import { nodeNeedsSecret } from './volume-secrets.ts';

/** Whether a node has to do with an object: its namespace ("" for none) and its name. */
export type Relation = (node: string, namespace: string, name: string) => Promise<boolean>;

/**
 * What the Pods on a node use, directly or through their claims' volumes. Upstream keeps all of this as a graph
 * (plugin/pkg/auth/authorizer/node/graph.go); here it is looked up when asked, by the index of Pods by their node, so
 * that it is never older than what the agent itself has seen, and costs nothing for Pods that nobody asks about.
 */
export class NodeRelations {
  readonly #client: Pick<Lookup, 'get' | 'list'>;

  constructor(client: Pick<Lookup, 'get' | 'list'>) {
    this.#client = client;
  }

  readonly configMap: Relation = (node, namespace, name) =>
    this.#isUsed(node, namespace, (pod) => includes(configMapNames(pod), name));

  readonly claim: Relation = (node, namespace, name) =>
    this.#isUsed(node, namespace, (pod) => includes(claimNames(pod), name));

  readonly serviceAccount: Relation = (node, namespace, name) =>
    this.#isUsed(node, namespace, ({ spec }) => spec.serviceAccountName === name);

  /** Of its Pods, or of a volume that one of them claims. */
  readonly secret: Relation = async (node, namespace, name) =>
    (await this.#isUsed(node, namespace, (pod) => includes(secretNames(pod), name))) ||
    (await this.#isOfVolume(node, namespace, name));

  /** Bound to a claim of one of its Pods. */
  readonly volume: Relation = async (node, _namespace, name) => {
    const claim = (await ifFound(this.#client.get(persistentvolumes, { name })))?.spec.claimRef;
    return claim !== undefined && this.claim(node, claim.namespace ?? '', claim.name ?? '');
  };

  readonly attachment: Relation = async (node, _namespace, name) =>
    (await ifFound(this.#client.get(volumeattachments, { name })))?.spec.nodeName === node;

  async #isUsed(node: string, namespace: string, uses: (pod: Pod) => boolean): Promise<boolean> {
    return (await this.#podsOn(node, { namespace })).some(uses);
  }

  /** A node makes mirror Pods itself: what they name gives it nothing. */
  async #podsOn(node: string, where: { readonly namespace?: string }): Promise<readonly Pod[]> {
    const fieldSelector = `spec.nodeName=${escapeFieldValue(node)}`;
    const { items } = await this.#client.list(pods, { ...where, fieldSelector });
    return items.filter((pod) => !isMirror(pod));
  }

  /** A volume's Secret may be in another namespace than the claim and its Pod. */
  async #isOfVolume(node: string, namespace: string, name: string): Promise<boolean> {
    for (const pod of await this.#podsOn(node, {})) {
      const claims = { namespace: pod.metadata.namespace };
      for (const claimName of claimNames(pod)) {
        const claim = await ifFound(this.#client.get(persistentvolumeclaims, { ...claims, name: claimName }));
        const volumeName = claim?.spec.volumeName ?? '';
        if (volumeName === '') continue;
        const volume = await ifFound(this.#client.get(persistentvolumes, { name: volumeName }));
        // Whoever makes a claim chooses the volume it names; which claim has it is for the volume to say.
        const bound = volume?.spec.claimRef;
        if (volume === undefined || bound?.namespace !== claims.namespace || bound?.name !== claimName)
          continue;
        if (nodeNeedsSecret(volume, namespace, name)) return true;
      }
    }
    return false;
  }
}
