import type { KubernetesObject } from '../../core/api/object.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import type { CategoryName } from './categories.ts';
import type { ObjectStatus } from './object-status.ts';

/** What the tree shows. Nodes keep their identity while what they stand for changes. */
export type TreeNode =
  | SelectorNode
  | ContextNode
  | NamespaceNode
  | CategoryNode
  | KindNode
  | RangeNode
  | ObjectNode
  | ContainerNode
  | MoreNode
  | MessageNode;

interface NodeBase {
  /** Unique in the tree and the same at every start. */
  readonly id: string;
  readonly parent: TreeNode | undefined;
}

/** What the tree shows, and what else it could show. */
export interface SelectorNode extends NodeBase {
  readonly type: 'selector';
  readonly what: 'context' | 'namespace';
  /** What is chosen; undefined for all namespaces. */
  readonly chosen: string | undefined;
}

/** A context of the kubeconfig. */
export interface ContextNode extends NodeBase {
  readonly type: 'context';
  readonly name: string;
  readonly current: boolean;
}

/** A namespace to look at; undefined for all of them. */
export interface NamespaceNode extends NodeBase {
  readonly type: 'namespace';
  readonly name: string | undefined;
  readonly current: boolean;
  /** Undefined where it is not known. */
  readonly status: ObjectStatus | undefined;
}

export interface CategoryNode extends NodeBase {
  readonly type: 'category';
  readonly name: CategoryName;
  /** What is served now; kinds come and go. */
  resources: readonly ServedResource[];
}

export interface KindNode extends NodeBase {
  readonly type: 'kind';
  /** As it is served now. */
  resource: ServedResource;
}

/** Some of very many objects, by name. */
export interface RangeNode extends NodeBase {
  readonly type: 'range';
  readonly resource: ServedResource;
  readonly from: string;
  readonly to: string;
  readonly objects: readonly KubernetesObject[];
}

export interface ObjectNode extends NodeBase {
  readonly type: 'object';
  /** Of the cluster it was seen in. */
  readonly context: string;
  /** As it is served now. */
  resource: ServedResource;
  /** The newest that is known. */
  object: KubernetesObject;
}

export interface ContainerNode extends NodeBase {
  readonly type: 'container';
  readonly role: 'main' | 'init' | 'ephemeral';
  readonly pod: ObjectNode;
  readonly name: string;
  readonly image: string;
  readonly status: ObjectStatus;
}

/** Stands for what is still on its way. */
export interface MoreNode extends NodeBase {
  readonly type: 'more';
  readonly remaining: number;
}

/** Why nothing else is there. */
export interface MessageNode extends NodeBase {
  readonly type: 'message';
  readonly text: string;
}

/** How many objects of a kind are shown, and how many of them ask for attention. */
export interface KindCounts {
  readonly total: number;
  readonly errors: number;
}
