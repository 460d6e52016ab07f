import type { Readable } from 'node:stream';
import type { ImageInfo, ImageInspectInfo } from 'dockerode';
import { RuntimeError } from '../runtime.ts';
import type { ImageStatus, RegistryAuth, RuntimeReason } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { dockerError, hasReason, unlessMissing } from './errors.ts';
import { jsonLines } from './json-lines.ts';
import { isImageId, parseReference } from '../image-reference.ts';

/** Undefined when the image is not present. Throws "invalid-image-name". */
export async function imageStatus(
  client: DockerClient,
  image: string,
  signal: AbortSignal,
): Promise<ImageStatus | undefined> {
  const name = checkedName(image);
  const call = { action: `inspect image "${image}"`, deadlineMs: client.deadlines.quickMs, signal };
  try {
    return statusOf(await client.call(call, (docker) => docker.getImage(name).inspect()));
  } catch (error) {
    if (hasReason(error, 'image-not-found') || hasReason(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Pulls and says what is there now. Given up when nothing moves for the stall deadline. */
export async function pullImage(
  client: DockerClient,
  image: string,
  auth: RegistryAuth | undefined,
  signal: AbortSignal,
): Promise<ImageStatus> {
  const { repository, tag, digest } = parseReference(image);
  const action = `pull image "${image}"`;
  const { pullStallMs } = client.deadlines;
  const fromImage = digest === undefined ? repository : `${repository}@${digest}`;
  const stream = await client
    .open({ action, deadlineMs: pullStallMs, signal }, (docker, abortSignal) =>
      docker.createImage(authOf(auth), {
        fromImage,
        ...(digest === undefined ? { tag } : {}),
        abortSignal,
      }),
    )
    .catch((error: unknown) => {
      throw pullError(action, error);
    });
  await followProgress(client, action, stream, signal);
  const status = await imageStatus(client, image, signal);
  if (status === undefined)
    throw new RuntimeError('image-not-found', `Cannot ${action}: it is gone after the pull`);
  return status;
}

/** Every image with a name; not the layers in between. */
export async function listImages(client: DockerClient, signal: AbortSignal): Promise<readonly ImageStatus[]> {
  const call = { action: 'list images', deadlineMs: client.deadlines.quickMs, signal };
  const images = await client.call(call, (docker, abortSignal) => docker.listImages({ abortSignal }));
  return images.map(summaryOf);
}

/**
 * Removes an image with all its names; Docker would refuse an ID that has several. Idempotent.
 * Throws "conflict" while a container uses it.
 */
export async function removeImage(client: DockerClient, imageId: string, signal: AbortSignal): Promise<void> {
  const status = await imageStatus(client, imageId, signal);
  if (status === undefined) return;
  const names = status.tags.length > 1 ? status.tags : [imageId];
  for (const name of names) {
    const call = { action: `remove image "${name}"`, deadlineMs: client.deadlines.changeMs, signal };
    await unlessMissing(
      client
        .call(call, (docker, abortSignal) => docker.getImage(checkedName(name)).remove({ abortSignal }))
        .catch((error: unknown) => {
          if (!hasReason(error, 'image-not-found')) throw error;
        }),
    );
  }
}

async function followProgress(
  client: DockerClient,
  action: string,
  stream: Readable,
  signal: AbortSignal,
): Promise<void> {
  const { pullStallMs } = client.deadlines;
  const giveUp = () => {
    const words = `Docker reported no progress for ${pullStallMs / 1000} s`;
    stream.destroy(new RuntimeError('timeout', `Cannot ${action}: ${words}`));
  };
  const onAbort = () => stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  let cancelStall = client.clock.after(pullStallMs, giveUp);
  try {
    for await (const value of jsonLines(stream)) {
      cancelStall();
      cancelStall = client.clock.after(pullStallMs, giveUp);
      const line = value as { readonly error?: string; readonly errorDetail?: { readonly message?: string } };
      const words = line.errorDetail?.message ?? line.error;
      if (words !== undefined) throw pullError(action, new Error(words));
    }
  } catch (error) {
    signal.throwIfAborted();
    throw dockerError(action, error);
  } finally {
    cancelStall();
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

/** Docker gives no code for why a registry refused, only words: its own, the registry's or Go's network errors. */
const pullReasons: readonly (readonly [RegExp, RuntimeReason])[] = [
  [
    /does not exist|manifest unknown|manifest for .* not found|name unknown|not found: manifest|no matching manifest/i,
    'image-not-found',
  ],
  [
    /unauthorized|authentication required|no basic auth|access .* denied|forbidden|incorrect username/i,
    'unauthorized',
  ],
  [
    /connection refused|no such host|timeout|deadline exceeded|unreachable|connection reset|tls:|x509|certificate|EOF|server misbehaving|toomanyrequests|i\/o|dial tcp|proxyconnect|server gave HTTP response|unexpected status|received unexpected HTTP status/i,
    'registry-unavailable',
  ],
];

export function pullError(action: string, error: unknown): RuntimeError {
  if (error instanceof RuntimeError && error.reason !== 'unknown' && error.reason !== 'not-found')
    return error;
  const general = dockerError(action, error);
  const found = pullReasons.find(([pattern]) => pattern.test(general.message));
  if (found !== undefined) return new RuntimeError(found[1], general.message, { cause: error });
  return general.reason === 'not-found'
    ? new RuntimeError('image-not-found', general.message, { cause: error })
    : general;
}

/** dockerode puts an undefined "authconfig" to no use; an empty one would be sent. */
function authOf(auth: RegistryAuth | undefined): object | undefined {
  if (auth === undefined) return undefined;
  return { username: auth.username, password: auth.password, serveraddress: auth.serverAddress };
}

/** Safe to put into a URL. */
function checkedName(image: string): string {
  if (isImageId(image)) return image;
  const { repository, tag, digest } = parseReference(image);
  return digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;
}

function statusOf(info: ImageInspectInfo): ImageStatus {
  return {
    id: info.Id,
    tags: info.RepoTags ?? [],
    digests: info.RepoDigests ?? [],
    sizeBytes: info.Size,
    user: info.Config?.User ?? '',
  };
}

/** A summary has no user: one that matters is asked for with `imageStatus`. */
function summaryOf(info: ImageInfo): ImageStatus {
  return {
    id: info.Id,
    tags: (info.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    digests: (info.RepoDigests ?? []).filter((digest) => digest !== '<none>@<none>'),
    sizeBytes: info.Size,
    user: '',
  };
}
