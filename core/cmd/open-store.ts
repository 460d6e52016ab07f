import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import { rotateLog, stopProcess, superviseProcess } from '../machinery/process/supervised-process.ts';
import type { ProcessSpec } from '../machinery/process/supervised-process.ts';
import { EtcdStore } from '../storage/etcd/store.ts';
import { MemoryStore } from '../storage/memory/store.ts';
import type { KeyValueStore } from '../storage/storage.ts';
import { ensureEtcdPki } from './etcd-pki.ts';
import { etcdEndpoint, etcdSpec, findEtcd } from './etcd-process.ts';
import type { CoreOptions } from './options.ts';

export interface OpenStore {
  readonly store: KeyValueStore;
  /** No other process writes to it, so the newest revision is known without asking. */
  readonly soleWriter: boolean;
  /** Makes anew what core shows its own etcd, when it is about to end; connections from then on show it. */
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
      return options.etcdEndpoints === undefined ? ownEtcd(options, clock, log) : sharedEtcd(options, clock);
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

function sharedEtcd(options: CoreOptions, clock: Clock): OpenStore {
  const pem = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
  const store = new EtcdStore({
    endpoints: options.etcdEndpoints ?? [],
    clock,
    ca: pem(options.etcdCa),
    cert: pem(options.etcdCert),
    key: pem(options.etcdKey),
  });
  return { store, soleWriter: false, close: () => store.close() };
}

async function ownEtcd(options: CoreOptions, clock: Clock, log: Logger): Promise<OpenStore> {
  const command = findEtcd();
  if (command === undefined) {
    throw new Error('Cannot start etcd: it is not installed (Debian: "apt-get install etcd-server")');
  }
  const { etcdPort: port, etcdPeerPort: peerPort, dataDirectory } = options;
  const pki = await ensureEtcdPki(join(dataDirectory, 'pki'), clock);
  const spec = etcdSpec(command, { dataDirectory, port, peerPort, tls: pki.files });
  await endUnencrypted(spec, dataDirectory, clock);
  const stop = new AbortController();
  const supervising = superviseProcess(spec, clock, stop.signal, (text) => log.warn(text));
  const rotation = setInterval(() => rotateLog(spec.logFile), rotateEveryMs);
  const store = new EtcdStore({
    endpoints: [etcdEndpoint({ port })],
    ca: pki.ca.cert,
    serverName: 'localhost',
    // Read for every connection.
    get cert() {
      return pki.client.cert;
    },
    get key() {
      return pki.client.key;
    },
    clock,
  });
  return {
    store,
    soleWriter: true,
    async renewCertificates() {
      const { client } = await ensureEtcdPki(join(dataDirectory, 'pki'), clock);
      pki.client.replace(client);
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

/** One that an earlier version left running speaks no TLS: it is ended, and started anew on the same data. */
async function endUnencrypted(spec: ProcessSpec, dataDirectory: string, clock: Clock): Promise<void> {
  const mark = join(dataDirectory, 'etcd-tls');
  if (existsSync(mark)) return;
  await stopProcess(spec, clock);
  writeFileSync(mark, '');
}
