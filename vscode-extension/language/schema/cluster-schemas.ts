import type { ServerVersion } from '../../../core/api/discovery.ts';
import { kubernetesRelease } from '../../../core/api/generated/release.ts';
import { apiVersionOf } from '../../../core/api/resource.ts';
import { ResourceIndex, type ServedResource } from '../../../core/client/resource-index.ts';
import { isObject, type JsonObject } from '../../../core/machinery/json.ts';
import { builtInKinds } from './built-in.ts';
import { customRules } from './custom-rules.ts';
import { openApiSchemas } from './openapi-schemas.ts';
import { SchemaModel, type KindInfo, type SchemaOrigin } from './schema-model.ts';

/** What a cluster is asked for. */
export interface SchemaSource {
  version(signal: AbortSignal): Promise<ServerVersion>;
  /** An apidiscovery.k8s.io/v2 APIGroupDiscoveryList. */
  discover(signal: AbortSignal): Promise<unknown>;
  /** The OpenAPI v3 document below a path such as "apis/apps/v1", parsed. */
  openApi(path: string, signal: AbortSignal): Promise<unknown>;
}

/** What a cluster said, to be kept for when it cannot be asked. */
export interface SchemaSnapshot {
  readonly format: typeof snapshotFormat;
  readonly gitVersion: string;
  readonly discovery: unknown;
  /** By path: the schemas of what is not built in. */
  readonly components: Readonly<Record<string, JsonObject>>;
}

const snapshotFormat = 1;

/** Asks a cluster for its kinds; schemas only of those that are not built in. */
export async function fetchSnapshot(source: SchemaSource, signal: AbortSignal): Promise<SchemaSnapshot> {
  const [{ gitVersion }, discovery] = await Promise.all([source.version(signal), source.discover(signal)]);
  const foreign = new Set(
    createable(discovery)
      .filter((resource) => builtInKind(resource, gitVersion) === undefined)
      .map(pathOf),
  );
  const components: Record<string, JsonObject> = {};
  for (const path of foreign) {
    try {
      components[path] = componentsOf(await source.openApi(path, signal));
    } catch (error) {
      signal.throwIfAborted();
      // A server behind an APIService may be away. Its kinds are known by name only.
      components[path] = {};
      void error;
    }
  }
  return { format: snapshotFormat, gitVersion, discovery, components };
}

/** The model of what a cluster said, now or some time ago. */
export function modelOf(snapshot: SchemaSnapshot, origin: SchemaOrigin): SchemaModel {
  const { gitVersion, discovery, components } = snapshot;
  const readers = new Map(
    Object.entries(components).map(([path, schemas]) => [path, { schemas, reader: openApiSchemas(schemas) }]),
  );
  const kinds = createable(discovery).map((resource): KindInfo => {
    const builtIn = builtInKind(resource, gitVersion);
    if (builtIn !== undefined) return builtIn;
    const { schemas = {}, reader } = readers.get(pathOf(resource)) ?? {};
    const written = Object.values(schemas).find((schema) => isOfKind(schema, resource));
    const read = reader ?? openApiSchemas();
    let schema: KindInfo['schema'] | undefined;
    const { group, version, kind, plural, shortNames, namespaced } = resource;
    return {
      group,
      version,
      kind,
      plural,
      shortNames,
      namespaced,
      rules: anyBuiltIn(resource)?.rules ?? (isObject(written) ? customRules(written) : undefined),
      describe: (type, field) => read.describe(type, field),
      get schema() {
        return (schema ??= read.kind(isObject(written) ? written : {}));
      },
    };
  });
  return new SchemaModel(kinds, { origin, complete: true });
}

/** A snapshot as it was kept; undefined when it is none, or of another format. */
export function readSnapshot(text: string): SchemaSnapshot | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && value['format'] === snapshotFormat
      ? (value as unknown as SchemaSnapshot)
      : undefined;
  } catch {
    return undefined;
  }
}

function createable(discovery: unknown): ServedResource[] {
  return new ResourceIndex(discovery).all.filter(
    ({ kind, verbs }) => kind !== '' && verbs.includes('create'),
  );
}

/** The built-in kind, where the cluster serves the release that is built in. */
function builtInKind(resource: ServedResource, gitVersion: string): KindInfo | undefined {
  return gitVersion === kubernetesRelease ? anyBuiltIn(resource) : undefined;
}

function anyBuiltIn({ group, version, kind }: ServedResource): KindInfo | undefined {
  return builtInKinds().find(
    (info) => info.group === group && info.version === version && info.kind === kind,
  );
}

function pathOf(resource: ServedResource): string {
  return `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
}

/** The paths of a document are most of it, and nothing to us. */
function componentsOf(document: unknown): JsonObject {
  const components = isObject(document) ? document['components'] : undefined;
  const schemas = isObject(components) ? components['schemas'] : undefined;
  return isObject(schemas) ? schemas : {};
}

function isOfKind(schema: unknown, { group, version, kind }: ServedResource): boolean {
  const kinds = isObject(schema) ? schema['x-kubernetes-group-version-kind'] : undefined;
  if (!Array.isArray(kinds)) return false;
  return kinds.some(
    (gvk) =>
      isObject(gvk) && (gvk['group'] ?? '') === group && gvk['version'] === version && gvk['kind'] === kind,
  );
}
