import { isRendered, type CheckContext } from '../checks/document-context.ts';
import type { ManifestObject } from '../checks/manifest-objects.ts';
import { walkMembers, type TypedMember } from '../schema/walk.ts';
import { entryOf, type MapNode, type ScalarNode, type SyntaxNode } from '../syntax/nodes.ts';
import { referenceRules, type ReferenceRule } from './reference-rules.ts';

/** Names an object. `namespace` is absent for kinds that have none. */
export interface ObjectId {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** A place in a document where another object is named. */
export interface Reference {
  readonly target: ObjectId;
  /** The value that names it. */
  readonly node: ScalarNode;
  /** One of its keys that is asked for, where one is. */
  readonly key: ScalarNode | undefined;
  /** Nothing is wrong when the object is not there. */
  readonly optional: boolean;
  /** Somebody else often makes the object later. */
  readonly madeByOthers: boolean;
}

/** Every reference of an object to others, in the order of the text. */
export function referencesOf(
  object: ManifestObject,
  { model, namespace, document }: CheckContext,
): Reference[] {
  const kind = model.get(object.apiVersion, object.kind);
  if (kind === undefined) return [];
  const found: Reference[] = [];
  const isNamespaced = (id: Pick<ObjectId, 'group' | 'kind'>) =>
    model.inGroup(id.group, id.kind)?.namespaced ?? true;
  walkMembers(object.node, kind.schema, (member) => {
    const rule = referenceRules.get(`${member.owner.name ?? ''}.${member.field.name}`);
    if (rule === undefined) return;
    for (const holder of holdersOf(member, rule)) {
      const reference = read(holder, rule);
      if (reference === undefined || isRendered(document, reference.node.range)) continue;
      const { namespace: named, ...id } = reference.target;
      const place = isNamespaced(id) ? (named ?? object.namespace ?? namespace) : undefined;
      found.push({ ...reference, target: { ...id, ...(place === undefined ? {} : { namespace: place }) } });
    }
  });
  return found;
}

/** The maps that hold a name: the one that has the member, or those that are its value. */
function holdersOf({ entry, map }: TypedMember, { within }: ReferenceRule): readonly MapNode[] {
  if (within !== true) return [map];
  const { value } = entry;
  const items: readonly SyntaxNode[] = value.kind === 'list' ? value.items : [value];
  return items.filter((item) => item.kind === 'map');
}

function read(map: MapNode, rule: ReferenceRule): Reference | undefined {
  const node = entryOf(map, rule.name)?.value;
  const target = rule.target(map);
  if (node?.kind !== 'scalar' || typeof node.value !== 'string' || node.value === '' || target === undefined)
    return undefined;
  const key = rule.key === undefined ? undefined : entryOf(map, rule.key)?.value;
  return {
    target: { ...target, name: node.value },
    node,
    key: key?.kind === 'scalar' && typeof key.value === 'string' ? key : undefined,
    optional: entryOf(map, 'optional')?.value.value === true,
    madeByOthers: rule.madeByOthers === true,
  };
}
