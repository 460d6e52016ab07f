import { apiVersionOf } from '../../../core/api/resource.ts';
import type { JsonObject } from '../../../core/machinery/json.ts';
import { objectsOf, type ManifestObject } from '../checks/manifest-objects.ts';
import { l10n } from '../l10n.ts';
import { formerVersion, leavingField } from '../schema/former-versions.ts';
import type { KindInfo, SchemaModel } from '../schema/schema-model.ts';
import { schemaAt } from '../schema/schema-at.ts';
import { typeName } from '../schema/type-name.ts';
import { contains, type Range } from '../syntax/nodes.ts';
import type { ParsedDocument } from '../syntax/parse-document.ts';
import { nodeAt, type At } from '../syntax/paths.ts';
import { liveField, type FieldOwner } from './owners.ts';

export interface Hover {
  readonly range: Range;
  /** Markdown; each a paragraph. */
  readonly paragraphs: readonly string[];
}

export interface HoverContext {
  readonly model: SchemaModel;
  /** The object as the cluster has it, where it is known. */
  readonly live: ((object: ManifestObject) => JsonObject | undefined) | undefined;
}

/** What is to be said of the field, or the kind, at an offset of a document. */
export function hoverAt(
  document: ParsedDocument,
  offset: number,
  { model, live }: HoverContext,
): Hover | undefined {
  const object = objectAt(document, offset);
  if (object === undefined) return undefined;
  const at = nodeAt(object.node, offset);
  if (at === undefined || at.path.length === 0) return undefined;
  const kind = model.get(object.apiVersion, object.kind);
  if (kind === undefined) return formerHover(object, at);
  if (at.path.length === 1 && at.path[0] === 'kind' && !at.onKey) return kindHover(kind, at);
  const found = live?.(object);
  const paragraphs = [
    ...fieldParagraphs(kind, at),
    ...(found === undefined ? [] : liveParagraphs(found, object, kind, at)),
  ];
  return paragraphs.length === 0 ? undefined : { range: shown(at), paragraphs };
}

export function objectAt(document: ParsedDocument, offset: number): ManifestObject | undefined {
  return objectsOf(document.root).find(({ node }) => contains(node.range, offset));
}

function shown({ entry, node, onKey }: At): Range {
  return onKey && entry !== undefined ? entry.keyRange : node.range;
}

function formerHover({ apiVersion, kind }: ManifestObject, at: At): Hover | undefined {
  const former = formerVersion(apiVersion, kind);
  if (former?.now === undefined || (at.path[0] !== 'apiVersion' && at.path[0] !== 'kind')) return undefined;
  return { range: shown(at), paragraphs: [l10n.t('{0} is served as `{1}`', kind, former.now)] };
}

function kindHover(kind: KindInfo, at: At): Hover {
  const { shortNames, namespaced, plural } = kind;
  const about = kind.describe(kind.schema);
  const names = [plural, ...shortNames].map((name) => `\`${name}\``).join(', ');
  return {
    range: at.node.range,
    paragraphs: [
      `**${kind.kind}** \`${apiVersionOf(kind)}\``,
      ...(about === undefined ? [] : [about]),
      namespaced ? l10n.t('In a namespace; called {0}', names) : l10n.t('In no namespace; called {0}', names),
    ],
  };
}

function fieldParagraphs(kind: KindInfo, { path }: At): string[] {
  const at = schemaAt(kind.schema, path);
  if (at === undefined) return [];
  const { field, owner, schema } = at;
  const name = String(path.at(-1));
  const facts = [`**${name}**`, `\`${typeName(schema)}\``];
  // Items of a list and entries of a map have no facts but their type.
  if (field?.name !== name || owner === undefined)
    return typeof path.at(-1) === 'number' ? [] : [facts.join(' ')];
  if (field.required) facts.push(l10n.t('required'));
  if (field.default !== undefined && field.default !== '')
    facts.push(l10n.t('`{0}` unless set', JSON.stringify(field.default)));
  const values = schema.kind === 'scalar' ? schema.values : undefined;
  const leaving = owner.name === undefined ? undefined : leavingField(owner.name, name);
  const about = kind.describe(owner, name);
  return [
    facts.join(' · ').replace(' · ', ' '),
    ...(about === undefined ? [] : [about]),
    ...(values === undefined ? [] : [l10n.t('One of {0}', values.map((value) => `\`${value}\``).join(', '))]),
    ...(leaving === undefined
      ? []
      : [
          leaving.instead === undefined
            ? l10n.t('On its way out')
            : l10n.t('On its way out: use `{0}`', leaving.instead),
        ]),
  ];
}

const maxShownValue = 120;

function liveParagraphs(live: JsonObject, object: ManifestObject, kind: KindInfo, at: At): string[] {
  const { value, owners } = liveField(live, object.value, kind.schema, at.path);
  if (value === undefined) return [l10n.t('Not set in the cluster')];
  const scalar = typeof value !== 'object' || value === null;
  const differs = scalar && JSON.stringify(value) !== JSON.stringify(at.node.value);
  return [
    ...(differs ? [l10n.t('In the cluster: {0}', code(value))] : []),
    ...(owners.length === 0 ? [] : [owners.map(ownerText).join('  \n')]),
  ];
}

function ownerText({ manager, operation, subresource, time }: FieldOwner): string {
  const who = subresource === '' ? code(manager) : `${code(manager)} (${subresource})`;
  const when = time === undefined ? '' : ` · ${time}`;
  return operation === 'Apply'
    ? `${l10n.t('Applied by {0}', who)}${when}`
    : `${l10n.t('Set by {0}', who)}${when}`;
}

/** A value from the cluster, which must not become markup. */
function code(value: unknown): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replace(/[`\r\n]/g, ' ');
  return `\`${text.length > maxShownValue ? `${text.slice(0, maxShownValue)}…` : text}\``;
}
