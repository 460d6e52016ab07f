import type { KindDeclaration } from '../scheme.ts';
import type { SubresourceFact } from '../schema/facts.ts';
import { typeOfKind } from '../protobuf/types.ts';
import { apiVersionOf } from '../resource.ts';
import type { JsonSchema, OpenApiVersion, SchemaCollection } from './schemas.ts';

type Parameter = Readonly<Record<string, unknown>>;
type Operation = Readonly<Record<string, unknown>>;
type PathItem = Record<string, Operation | readonly Parameter[]>;

const deleteOptionsType = 'meta/v1.DeleteOptions';
const statusType = 'meta/v1.Status';
const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const replyTypes = ['application/json', 'application/yaml'];
const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

function needsNoType(type: string): boolean {
  return !type.includes('strategic');
}

/** Query parameters by name: type and what they do. */
const texts = {
  pretty: ['string', 'Ask for output that people can read.'],
  dryRun: ['string', '"All" runs every check and stores nothing.'],
  fieldManager: ['string', 'Who is written down as the owner of what this request sets.'],
  fieldValidation: ['string', 'What becomes of unknown and duplicate fields: "Ignore", "Warn" or "Strict".'],
  force: ['boolean', 'Take fields over from their owners; for apply only.'],
  labelSelector: ['string', 'Only objects whose labels match.'],
  fieldSelector: ['string', 'Only objects whose fields match.'],
  limit: ['integer', 'The most objects of one page.'],
  continue: ['string', 'The token of the page before.'],
  resourceVersion: ['string', 'How new the answer must be.'],
  resourceVersionMatch: ['string', 'How resourceVersion is meant: "Exact" or "NotOlderThan".'],
  timeoutSeconds: ['integer', 'How long a list or watch may take.'],
  watch: ['boolean', 'Follow changes instead of listing.'],
  allowWatchBookmarks: ['boolean', 'Let the watch tell how far it has come.'],
  sendInitialEvents: ['boolean', 'Begin a watch with what there is, and mark the end of that.'],
  gracePeriodSeconds: ['integer', 'Seconds until the object is gone; 0 is at once.'],
  propagationPolicy: ['string', 'What becomes of dependents: "Orphan", "Background" or "Foreground".'],
} as const;

const reading: readonly (keyof typeof texts)[] = [
  'labelSelector',
  'fieldSelector',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'timeoutSeconds',
];
const watching: readonly (keyof typeof texts)[] = ['watch', 'allowWatchBookmarks', 'sendInitialEvents'];
const writing: readonly (keyof typeof texts)[] = ['dryRun', 'fieldManager', 'fieldValidation'];
const deleting: readonly (keyof typeof texts)[] = ['dryRun', 'gracePeriodSeconds', 'propagationPolicy'];

/** The paths of a kind with the operations that are served there; schemas join `schemas`. */
export function pathsOf(
  kind: KindDeclaration,
  schemas: SchemaCollection,
  version: OpenApiVersion,
): Readonly<Record<string, PathItem>> {
  return new KindPaths(kind, schemas, version).all();
}

class KindPaths {
  readonly #kind: KindDeclaration;
  readonly #schemas: SchemaCollection;
  readonly #version: OpenApiVersion;

  constructor(kind: KindDeclaration, schemas: SchemaCollection, version: OpenApiVersion) {
    this.#kind = kind;
    this.#schemas = schemas;
    this.#version = version;
  }

  all(): Record<string, PathItem> {
    const { group, version, plural, namespaced, subresources = {} } = this.#kind;
    const base = `${group === '' ? '/api' : `/apis/${group}`}/${version}`;
    const collection = `${base}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}`;
    const paths: Record<string, PathItem> = {};
    this.#put(paths, collection, this.#collectionOperations());
    if (namespaced && this.#can('list')) this.#put(paths, `${base}/${plural}`, { get: this.#list(true) });
    this.#put(paths, `${collection}/{name}`, this.#objectOperations());
    for (const [name, fact] of Object.entries(subresources)) {
      const path = `${collection}/{name}/${name}`;
      this.#put(paths, path, this.#subresourceOperations(name, fact));
      if (fact.path === true)
        this.#put(paths, `${path}/{path}`, this.#subresourceOperations(name, fact, 'WithPath'));
    }
    return paths;
  }

  #can(verb: string): boolean {
    return this.#kind.verbs.includes(verb);
  }

  #put(
    paths: Record<string, PathItem>,
    path: string,
    operations: Record<string, Operation | undefined>,
  ): void {
    const served = Object.entries(operations).filter(
      (entry): entry is [string, Operation] => entry[1] !== undefined,
    );
    if (served.length === 0) return;
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
    const parameters = names.map((name) => this.#parameter(name, 'path', 'string', undefined));
    paths[path] = { ...Object.fromEntries(served), ...(parameters.length === 0 ? {} : { parameters }) };
  }

  #collectionOperations(): Record<string, Operation | undefined> {
    return {
      get: this.#can('list') ? this.#list(false) : undefined,
      post: this.#can('create')
        ? this.#operation('post', 'create', { query: writing, body: this.#object(), reply: this.#object() })
        : undefined,
      delete: this.#can('deletecollection')
        ? this.#operation('deletecollection', 'deleteCollection', {
            query: [...reading, ...deleting],
            body: this.#schemas.reference(deleteOptionsType),
            reply: this.#schemas.reference(statusType),
          })
        : undefined,
    };
  }

  #objectOperations(): Record<string, Operation | undefined> {
    const object = this.#object();
    return {
      get: this.#can('get')
        ? this.#operation('get', 'read', { query: ['pretty'], reply: object })
        : undefined,
      put: this.#can('update')
        ? this.#operation('put', 'replace', { query: writing, body: object, reply: object })
        : undefined,
      patch: this.#can('patch') ? this.#patch('', object) : undefined,
      delete: this.#can('delete')
        ? this.#operation('delete', 'delete', {
            query: deleting,
            body: this.#schemas.reference(deleteOptionsType),
            reply: this.#schemas.reference(statusType),
          })
        : undefined,
    };
  }

  #subresourceOperations(
    name: string,
    fact: SubresourceFact,
    ending = '',
  ): Record<string, Operation | undefined> {
    const suffix = `${pascal(name)}${ending}`;
    const gvk = {
      group: fact.group ?? this.#kind.group,
      version: fact.version ?? this.#kind.version,
      kind: fact.kind,
    };
    const can = (verb: string) => fact.verbs.includes(verb);
    if (fact.connect === true) {
      const methods = { get: 'get', post: 'create', put: 'update', patch: 'patch', delete: 'delete' };
      return Object.fromEntries(
        Object.entries(methods)
          .filter(([, verb]) => can(verb))
          .map(([method]) => [
            method,
            this.#operation('connect', `connect${pascal(method)}`, {
              suffix,
              gvk,
              query: [],
              reply: { type: 'string' },
            }),
          ]),
      );
    }
    const type = typeOfKind(apiVersionOf(gvk), fact.kind);
    const reply = type === undefined ? this.#object() : this.#schemas.reference(type);
    const operation = (action: string, verb: string, body: boolean) =>
      this.#operation(action, verb, {
        suffix,
        gvk,
        query: body ? writing : ['pretty'],
        reply,
        ...(body ? { body: reply } : {}),
      });
    return {
      get: can('get') ? operation('get', 'read', false) : undefined,
      put: can('update') ? operation('put', 'replace', true) : undefined,
      patch: can('patch') ? this.#patch(suffix, reply, gvk) : undefined,
      post: can('create') ? operation('post', 'create', true) : undefined,
    };
  }

  #list(everywhere: boolean): Operation {
    const query = this.#can('watch') ? [...reading, ...watching] : reading;
    return this.#operation('list', 'list', { query, reply: this.#objectList(), everywhere });
  }

  #patch(
    suffix: string,
    reply: JsonSchema,
    gvk?: { group: string; version: string; kind: string },
  ): Operation {
    const body = this.#schemas.add('io.k8s.apimachinery.pkg.apis.meta.v1.Patch', () => ({ type: 'object' }));
    return this.#operation('patch', 'patch', {
      suffix,
      query: [...writing, 'force'],
      body,
      // By this clients tell whether they may merge strategically.
      bodyTypes: this.#kind.custom === undefined ? patchTypes : patchTypes.filter(needsNoType),
      reply,
      ...(gvk === undefined ? {} : { gvk }),
    });
  }

  #object(): JsonSchema {
    return objectReference(this.#kind, this.#schemas);
  }

  #objectList(): JsonSchema {
    const { group, version, kind, custom } = this.#kind;
    const type = typeOfKind(apiVersionOf({ group, version }), `${kind}List`);
    if (type !== undefined) return this.#schemas.reference(type);
    const listKind = custom?.listKind ?? `${kind}List`;
    return this.#schemas.add(customName({ group, version, kind: listKind }), (schemas) => ({
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: schemas.reference('meta/v1.ListMeta'),
        items: { type: 'array', items: this.#object() },
      },
      'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
    }));
  }

  #operation(
    action: string,
    verb: string,
    {
      suffix = '',
      query,
      body,
      bodyTypes: accepted = bodyTypes,
      reply,
      everywhere = false,
      gvk = this.#kind,
    }: {
      suffix?: string;
      query: readonly (keyof typeof texts)[];
      body?: JsonSchema;
      bodyTypes?: readonly string[];
      reply: JsonSchema;
      everywhere?: boolean;
      gvk?: { readonly group: string; readonly version: string; readonly kind: string };
    },
  ): Operation {
    const { group, version, kind, namespaced } = this.#kind;
    const scope = everywhere ? '' : namespaced ? 'Namespaced' : '';
    const tag = `${camel(group === '' ? 'core' : (group.split('.')[0] ?? ''))}_${version}`;
    const name = `${verb}${pascal(tag.replace('_', '-'))}${scope}${kind}${suffix}${everywhere ? 'ForAllNamespaces' : ''}`;
    const parameters = query.map((each) => this.#parameter(each, 'query', texts[each][0], texts[each][1]));
    return {
      tags: [tag],
      operationId: name,
      ...(this.#version === 3
        ? {
            parameters,
            ...(body === undefined
              ? {}
              : { requestBody: { content: content(accepted, body), required: verb !== 'delete' } }),
            responses: responses3(action, reply),
          }
        : {
            consumes: body === undefined ? ['*/*'] : accepted,
            produces: replyTypes,
            parameters:
              body === undefined ? parameters : [...parameters, { name: 'body', in: 'body', schema: body }],
            responses: responses2(action, reply),
          }),
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group: gvk.group, version: gvk.version, kind: gvk.kind },
    };
  }

  #parameter(
    name: string,
    where: 'path' | 'query',
    type: string,
    description: string | undefined,
  ): Parameter {
    const common = {
      name,
      in: where,
      ...(description === undefined ? {} : { description }),
      ...(where === 'path' ? { required: true } : {}),
    };
    return this.#version === 3 ? { ...common, schema: { type } } : { ...common, type, uniqueItems: true };
  }
}

/** A reference to the schema of a kind, of the public API or custom. */
function objectReference(kind: KindDeclaration, schemas: SchemaCollection): JsonSchema {
  const { group, version, kind: name } = kind;
  const { custom } = kind;
  if (custom === undefined) return schemas.reference(kind.schema.name ?? kind.type);
  return schemas.add(customName(kind), (collection) => {
    const { properties, ...rest } = custom.openApi(collection.version);
    const own = ownProperties(collection);
    return {
      ...rest,
      properties: { ...(properties as JsonSchema | undefined), ...own },
      'x-kubernetes-group-version-kind': [{ group, version, kind: name }],
    };
  });
}

/** What every resource has, whatever its schema says. */
function ownProperties(schemas: SchemaCollection): JsonSchema {
  const metadata = schemas.reference('meta/v1.ObjectMeta');
  return {
    apiVersion: {
      type: 'string',
      description: 'Group and version of the schema that the object is written in.',
    },
    kind: { type: 'string', description: 'What the object is.' },
    metadata: schemas.version === 3 ? { allOf: [metadata] } : metadata,
  };
}

/** As upstream names custom kinds: the group's labels in reverse order. */
function customName({ group, version, kind }: Pick<KindDeclaration, 'group' | 'version' | 'kind'>): string {
  return [...group.split('.').toReversed(), version, kind].join('.');
}

function content(types: readonly string[], schema: JsonSchema): Readonly<Record<string, unknown>> {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function codesOf(action: string): readonly (readonly [code: string, text: string])[] {
  if (action === 'post')
    return [
      ['200', 'OK'],
      ['201', 'Created'],
      ['202', 'Accepted'],
      ['401', 'Unauthorized'],
    ];
  if (action === 'put' || action === 'patch')
    return [
      ['200', 'OK'],
      ['201', 'Created'],
      ['401', 'Unauthorized'],
    ];
  return [
    ['200', 'OK'],
    ['401', 'Unauthorized'],
  ];
}

function responses3(action: string, reply: JsonSchema): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    codesOf(action).map(([code, description]) => [
      code,
      code === '401' ? { description } : { description, content: content(replyTypes, reply) },
    ]),
  );
}

function responses2(action: string, reply: JsonSchema): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    codesOf(action).map(([code, description]) => [
      code,
      code === '401' ? { description } : { description, schema: reply },
    ]),
  );
}

function pascal(text: string): string {
  return text.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function camel(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
