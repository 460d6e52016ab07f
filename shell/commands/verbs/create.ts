import type { Deployment } from '../../../core/api/generated/apps-v1.ts';
import type { ConfigMap, Secret } from '../../../core/api/generated/core-v1.ts';
import {
  deployments,
  configmaps,
  namespaces,
  secrets,
  serviceaccounts,
} from '../../../core/api/generated/resources.ts';
import type { KubernetesObject, New } from '../../../core/api/object.ts';
import { apiVersionOf } from '../../../core/api/resource.ts';
import type { Resource } from '../../../core/api/resource.ts';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '../command.ts';
import type { Command, Flag, Flags, Invocation } from '../command.ts';
import { fileFlags, readManifests } from '../manifests.ts';
import { outputFlags } from '../output-format.ts';
import { resultText } from '../output.ts';
import { dryRunFlag, inNamespace, manifestError, servedKind, writeOptions } from './apply.ts';

const commonFlags: readonly Flag[] = [...outputFlags, dryRunFlag];

const createNamespace: Command = {
  name: 'namespace',
  aliases: ['ns'],
  summary: 'Create a namespace',
  usage: 'NAME [flags]',
  examples: [{ says: 'A namespace', line: 'create namespace development' }],
  flags: commonFlags,
  run: (invocation) =>
    createObject(invocation, namespaces, { metadata: { name: oneName(invocation) }, spec: {} }),
};

const createDeployment: Command = {
  name: 'deployment',
  aliases: ['deploy'],
  summary: 'Create a Deployment from an image',
  usage: 'NAME --image=IMAGE [--replicas=N] [--port=PORT] [-- COMMAND [ARG ...]]',
  examples: [
    { says: 'Three Pods of an image', line: 'create deployment web --image=nginx --replicas=3' },
    { says: 'With a command of its own', line: 'create deployment idle --image=busybox -- sleep 3600' },
  ],
  flags: [
    ...commonFlags,
    { name: 'image', type: 'list', help: 'Image to run; repeat it for several containers' },
    { name: 'replicas', short: 'r', type: 'integer', help: 'How many Pods (default 1)' },
    { name: 'port', type: 'integer', help: 'Port the container listens on' },
  ],
  run: (invocation) => createObject(invocation, deployments, deploymentOf(invocation)),
};

const createConfigMap: Command = {
  name: 'configmap',
  aliases: ['cm'],
  summary: 'Create a ConfigMap from literals and files',
  usage: 'NAME [--from-literal=KEY=VALUE ...] [--from-file=[KEY=]PATH ...] [--from-env-file=PATH]',
  examples: [
    {
      says: 'Two settings and a file',
      line: 'create configmap app --from-literal=mode=dev --from-file=app.conf',
    },
  ],
  flags: [...commonFlags, ...dataFlags()],
  async run(invocation) {
    const { data, binaryData } = await readData(invocation.flags);
    const configMap: New<ConfigMap> = {
      metadata: { name: oneName(invocation) },
      ...(Object.keys(data).length === 0 ? {} : { data }),
      ...(Object.keys(binaryData).length === 0 ? {} : { binaryData }),
    };
    return createObject(invocation, configmaps, configMap);
  },
};

const createSecret: Command = {
  name: 'secret',
  summary: 'Create a Secret',
  usage: 'generic NAME [--from-literal=KEY=VALUE ...] [--from-file=[KEY=]PATH ...] [--type=TYPE]',
  examples: [{ says: 'A password from a file', line: 'create secret generic db --from-file=password.txt' }],
  flags: [
    ...commonFlags,
    ...dataFlags(),
    { name: 'type', type: 'string', help: 'Type of the Secret (default Opaque)' },
  ],
  async run(invocation) {
    const [form, name] = invocation.words;
    if (form !== 'generic')
      throw new UsageError(`unknown form of secret "${form ?? ''}": only "generic" can be created here`);
    if (name === undefined) throw new UsageError('exactly one NAME is required');
    const { data, binaryData } = await readData(invocation.flags);
    const encoded = Object.entries(data).map(
      ([key, value]) => [key, Buffer.from(value).toString('base64')] as const,
    );
    const secret: New<Secret> = {
      metadata: { name },
      type: invocation.flags.string('type') ?? 'Opaque',
      data: { ...Object.fromEntries(encoded), ...binaryData },
    };
    return createObject(invocation, secrets, secret);
  },
};

const createServiceAccount: Command = {
  name: 'serviceaccount',
  aliases: ['sa'],
  summary: 'Create a ServiceAccount',
  usage: 'NAME [flags]',
  examples: [{ says: 'An account for an app', line: 'create serviceaccount app' }],
  flags: commonFlags,
  run: (invocation) => createObject(invocation, serviceaccounts, { metadata: { name: oneName(invocation) } }),
};

export const create: Command = {
  name: 'create',
  summary: 'Create objects from manifests or from flags',
  usage: '(-f FILE | TYPE NAME ...) [flags]',
  examples: [
    { says: 'Everything in a file; an object that exists is an error', line: 'create -f app.yaml' },
    { says: 'A namespace', line: 'create namespace development' },
  ],
  flags: [
    ...commonFlags,
    ...fileFlags,
    {
      name: 'validate',
      type: 'string',
      bare: 'strict',
      choices: ['strict', 'warn', 'ignore', 'true', 'false'],
      help: 'What to do with unknown fields (default strict)',
    },
  ],
  subcommands: [createNamespace, createDeployment, createConfigMap, createSecret, createServiceAccount],

  async run(invocation) {
    const { flags, io, session, words } = invocation;
    if (words[0] !== undefined)
      throw new UsageError(
        `"create" makes no "${words[0]}" from flags: write a manifest and use "create -f"`,
      );
    const manifests = await readManifests(flags, io);
    const index = await session.resources(io.signal);
    let code = 0;
    for (const manifest of manifests) {
      try {
        const resource = servedKind(index, manifest.object);
        const object = inNamespace(resource, manifest.object, invocation);
        await io.stdout.write(await created(invocation, resource, object));
      } catch (error) {
        code = 1;
        await io.stderr.write(`${manifestError(manifest, error, 'creating')}\n`);
      }
    }
    return code;
  },
};

async function createObject<T extends KubernetesObject>(
  invocation: Invocation,
  kind: Resource<T>,
  object: New<T>,
): Promise<number> {
  const index = await invocation.session.resources(invocation.io.signal);
  const whole = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...object } as unknown as KubernetesObject;
  const resource = servedKind(index, whole);
  await invocation.io.stdout.write(
    await created(invocation, resource, inNamespace(resource, whole, invocation)),
  );
  return 0;
}

async function created(
  invocation: Invocation,
  resource: Parameters<typeof resultText>[0],
  object: KubernetesObject,
): Promise<string> {
  const { flags, session, io } = invocation;
  const mode = flags.string('dry-run') ?? 'none';
  const options = { ...writeOptions(invocation, 'kubectl-create'), signal: io.signal };
  const result = mode === 'client' ? object : await session.cluster.client.create(resource, object, options);
  return resultText(resource, result, mode === 'none' ? 'created' : `created (${mode} dry run)`, flags);
}

function oneName({ words }: Invocation): string {
  const [name, ...more] = words;
  if (name === undefined || more.length > 0)
    throw new UsageError(`exactly one NAME is required, got ${words.length}`);
  return name;
}

function deploymentOf(invocation: Invocation): New<Deployment> {
  const { flags, afterDashes } = invocation;
  const name = oneName(invocation);
  const images = flags.list('image');
  if (images.length === 0) throw new UsageError('required flag(s) "image" not set');
  if (images.length > 1 && afterDashes !== undefined)
    throw new UsageError('cannot specify multiple --image options and command');
  const port = flags.integer('port');
  const labels = { app: name };
  return {
    metadata: { name, labels },
    spec: {
      replicas: flags.integer('replicas') ?? 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: images.map((image) => ({
            name: containerName(image),
            image,
            ...(afterDashes === undefined ? {} : { command: afterDashes }),
            ...(port === undefined ? {} : { ports: [{ containerPort: port }] }),
          })),
        },
      },
    },
  };
}

/** The last part of the image without tag and digest, made a valid name, as kubectl does. */
function containerName(image: string): string {
  const last = image.split('/').at(-1) ?? image;
  const bare = last.split(/[:@]/)[0] ?? last;
  return (
    bare
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'container'
  );
}

function dataFlags(): readonly Flag[] {
  return [
    { name: 'from-literal', type: 'list', help: 'KEY=VALUE; may be repeated' },
    {
      name: 'from-file',
      type: 'list',
      help: '[KEY=]PATH of a file, or a folder of files; may be repeated',
      completes: 'file',
    },
    { name: 'from-env-file', type: 'list', help: 'File of KEY=VALUE lines', completes: 'file' },
  ];
}

async function readData(
  flags: Flags,
): Promise<{ data: Record<string, string>; binaryData: Record<string, string> }> {
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  const put = (key: string, value: Buffer) => {
    if (key in data || key in binaryData)
      throw new UsageError(`cannot add key "${key}": another key by that name already exists`);
    const text = value.toString('utf8');
    if (Buffer.from(text).equals(value)) data[key] = text;
    else binaryData[key] = value.toString('base64');
  };
  for (const literal of flags.list('from-literal')) {
    const equals = literal.indexOf('=');
    if (equals <= 0) throw new UsageError(`invalid literal source "${literal}", expected key=value`);
    put(literal.slice(0, equals), Buffer.from(literal.slice(equals + 1)));
  }
  for (const source of flags.list('from-file'))
    for (const [key, path] of await filesIn(source)) put(key, await readFile(path));
  for (const path of flags.list('from-env-file')) {
    for (const line of (await readFile(path, 'utf8')).split(/\r?\n/)) {
      const equals = line.indexOf('=');
      if (line.trim() === '' || line.trimStart().startsWith('#') || equals <= 0) continue;
      put(line.slice(0, equals).trim(), Buffer.from(line.slice(equals + 1)));
    }
  }
  return { data, binaryData };
}

async function filesIn(source: string): Promise<readonly (readonly [key: string, path: string])[]> {
  const equals = source.indexOf('=');
  if (equals > 0) return [[source.slice(0, equals), source.slice(equals + 1)]];
  const info = await stat(source).catch((cause: unknown) => {
    throw new UsageError(`cannot read "${source}"`, { cause });
  });
  if (!info.isDirectory()) return [[basename(source), source]];
  const entries = await readdir(source, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, join(source, entry.name)] as const);
}
