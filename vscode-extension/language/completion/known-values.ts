import type { ManifestObject } from '../checks/manifest-objects.ts';
import { l10n } from '../l10n.ts';
import { referenceRules, type ReferenceRule } from '../references/reference-rules.ts';
import type { ObjectId } from '../references/references.ts';
import { schemaAt, type SchemaAt } from '../schema/schema-at.ts';
import type { KindInfo } from '../schema/schema-model.ts';
import { entryOf, followed, textOf } from '../syntax/nodes.ts';
import { locate, type Path } from '../syntax/paths.ts';
import type { CompletionContext } from './complete.ts';

export interface KnownValue {
  readonly text: string;
  readonly detail?: string;
  /** Any text, which may need quotes. */
  readonly reference?: boolean;
}

/** The values that are likely for a scalar: its closed set, or names of what it refers to. */
export function scalarValues(
  path: Path,
  kind: KindInfo,
  object: ManifestObject,
  context: CompletionContext,
): KnownValue[] {
  const at = schemaAt(kind.schema, path);
  if (at?.schema.kind !== 'scalar') return [];
  const { values, type } = at.schema;
  if (values !== undefined) return values.map((text) => withDefault(text, at.field?.default));
  if (type === 'bool') return ['true', 'false'].map((text) => withDefault(text, at.field?.default));
  const names = references(path, at, kind, object, context);
  return names.length > 0 ? names : withinPod(path, object);
}

function withDefault(text: string, value: unknown): KnownValue {
  return String(value) === text ? { text, detail: l10n.t('unless set') } : { text };
}

function references(
  path: Path,
  at: SchemaAt,
  kind: KindInfo,
  object: ManifestObject,
  context: CompletionContext,
): KnownValue[] {
  const member = String(path.at(-1));
  const map = followed(locate(object.node, path.slice(0, -1)).node);
  if (map?.kind !== 'map') return [];
  const rule = ruleOf(at, path, kind);
  if (rule === undefined) return keysOfTarget(at, member, map, object, context);
  const target = rule.name === member ? rule.target(map) : undefined;
  if (target === undefined) return [];
  const { model, namespace } = context;
  const namespaced = model.inGroup(target.group, target.kind)?.namespaced ?? true;
  const place = target.namespace ?? object.namespace ?? namespace;
  const id = { group: target.group, kind: target.kind, ...(namespaced ? { namespace: place } : {}) };
  return namesOf(id, context);
}

function namesOf(id: Omit<ObjectId, 'name'>, { known }: CompletionContext): KnownValue[] {
  const inFiles = known.files.namesOf(id);
  const live = [...(known.live?.namesOf(id) ?? [])].filter((name) => !inFiles.has(name));
  return [
    ...[...inFiles].map((text) => ({
      text,
      reference: true,
      detail: l10n.t('{0} in these files', id.kind),
    })),
    ...live
      .toSorted()
      .map((text) => ({ text, reference: true, detail: l10n.t('{0} in the cluster', id.kind) })),
  ];
}

/** The rule of the field itself, or of the one whose value the map around it is. */
function ruleOf({ owner, field }: SchemaAt, path: Path, kind: KindInfo): ReferenceRule | undefined {
  const own = referenceRules.get(`${owner?.name ?? ''}.${field?.name ?? ''}`);
  if (own !== undefined) return own;
  const outer = schemaAt(kind.schema, path.slice(0, -1));
  const rule = referenceRules.get(`${outer?.owner?.name ?? ''}.${outer?.field?.name ?? ''}`);
  return rule?.within === true ? rule : undefined;
}

/** Keys of the ConfigMap or Secret that is named beside. */
function keysOfTarget(
  { owner }: SchemaAt,
  member: string,
  map: Extract<ReturnType<typeof followed>, { kind: 'map' }>,
  object: ManifestObject,
  { known, namespace }: CompletionContext,
): KnownValue[] {
  const rule = referenceRules.get(`${owner?.name ?? ''}.name`);
  const name = textOf(map, 'name');
  const target = rule?.key === member ? rule.target(map) : undefined;
  if (target === undefined || name === undefined) return [];
  const id: ObjectId = { ...target, name, namespace: object.namespace ?? namespace };
  const keys = known.files.find(id).flatMap((found) => found.keys);
  return (keys.length > 0 ? keys : (known.live?.keysOf(id) ?? [])).map((text) => ({ text, reference: true }));
}

/** Volumes that a container can mount: they stand in the same Pod. */
function withinPod(path: Path, { node }: ManifestObject): KnownValue[] {
  const containers = path.findLastIndex(
    (step) => step === 'containers' || step === 'initContainers' || step === 'ephemeralContainers',
  );
  const inside = path.slice(containers + 2);
  if (
    containers < 0 ||
    inside.at(-1) !== 'name' ||
    (inside[0] !== 'volumeMounts' && inside[0] !== 'volumeDevices')
  )
    return [];
  return namesIn(locate(node, [...path.slice(0, containers), 'volumes']).node);
}

function namesIn(list: Parameters<typeof followed>[0]): KnownValue[] {
  const target = followed(list);
  if (target?.kind !== 'list') return [];
  return target.items.flatMap((item) => {
    const text = textOf(item, 'name');
    return text === undefined ? [] : [{ text, reference: true }];
  });
}

const resources = ['cpu', 'memory', 'ephemeral-storage'];
const nodeLabels = [
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'topology.kubernetes.io/zone',
];
const objectLabels = [
  'app',
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/component',
  'app.kubernetes.io/part-of',
];

/** Keys that are likely in a map, with their values where those are known too. */
export function mapKeys(path: Path, { node }: ManifestObject): { key: string; value?: string }[] {
  const name = path.at(-1);
  const parent = path.at(-2);
  if ((name === 'requests' || name === 'limits') && parent === 'resources') {
    const storage = path.includes('volumeClaimTemplates') || path.length === 3;
    return (storage ? ['storage'] : resources).map((key) => ({ key }));
  }
  if (name === 'nodeSelector') return nodeLabels.map((key) => ({ key }));
  if (name === 'matchLabels' && parent === 'selector')
    return pairsOf(locate(node, [...path.slice(0, -2), 'template', 'metadata', 'labels']));
  if (name === 'labels') {
    const selector = pairsOf(locate(node, [...path.slice(0, -3), 'selector', 'matchLabels']));
    const known = new Set(selector.map(({ key }) => key));
    return [...selector, ...objectLabels.filter((key) => !known.has(key)).map((key) => ({ key }))];
  }
  return [];
}

function pairsOf({ node, entry }: ReturnType<typeof locate>): { key: string; value: string }[] {
  const map = followed(node);
  if (map?.kind !== 'map' || !['labels', 'matchLabels'].includes(entry?.key ?? '')) return [];
  return map.entries.flatMap(({ key }) => {
    const value = entryOf(map, key)?.value.value;
    return typeof value === 'string' ? [{ key, value }] : [];
  });
}
