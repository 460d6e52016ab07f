import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import { rotateLog, stopProcess, superviseProcess } from '../machinery/process/supervised-process.ts';
import type { ProcessSpec } from '../machinery/process/supervised-process.ts';
import { EtcdStore } from '../storage/etcd/store.ts';
import { MemoryStore } from '../storage/memory/store.ts';
import type { KeyValueStore } from '../storage/storage.ts';
import type { LiveAuthority } from '../machinery/pki/live-authority.ts';
import { readAuthority } from './authorities.ts';
import { ensureEtcdPki } from './etcd-pki.ts';
import { etcdEndpoint, etcdSpec, findEtcd } from './etcd-process.ts';
import type { CoreOptions } from './options.ts';
import { readIfThere } from './pem-files.ts';

export interface OpenStore {
  readonly store: KeyValueStore;
  /** No other process writes to it, so the newest revision is known without asking. */
  readonly soleWriter: boolean;
  /** The authority of core's own etcd. */
  readonly authority?: LiveAuthority;
  /**
   * Makes anew what core shows its own etcd, when it is about to end; connections from then on show it. Starts etcd anew
   * where its authority was replaced.
   */
  readonly renewCertificates?: () => Promise<void>;
  /** Closes the store, and ends the etcd that was started for it. */
  close(): Promise<void>;
}

const rotateEveryMs = 60_000;

/**
 * Opens what the options name. A data directory remembers its store: another one is never used silently, because
 * the cluster would seem empty.
 */
export async function openStore(options: CoreOptions, clock: Clock, log: Logger): Promise<OpenStore> {
  mkdirSync(options.dataDirectory, { recursive: true, mode: 0o700 });
  const kind = chooseKind(options, log);
  remember(options.dataDirectory, kind);
  switch (kind) {
    case 'memory':
      return plain(new MemoryStore());
    case 'embedded':
      return openEmbedded(join(options.dataDirectory, 'embedded'));
    case 'etcd':
      return options.etcdEndpoints === undefined
        ? ownEtcd(options, clock, log)
        : sharedEtcd(options, clock, log);
    default:
      throw new Error(`Cannot open a store of kind "${kind as string}"`);
  }
}

/** Native code that only this store needs is loaded only for it. */
async function openEmbedded(path: string): Promise<OpenStore> {
  const { EmbeddedStore } = await import('../storage/embedded/store.ts');
  return plain(EmbeddedStore.open({ path }));
}

type StoreKind = 'etcd' | 'embedded' | 'memory';

function chooseKind({ store, etcdEndpoints, dataDirectory }: CoreOptions, log: Logger): StoreKind {
  const remembered = readRemembered(dataDirectory);
  const wanted = etcdEndpoints === undefined ? store : 'etcd';
  if (wanted !== 'auto') {
    if (remembered !== undefined && remembered !== wanted) {
      throw new Error(
        `Cannot use the ${wanted} store: "${dataDirectory}" holds a cluster in the ${remembered} store; choose --store=${remembered} or another --data-dir`,
      );
    }
    return wanted;
  }
  if (remembered !== undefined) return remembered;
  if (findEtcd() !== undefined) return 'etcd';
  log.warn('etcd is not installed: the embedded store is used instead');
  return 'embedded';
}

function readRemembered(dataDirectory: string): StoreKind | undefined {
  try {
    return readFileSync(join(dataDirectory, 'store'), 'utf8').trim() as StoreKind;
  } catch {
    return undefined;
  }
}

function remember(dataDirectory: string, kind: StoreKind): void {
  if (kind !== 'memory') writeFileSync(join(dataDirectory, 'store'), `${kind}\n`);
}

function plain(store: KeyValueStore): OpenStore {
  return { store, soleWriter: true, close: () => store.close() };
}

function sharedEtcd(options: CoreOptions, clock: Clock, log: Logger): OpenStore {
  const pem = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
  const store = new EtcdStore({
    endpoints: options.etcdEndpoints ?? [],
    clock,
    ca: pem(options.etcdCa),
    cert: pem(options.etcdCert),
    key: pem(options.etcdKey),
    onError: reported(log),
  });
  return { store, soleWriter: false, close: () => store.close() };
}

function reported(log: Logger): (error: unknown) => void {
  return (error) => log.error('the store has lost its etcd', error);
}

async function ownEtcd(options: CoreOptions, clock: Clock, log: Logger): Promise<OpenStore> {
  const command = findEtcd();
  if (command === undefined) {
    throw new Error('Cannot start etcd: it is not installed (Debian: "apt-get install etcd-server")');
  }
  const { etcdPort: port, etcdPeerPort: peerPort, dataDirectory } = options;
  const pkiDirectory = join(dataDirectory, 'pki');
  const pki = await ensureEtcdPki(pkiDirectory, clock);
  const spec = etcdSpec(command, { dataDirectory, port, peerPort, tls: pki.files });
  await endUntrusting(spec, dataDirectory, pki.ca, clock);
  const stop = new AbortController();
  const supervising = superviseProcess(spec, clock, stop.signal, (text) => log.warn(text));
  const rotation = setInterval(() => rotateLog(spec.logFile), rotateEveryMs);
  const store = new EtcdStore({
    endpoints: [etcdEndpoint({ port })],
    serverName: 'localhost',
    // Read for every connection.
    get ca() {
      return pki.ca.bundle;
    },
    get cert() {
      return pki.client.cert;
    },
    get key() {
      return pki.client.key;
    },
    clock,
    onError: reported(log),
  });
  return {
    store,
    soleWriter: true,
    authority: pki.ca,
    async renewCertificates() {
      // Core believes a new authority before etcd shows what it signed, and etcd before core does.
      const known = readAuthority(pkiDirectory, 'etcd-ca');
      if (known !== undefined) pki.ca.replace(known);
      const { client } = await ensureEtcdPki(pkiDirectory, clock, pki.ca);
      const ended = await endUntrusting(spec, dataDirectory, pki.ca, clock);
      pki.client.replace(client);
      if (!ended) return;
      log.info('etcd is started anew: its authority was replaced');
      store.redial();
      await store.health({});
    },
    async close() {
      clearInterval(rotation);
      await store.close();
      stop.abort();
      await supervising;
      await stopProcess(spec, clock);
    },
  };
}

/**
 * etcd reads whom it believes only when it starts. One that an earlier core left running and that believes others, or
 * speaks no TLS, is ended; whoever supervises it starts it anew on the same data. Returns whether that was needed.
 */
async function endUntrusting(
  spec: ProcessSpec,
  dataDirectory: string,
  { bundle }: Pick<LiveAuthority, 'bundle'>,
  clock: Clock,
): Promise<boolean> {
  const mark = join(dataDirectory, 'etcd-tls');
  const believed = createHash('sha256').update(bundle).digest('hex');
  if (readIfThere(mark)?.toString() === believed) return false;
  await stopProcess(spec, clock);
  writeFileSync(mark, believed);
  return true;
}
