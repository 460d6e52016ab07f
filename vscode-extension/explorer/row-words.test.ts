import { describe, expect, test } from 'vitest';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { pod } from '../../test/builders/index.ts';
import { rowWords, sharedWords } from './row-words.ts';
import type { ContainerNode, ObjectNode } from './tree-node.ts';

describe('what can be done with rows', () => {
  const row = (
    group: string,
    kind: string,
    verbs: readonly string[],
    subresources: readonly string[] = [],
  ) => {
    const resource: ServedResource = {
      group,
      version: 'v1',
      kind,
      plural: `${kind.toLowerCase()}s`,
      namespaced: true,
      singular: kind.toLowerCase(),
      shortNames: [],
      categories: [],
      verbs,
      subresources,
    };
    const object = pod().build();
    const node: ObjectNode = {
      type: 'object',
      id: kind,
      parent: undefined,
      context: 'dev',
      resource,
      object,
    };
    return node;
  };
  const all = ['get', 'update', 'delete'];
  const web = row('', 'Pod', all);
  const deployment = row('apps', 'Deployment', all, ['scale']);
  const readOnly = row('', 'Event', ['get']);
  const container: ContainerNode = {
    type: 'container',
    id: 'c',
    parent: web,
    role: 'main',
    pod: web,
    name: 'c',
    image: '',
    status: { text: '', severity: undefined },
  };

  test('is what their kinds allow', () => {
    expect(rowWords(deployment)).toEqual(
      expect.arrayContaining(['object', 'scalable', 'undoable', 'loggable']),
    );
    expect(rowWords(readOnly)).toEqual(['object', 'Event', 'describable']);
    expect(rowWords(container)).toContain('executable');
  });

  test('is, of several, what all of them allow', () => {
    expect(sharedWords([web, deployment])).toEqual(
      expect.arrayContaining(['describable', 'editable', 'deletable', 'loggable']),
    );
    expect(sharedWords([web, deployment])).not.toContain('executable');
    expect(sharedWords([web, container])).toEqual(['loggable', 'executable']);
    expect(sharedWords([deployment, readOnly])).toEqual(['object', 'describable']);
    expect(sharedWords([])).toEqual([]);
  });
});
