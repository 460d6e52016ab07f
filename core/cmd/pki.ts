import { X509Certificate as NodeCertificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../machinery/clock.ts';
import { LivePair } from '../machinery/pki/live-pair.ts';
import type { KeyPair, WantedCertificate } from '../machinery/pki/make-certificate.ts';

/** What core's front ends and its administrator show each other. */
export interface Pki {
  /** Signs what servers show. */
  readonly serverCa: KeyPair;
  /** Signs what clients show; another one, so that a server's certificate never opens the API. */
  readonly clientCa: KeyPair;
  /** Signs what nodes serve with; another one again, so that none of them can pass for the API. */
  readonly nodeServingCa: KeyPair;
  /** Signs what core shows API servers of users when it hands requests on, so that nothing else passes for it. */
  readonly frontProxyCa: KeyPair;
  readonly frontProxyClient: LivePair;
  readonly server: LivePair;
  /** The administrator: group system:masters. */
  readonly admin: KeyPair;
  /** The node agents of this machine: `node-NAME.crt`, group system:nodes. */
  readonly nodes: readonly KeyPair[];
}

/** A certificate with less than this left is made anew. */
const renewBeforeMs = 30 * 24 * 3600 * 1000;

/**
 * Reads a cluster's certificates from `directory`, making those that are missing, about to expire, or for another
 * machine's addresses. Certificate authorities are made once and never replaced silently.
 */
export async function ensurePki(
  directory: string,
  clock: Clock,
  localNodes: readonly string[] = [],
): Promise<Pki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ensure = (wanted: WantedCertificate) => ensurePair(directory, wanted, clock);
  const live = async (wanted: WantedCertificate) => new LivePair(await ensure(wanted));
  const serverCa = await ensure({ name: 'server-ca', subject: 'CN=wheelhouse-server-ca', use: 'ca' });
  const clientCa = await ensure({ name: 'client-ca', subject: 'CN=wheelhouse-client-ca', use: 'ca' });
  const nodeServingCa = await ensure({
    name: 'node-serving-ca',
    subject: 'CN=wheelhouse-node-serving-ca',
    use: 'ca',
  });
  const frontProxyCa = await ensure({
    name: 'front-proxy-ca',
    subject: 'CN=wheelhouse-front-proxy-ca',
    use: 'ca',
  });
  const nodes = localNodes.map((name) =>
    ensure({
      name: `node-${name}`,
      subject: `O=system:nodes, CN=system:node:${name}`,
      use: 'client',
      signer: clientCa,
    }),
  );
  return {
    serverCa,
    clientCa,
    nodeServingCa,
    frontProxyCa,
    frontProxyClient: await live({
      name: 'front-proxy-client',
      subject: 'CN=front-proxy-client',
      use: 'client',
      signer: frontProxyCa,
    }),
    nodes: await Promise.all(nodes),
    server: await live({
      name: 'server',
      subject: 'CN=kube-apiserver',
      use: 'server',
      addresses: serverNames(),
      signer: serverCa,
    }),
    admin: await ensure({
      name: 'admin',
      subject: 'O=system:masters, CN=kubernetes-admin',
      use: 'client',
      signer: clientCa,
    }),
  };
}

/** The names Pods and people reach the server by, upstream's service address included. */
function serverNames(): readonly string[] {
  const own = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => address);
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  const addresses = [
    '127.0.0.1',
    '::1',
    '10.96.0.1',
    ...own.filter((address) => !address.startsWith('fe80')),
  ];
  return ['localhost', ...service, ...new Set(addresses)];
}

/** The pair that `wanted` describes, read from its two files, or made where they do not serve. */
export async function ensurePair(
  directory: string,
  wanted: WantedCertificate,
  clock: Clock,
): Promise<KeyPair> {
  const certFile = join(directory, `${wanted.name}.crt`);
  const keyFile = join(directory, `${wanted.name}.key`);
  const existing = readPair(certFile, keyFile);
  if (existing !== undefined && serves(existing, wanted, clock)) return existing;
  // Making certificates needs much code that reading them does not.
  const { makePair } = await import('../machinery/pki/make-certificate.ts');
  const made = await makePair(wanted, clock);
  // The key first: a certificate without its key would be taken for whole.
  writeAtomically(keyFile, made.key, 0o600);
  writeAtomically(certFile, made.cert, 0o644);
  return made;
}

function readPair(certFile: string, keyFile: string): KeyPair | undefined {
  try {
    return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function serves({ cert }: KeyPair, wanted: WantedCertificate, clock: Clock): boolean {
  const certificate = new NodeCertificate(cert);
  if (wanted.signer !== undefined) {
    const signer = new NodeCertificate(wanted.signer.cert);
    if (!certificate.verify(signer.publicKey)) return false;
    if (Date.parse(certificate.validTo) - clock.now() < renewBeforeMs) return false;
  }
  return (wanted.addresses ?? []).every((name) =>
    isIP(name) === 0 ? certificate.checkHost(name) !== undefined : certificate.checkIP(name) !== undefined,
  );
}

function writeAtomically(path: string, content: Buffer, mode: number): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}
