import { apiVersionOf } from '../../../core/api/resource.ts';
import { objectsOf, type ManifestObject } from '../checks/manifest-objects.ts';
import { writeScalar } from '../fixes/edits.ts';
import { l10n } from '../l10n.ts';
import type { KnownObjects } from '../references/check-references.ts';
import { leavingField } from '../schema/former-versions.ts';
import type { KindInfo, SchemaModel } from '../schema/schema-model.ts';
import { schemaAt } from '../schema/schema-at.ts';
import { typeName } from '../schema/type-name.ts';
import type { Field, ObjectSchema, Schema } from '../../../core/machinery/schema.ts';
import { followed, textOf } from '../syntax/nodes.ts';
import { parseDocument, type ParsedDocument } from '../syntax/parse-document.ts';
import type { Path } from '../syntax/paths.ts';
import { literal, type Completion } from './completion.ts';
import { cursorAt, type Cursor } from './cursor.ts';
import { fieldSnippet, itemSnippet } from './field-snippet.ts';
import { mapKeys, scalarValues } from './known-values.ts';
import { objectSnippets } from './object-snippets.ts';

export interface CompletionContext {
  readonly model: SchemaModel;
  readonly namespace: string;
  readonly known: KnownObjects;
}

/**
 * What could be written at an offset of a document, the most likely first. `parse` is for who knows a quicker way than
 * from the beginning.
 */
export function complete(
  text: string,
  offset: number,
  context: CompletionContext,
  parse: (text: string) => ParsedDocument = parseDocument,
): Completion[] {
  const cursor = cursorAt(text, offset, parse);
  if (cursor === undefined) return isBlank(text) ? wholeObjects({ start: offset, end: offset }, context) : [];
  const object = objectAround(cursor);
  const kind = context.model.get(object?.apiVersion ?? '', object?.kind ?? '');
  const path = cursor.path.slice(object?.path.length ?? 0);
  if (path.length === 0 && cursor.position === 'key' && kind === undefined)
    return beginnings(cursor, context);
  if (cursor.position === 'value' && path.length === 1 && (path[0] === 'apiVersion' || path[0] === 'kind'))
    return identities(cursor, path[0], context);
  if (kind === undefined || object === undefined) return [];
  return cursor.position === 'key'
    ? keys(cursor, path, kind, object, context)
    : values(cursor, path, kind, object, context);
}

/** The object of the document that the cursor is in: an item of a list, or the document itself. */
function objectAround({ root, path }: Cursor): ManifestObject | undefined {
  const objects = objectsOf(root);
  const inList = objects.find(
    (object) => object.path.length > 0 && object.path.every((step, index) => step === path[index]),
  );
  if (inList !== undefined) return inList;
  const map = followed(root);
  if (map?.kind !== 'map' || objects.some((object) => object.path.length > 0)) return undefined;
  return {
    node: map,
    path: [],
    value: map.value as ManifestObject['value'],
    apiVersion: textOf(map, 'apiVersion') ?? '',
    kind: textOf(map, 'kind') ?? '',
    name: '',
    namespace: undefined,
  };
}

function isBlank(text: string): boolean {
  return /^(---)?[ \t]*(\r?\n[ \t]*(#.*)?)*$/.test(text);
}

function beginnings(cursor: Cursor, context: CompletionContext): Completion[] {
  const names = ['apiVersion', 'kind', 'metadata', 'spec'].filter((name) => !cursor.siblings.has(name));
  const fields = names.map((name, index): Completion => {
    const below = name === 'metadata' ? '\n  name: $1' : name === 'spec' ? '\n  $1' : ' $1';
    return {
      label: name,
      kind: 'field',
      snippet: cursor.hasColon ? name : `${name}:${below}`,
      replace: cursor.replace,
      sort: `0${index}`,
      asksForMore: !cursor.hasColon && index < 2,
    };
  });
  const fresh = !cursor.siblings.has('apiVersion') && !cursor.siblings.has('kind') && !cursor.hasColon;
  return fresh && cursor.column === 0 ? [...fields, ...wholeObjects(cursor.replace, context)] : fields;
}

function wholeObjects(replace: Completion['replace'], { model }: CompletionContext): Completion[] {
  return objectSnippets(model.all()).map(({ apiVersion, kind, lines }, index) => ({
    label: kind,
    kind: 'snippet',
    snippet: [`apiVersion: ${apiVersion}`, `kind: ${kind}`, ...lines, ''].join('\n'),
    replace,
    detail: l10n.t('A whole {0} of {1}', kind, apiVersion),
    documentation: describeKind(model.get(apiVersion, kind)),
    sort: `1${String(index).padStart(4, '0')}`,
  }));
}

/** Values of apiVersion and kind that go with what the other one says. */
function identities(
  cursor: Cursor,
  member: 'apiVersion' | 'kind',
  { model }: CompletionContext,
): Completion[] {
  const object = objectAround(cursor);
  const other = member === 'kind' ? object?.apiVersion : object?.kind;
  const wanted = model
    .all()
    .filter(
      (info) =>
        other === undefined || other === '' || (member === 'kind' ? apiVersionOf(info) : info.kind) === other,
    );
  const infos = wanted.length === 0 ? model.all() : wanted;
  const seen = new Set<string>();
  return infos.flatMap((info, index): Completion[] => {
    const value = member === 'kind' ? info.kind : apiVersionOf(info);
    if (seen.has(value)) return [];
    seen.add(value);
    return [
      {
        label: value,
        kind: 'kind',
        snippet: value,
        replace: cursor.replace,
        detail: member === 'kind' ? apiVersionOf(info) : undefined,
        documentation: member === 'kind' ? describeKind(info) : undefined,
        sort: String(index).padStart(4, '0'),
      },
    ];
  });
}

function describeKind(info: KindInfo | undefined): string | undefined {
  return info?.describe(info.schema);
}

function keys(
  cursor: Cursor,
  path: Path,
  kind: KindInfo,
  object: ManifestObject,
  context: CompletionContext,
): Completion[] {
  const at = schemaAt(kind.schema, path);
  switch (at?.schema.kind) {
    case 'object':
      return fields(cursor, at.schema, kind, path.length === 0);
    case 'map':
      return mapKeys(path, object)
        .filter(({ key }) => !cursor.siblings.has(key))
        .map(({ key, value }, index) => ({
          label: key,
          kind: 'value',
          snippet: cursor.hasColon
            ? literal(writeScalar(key))
            : literal(`${writeScalar(key)}: ${value === undefined ? '' : writeScalar(value)}`),
          replace: cursor.replace,
          sort: String(index).padStart(4, '0'),
        }));
    case 'list':
      // Below `containers:`, where an item with its dash is to be.
      return cursor.hasColon ? [] : [item(cursor, at.schema.items, String(path.at(-1)))];
    case 'scalar':
      return cursor.hasColon ? [] : values(cursor, path, kind, object, context);
    default:
      return [];
  }
}

function item(cursor: Cursor, items: Schema, name: string): Completion {
  return {
    label: '-',
    kind: 'snippet',
    snippet: `- ${itemSnippet(items, name, cursor.column + 2)}`,
    replace: cursor.replace,
    detail: l10n.t('An item of {0}', name),
    sort: '0',
  };
}

function fields(cursor: Cursor, schema: ObjectSchema, kind: KindInfo, isRoot: boolean): Completion[] {
  return [...schema.fields.values()]
    .filter(({ name }) => !cursor.siblings.has(name))
    .map((field, index) => ({
      label: field.name,
      kind: field.required ? 'required-field' : 'field',
      snippet: cursor.hasColon ? field.name : fieldSnippet(field, cursor),
      replace: cursor.replace,
      detail: detailOf(field),
      documentation: kind.describe(schema, field.name),
      sort: `${rankOf(field, schema, kind, isRoot)}${String(index).padStart(4, '0')}`,
      asksForMore: !cursor.hasColon && isChosen(field.schema),
    }));
}

/** Required ones first, then those that have a description because people use them, what is on its way out last. */
function rankOf(field: Field, schema: ObjectSchema, kind: KindInfo, isRoot: boolean): number {
  if (isRoot && field.name === 'status') return 9;
  if (schema.name !== undefined && leavingField(schema.name, field.name) !== undefined) return 8;
  if (field.required) return 0;
  return kind.describe(schema, field.name) === undefined ? 2 : 1;
}

function isChosen(schema: Schema): boolean {
  return schema.kind === 'scalar' && (schema.values !== undefined || schema.type === 'bool');
}

function detailOf(field: Field): string {
  const type = typeName(field.schema);
  if (field.required) return l10n.t('{0}, required', type);
  const { default: value } = field;
  if (value === undefined || typeof value === 'object' || value === '') return type;
  return l10n.t('{0}, {1} unless set', type, JSON.stringify(value));
}

function values(
  cursor: Cursor,
  path: Path,
  kind: KindInfo,
  object: ManifestObject,
  context: CompletionContext,
): Completion[] {
  return scalarValues(path, kind, object, context).map((value, index) => ({
    label: value.text,
    kind: value.reference === true ? 'reference' : 'value',
    snippet: literal(value.reference === true ? writeScalar(value.text) : value.text),
    replace: cursor.replace,
    detail: value.detail,
    sort: String(index).padStart(4, '0'),
  }));
}
