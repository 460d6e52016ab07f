import { isMirror } from '../api/mirror-pods.ts';
import { forbidden, isNotFound } from '../api/errors.ts';
import type { Pod, ServiceAccount, Volume, VolumeMount } from '../api/generated/core-v1.ts';
import { pods, serviceaccounts } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import type { Clock } from '../machinery/clock.ts';
import { nameSuffix } from '../machinery/random.ts';
import type { Random } from '../machinery/random.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { isCreationOf } from './creation.ts';
import type { Lookup } from './lookup.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A little over an hour: the kubelet renews at 80 %, and one hour is the warning line (upstream's numbers). */
const tokenSeconds = 3_607;
/** A new namespace gets its default account from a controller; a Pod created right after it waits that long. */
const defaultAccountWaitMs = 2_000;

/**
 * Gives every Pod an account to act as, and its containers the account's token, the cluster's certificate and the
 * name of the namespace, as a volume (plugin/pkg/admission/serviceaccount).
 */
export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount';
  readonly #client: Lookup;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(client: Lookup, clock: Clock, random: Random) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
  }

  handles(request: AdmissionRequest): boolean {
    return isCreationOf(request, pods);
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const pod = request.object as unknown as Mutable<Pod>;
    const { spec } = pod;
    // A mirror Pod stands for what the kubelet runs from a file: it acts as nobody.
    if (isMirror(pod)) return;
    spec.serviceAccountName ??= 'default';
    spec.serviceAccount = spec.serviceAccountName;
    const account = await this.#account(request, spec.serviceAccountName);
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true)
      this.#mountToken(spec);
    if (spec.imagePullSecrets === undefined && account.imagePullSecrets !== undefined)
      spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
  }

  async #account(request: AdmissionRequest, name: string): Promise<ServiceAccount> {
    const { namespace = '', signal } = request;
    try {
      return await this.#client.get(serviceaccounts, { namespace, name }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const created = name === 'default' ? await this.#awaitAccount(namespace, name, signal) : undefined;
    if (created !== undefined) return created;
    throw forbidden(
      request.declaration,
      request.name,
      `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
    );
  }

  async #awaitAccount(
    namespace: string,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<ServiceAccount | undefined> {
    const over = new AbortController();
    const cancel = this.#clock.after(defaultAccountWaitMs, () => over.abort());
    const waiting = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    try {
      const watch = { namespace, fieldSelector: `metadata.name=${name}`, signal: waiting };
      for await (const batch of this.#client.watch(serviceaccounts, watch)) {
        for (const event of batch) if (event.type === 'ADDED') return event.object;
      }
      signal?.throwIfAborted();
      return undefined;
    } finally {
      cancel();
      over.abort();
    }
  }

  #mountToken(spec: Mutable<Pod['spec']>): void {
    const containers = [...(spec.initContainers ?? []), ...spec.containers].filter(
      ({ volumeMounts }) => volumeMounts?.some((mount) => mount.mountPath === mountPath) !== true,
    );
    if (containers.length === 0) return;
    const volume = this.#tokenVolume();
    spec.volumes = [...(spec.volumes ?? []), volume];
    const mount: Mutable<VolumeMount> = { name: volume.name, readOnly: true, mountPath };
    for (const container of containers)
      container.volumeMounts = [...(container.volumeMounts ?? []), { ...mount }];
  }

  #tokenVolume(): Mutable<Volume> {
    return {
      name: `kube-api-access-${nameSuffix(this.#random)}`,
      projected: {
        defaultMode: 0o644,
        sources: [
          { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
      },
    };
  }
}
