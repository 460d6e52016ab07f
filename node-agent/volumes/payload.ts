import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  VolumeProjection,
} from '../../core/api/generated/core-v1.ts';
import type { Payload, PayloadFile } from './atomic-writer.ts';

/** What the content of volumes is made of. Readers answer undefined for what does not exist. */
export interface PayloadSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  /** @throws when the field is not known */
  downward(pod: Pod, file: DownwardAPIVolumeFile): string;
  /** A token for the Pod; undefined while no server issues any. */
  token(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string | undefined>;
}

/** What a volume says of a ConfigMap or a Secret. */
interface KeyedSource {
  readonly name?: string | undefined;
  /** Undefined: every key under its own name. */
  readonly items?: readonly KeyToPath[] | undefined;
  readonly optional?: boolean | undefined;
}

const defaultFileMode = 0o644;
const defaultTokenSeconds = 3600;
/** Published into every namespace; Pods mount it together with their token. */
const rootCertificate = 'kube-root-ca.crt';

export async function configMapPayload(
  sources: PayloadSources,
  namespace: string,
  source: KeyedSource,
  defaultMode = defaultFileMode,
): Promise<Payload> {
  const { name = '', items, optional = false } = source;
  const found = await sources.configMap(namespace, name);
  if (found === undefined) {
    if (optional) return new Map();
    throw new Error(`configmap "${name}" not found`);
  }
  const data = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(found.data ?? {})) data.set(key, Buffer.from(text));
  for (const [key, base64] of Object.entries(found.binaryData ?? {}))
    data.set(key, Buffer.from(base64, 'base64'));
  return select(data, items, defaultMode, optional, 'configmap');
}

export async function secretPayload(
  sources: PayloadSources,
  namespace: string,
  source: KeyedSource,
  defaultMode = defaultFileMode,
): Promise<Payload> {
  const { name = '', items, optional = false } = source;
  const found = await sources.secret(namespace, name);
  if (found === undefined) {
    if (optional) return new Map();
    throw new Error(`secret "${name}" not found`);
  }
  const data = new Map<string, Buffer>();
  for (const [key, base64] of Object.entries(found.data ?? {})) data.set(key, Buffer.from(base64, 'base64'));
  return select(data, items, defaultMode, optional, 'secret');
}

export function downwardPayload(
  sources: PayloadSources,
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[] | undefined,
  defaultMode = defaultFileMode,
): Payload {
  const payload = new Map<string, PayloadFile>();
  for (const item of items ?? []) {
    payload.set(item.path, {
      data: Buffer.from(sources.downward(pod, item)),
      mode: item.mode ?? defaultMode,
    });
  }
  return payload;
}

/** All sources in one directory; a later one wins where paths meet. */
export async function projectedPayload(
  sources: PayloadSources,
  pod: Pod,
  projections: readonly VolumeProjection[] | undefined,
  defaultMode = defaultFileMode,
): Promise<Payload> {
  const namespace = pod.metadata.namespace ?? '';
  const payload = new Map<string, PayloadFile>();
  const merge = (part: Payload) => {
    for (const [path, file] of part) payload.set(path, file);
  };
  const carriesToken =
    projections?.some(({ serviceAccountToken }) => serviceAccountToken !== undefined) === true;
  let tokensServed = true;
  for (const { serviceAccountToken: token } of projections ?? []) {
    if (token === undefined) continue;
    const { audience, expirationSeconds = defaultTokenSeconds, path } = token;
    const issued = await sources.token(pod, audience, expirationSeconds);
    if (issued === undefined) tokensServed = false;
    else merge(new Map([[path, { data: Buffer.from(issued), mode: tokenMode(pod, defaultMode) }]]));
  }
  for (const projection of projections ?? []) {
    const { configMap, secret, downwardAPI, clusterTrustBundle, podCertificate } = projection;
    if (configMap !== undefined) {
      // Without an identity there is nothing to verify a server for: such a cluster publishes no certificate yet.
      const waived = carriesToken && !tokensServed && configMap.name === rootCertificate;
      merge(
        await configMapPayload(
          sources,
          namespace,
          waived ? { ...configMap, optional: true } : configMap,
          defaultMode,
        ),
      );
    }
    if (secret !== undefined) merge(await secretPayload(sources, namespace, secret, defaultMode));
    if (downwardAPI !== undefined) merge(downwardPayload(sources, pod, downwardAPI.items, defaultMode));
    if (clusterTrustBundle !== undefined && clusterTrustBundle.optional !== true) {
      throw new Error('projected source "clusterTrustBundle" is not supported by this agent');
    }
    if (podCertificate !== undefined) {
      throw new Error('projected source "podCertificate" is not supported by this agent');
    }
  }
  return payload;
}

/** Who runs as another user must still read its token (upstream: projected.go). */
function tokenMode(pod: Pod, defaultMode: number): number {
  return pod.spec.securityContext?.fsGroup === undefined ? defaultMode : 0o600;
}

function select(
  data: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  defaultMode: number,
  optional: boolean,
  what: string,
): Payload {
  const payload = new Map<string, PayloadFile>();
  if (items === undefined || items.length === 0) {
    for (const [key, content] of data) payload.set(key, { data: content, mode: defaultMode });
    return payload;
  }
  for (const { key, path, mode = defaultMode } of items) {
    const content = data.get(key);
    if (content !== undefined) payload.set(path, { data: content, mode });
    else if (!optional) throw new Error(`references non-existent ${what} key: ${key}`);
  }
  return payload;
}
