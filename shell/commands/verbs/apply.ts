import { isNotFound } from '../../../core/api/errors.ts';
import type { KubernetesObject } from '../../../core/api/object.ts';
import { parseApiVersion } from '../../../core/api/resource.ts';
import { objectSchemaOf } from '../../../core/api/schema/schemas.ts';
import { packageOfResource } from '../../../core/api/schema/facts.ts';
import { isObject } from '../../../core/machinery/json.ts';
import type { JsonObject } from '../../../core/machinery/json.ts';
import { createThreeWayMergePatch } from '../../../core/machinery/patch/merge-patch.ts';
import { createThreeWayPatch } from '../../../core/machinery/patch/strategic-diff.ts';
import type { Schema } from '../../../core/machinery/schema.ts';
import { sanitizeText } from '../../../core/printers/sanitize.ts';
import type { Command, Invocation } from '../command.ts';
import { errorText } from '../errors.ts';
import { fileFlags, readManifests } from '../manifests.ts';
import type { Manifest } from '../../../core/client/manifests.ts';
import { refusedField } from '../../../core/client/refused-field.ts';
import { outputFlags } from '../output-format.ts';
import { resultText } from '../output.ts';
import { objectLabel } from '../../../core/client/resource-index.ts';
import type { ResourceIndex, ServedResource } from '../../../core/client/resource-index.ts';

/** What was applied last, kept on the object, so that a removed field can be told from one set by others. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export const dryRunFlag = {
  name: 'dry-run',
  type: 'string',
  bare: 'client',
  choices: ['none', 'client', 'server'],
  help: 'Only say what would happen: "client" sends nothing, "server" runs all checks',
} as const;

export const apply: Command = {
  name: 'apply',
  summary: 'Create or change objects to match manifests',
  usage: '-f FILE [flags]',
  examples: [
    { says: 'A file with several documents', line: 'apply -f app.yaml' },
    { says: 'Every manifest of a folder and the folders below it', line: 'apply -R -f deploy/' },
    {
      says: 'Run every check of the server without changing anything',
      line: 'apply -f app.yaml --dry-run=server',
    },
    { says: 'Let the server merge, and own the fields it lists', line: 'apply -f app.yaml --server-side' },
  ],
  flags: [
    ...fileFlags,
    ...outputFlags,
    dryRunFlag,
    { name: 'server-side', type: 'boolean', help: 'Let the server merge (server-side apply)' },
    {
      name: 'force-conflicts',
      type: 'boolean',
      help: 'With --server-side: take over fields that others own',
    },
    {
      name: 'field-manager',
      type: 'string',
      help: 'Name that owns the fields (default "kubectl-client-side-apply" or "kubectl")',
    },
    {
      name: 'validate',
      type: 'string',
      bare: 'strict',
      choices: ['strict', 'warn', 'ignore', 'true', 'false'],
      help: 'What to do with unknown fields (default strict)',
    },
  ],

  async run(invocation) {
    const { flags, io, session } = invocation;
    const manifests = await readManifests(flags, io);
    const index = await session.resources(io.signal);
    let failures = 0;
    for (const manifest of manifests) {
      io.signal.throwIfAborted();
      try {
        await io.stdout.write(await applyOne(invocation, index, manifest));
      } catch (error) {
        failures++;
        await io.stderr.write(`${manifestError(manifest, error, 'applying')}\n`);
      }
    }
    if (failures > 0 && manifests.length > 1) {
      await io.stderr.write(
        `${failures} of ${manifests.length} objects were refused; the others were applied\n`,
      );
    }
    return failures === 0 ? 0 : 1;
  },
};

async function applyOne(invocation: Invocation, index: ResourceIndex, manifest: Manifest): Promise<string> {
  const resource = servedKind(index, manifest.object);
  const object = inNamespace(resource, manifest.object, invocation);
  const { flags } = invocation;
  const mode = flags.string('dry-run') ?? 'none';
  const suffix = mode === 'none' ? '' : ` (${mode} dry run)`;
  if (flags.boolean('server-side')) return applyOnServer(invocation, resource, object, suffix);
  const { client } = invocation.session.cluster;
  const name = { namespace: object.metadata.namespace, name: object.metadata.name ?? '' };
  const options = { signal: invocation.io.signal, ...writeOptions(invocation, 'kubectl-client-side-apply') };
  const live = await client.get(resource, name, options).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  const wanted = withLastApplied(object);
  if (live === undefined) {
    const created = mode === 'client' ? wanted : await client.create(resource, wanted, options);
    return resultText(resource, created, `created${suffix}`, flags);
  }
  const { type, patch } = changes(resource, live, wanted);
  if (Object.keys(patch).length === 0) return resultText(resource, live, `unchanged${suffix}`, flags);
  const patched = mode === 'client' ? live : await client.patch(resource, name, type, patch, options);
  const same =
    mode !== 'client' &&
    patched.metadata.resourceVersion === live.metadata.resourceVersion &&
    mode === 'none';
  return resultText(resource, patched, `${same ? 'unchanged' : 'configured'}${suffix}`, flags);
}

async function applyOnServer(
  invocation: Invocation,
  resource: ServedResource,
  object: KubernetesObject,
  suffix: string,
): Promise<string> {
  const { flags, session, io } = invocation;
  const name = { namespace: object.metadata.namespace, name: object.metadata.name ?? '' };
  const applied = await session.cluster.client.patch(resource, name, 'apply', object, {
    ...writeOptions(invocation, 'kubectl'),
    force: flags.boolean('force-conflicts'),
    signal: io.signal,
  });
  return resultText(resource, applied, `serverside-applied${suffix}`, flags);
}

export function writeOptions({ flags }: Invocation, manager: string) {
  const validate = flags.string('validate') ?? 'strict';
  const fieldValidation = { strict: 'Strict', true: 'Strict', warn: 'Warn' }[validate] ?? 'Ignore';
  return {
    fieldManager: flags.string('field-manager') ?? manager,
    fieldValidation: fieldValidation as 'Strict' | 'Warn' | 'Ignore',
    ...(flags.string('dry-run') === 'server' ? { dryRun: true } : {}),
  };
}

/** The kind of a manifest; kubectl's words when the server has none such. */
export function servedKind(index: ResourceIndex, object: KubernetesObject): ServedResource {
  const { group, version } = parseApiVersion(object.apiVersion ?? '');
  const resource = index.ofKind(group, version, object.kind ?? '');
  if (resource !== undefined) return resource;
  throw new Error(
    `no matches for kind "${object.kind}" in version "${object.apiVersion}": see "api-resources" for what this cluster serves`,
  );
}

/** Fills in the namespace of the command; refuses a manifest that names another one. */
export function inNamespace(
  resource: ServedResource,
  object: KubernetesObject,
  { session, flags }: Invocation,
): KubernetesObject {
  const own = object.metadata.namespace;
  if (!resource.namespaced) return object;
  if (own !== undefined && flags.given('namespace') && own !== session.namespace) {
    throw new Error(
      `the namespace from the provided object "${own}" does not match the namespace "${session.namespace}". You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  return own === undefined
    ? { ...object, metadata: { ...object.metadata, namespace: session.namespace } }
    : object;
}

function withLastApplied(object: KubernetesObject): KubernetesObject {
  const { [lastApplied]: _before, ...annotations } = object.metadata.annotations ?? {};
  const bare = { ...object, metadata: { ...object.metadata, annotations } };
  const text = `${JSON.stringify(bare)}\n`;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [lastApplied]: text } },
  };
}

/** kubectl's three-way patch: what was applied last, what is wanted now, and what is there. */
function changes(
  resource: ServedResource,
  live: KubernetesObject,
  wanted: KubernetesObject,
): { type: 'strategic' | 'merge'; patch: JsonObject } {
  const original = parsedObject(live.metadata.annotations?.[lastApplied]);
  const [modified, current] = [{ ...wanted }, { ...live }];
  const schema = knownSchema(resource);
  return schema === undefined
    ? { type: 'merge', patch: createThreeWayMergePatch(original, modified, current) }
    : { type: 'strategic', patch: createThreeWayPatch(original, modified, current, schema) };
}

function knownSchema(resource: ServedResource): Schema | undefined {
  try {
    return objectSchemaOf(`${packageOfResource(resource)}.${resource.kind}`);
  } catch {
    // A custom resource: the server merges those without a schema of ours.
    return undefined;
  }
}

function parsedObject(text: string | undefined): JsonObject {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The error of one object with the place in its file, down to the field the server refused. */
export function manifestError(manifest: Manifest, error: unknown, doing: string): string {
  const field = refusedField(error);
  const where = `${manifest.position(field)}: document ${manifest.document}`;
  const kind = (manifest.object.kind ?? 'object').toLowerCase();
  const name = manifest.object.metadata.name ?? '';
  return errorText(
    error,
    sanitizeText(`error when ${doing} ${where} (${objectLabel({ group: '', kind }, name)})`),
  );
}
