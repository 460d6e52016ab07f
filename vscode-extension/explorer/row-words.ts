import { capabilitiesOf } from './capabilities.ts';
import type { TreeNode } from './tree-node.ts';

/** What can be done with a row, and what it is: the words by which the manifest tells where commands are offered. */
export function rowWords(node: TreeNode): readonly string[] {
  switch (node.type) {
    case 'object':
      return ['object', node.resource.kind, ...capabilitiesOf(node.resource)];
    case 'container':
      return ['container', node.role, 'loggable', 'executable'];
    case 'selector':
      return [`choose-${node.what}`];
    default:
      return [node.type];
  }
}

/** What can be done with all of some rows. */
export function sharedWords(nodes: readonly TreeNode[]): readonly string[] {
  const [first = [], ...others] = nodes.map(rowWords);
  return first.filter((word) => others.every((words) => words.includes(word)));
}
