import { X509Certificate as NodeCertificate } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../machinery/clock.ts';
import type { LiveAuthority } from '../machinery/pki/live-authority.ts';
import { LivePair } from '../machinery/pki/live-pair.ts';
import type { KeyPair, WantedCertificate } from '../machinery/pki/make-certificate.ts';
import { ensureAuthority } from './authorities.ts';
import { readIfThere, writeAtomically } from './pem-files.ts';

/** Who vouches for whom. */
export interface PkiAuthorities {
  /** Signs what servers show. */
  readonly serverCa: LiveAuthority;
  /** Signs what clients show; another one, so that a server's certificate never opens the API. */
  readonly clientCa: LiveAuthority;
  /** Signs what nodes serve with; another one again, so that none of them can pass for the API. */
  readonly nodeServingCa: LiveAuthority;
  /** Signs what core shows API servers of users when it hands requests on, so that nothing else passes for it. */
  readonly frontProxyCa: LiveAuthority;
}

/** What core's front ends and its administrator show each other. */
export interface Pki extends PkiAuthorities {
  readonly frontProxyClient: LivePair;
  readonly server: LivePair;
  /** The administrator: group system:masters. */
  readonly admin: KeyPair;
  /** The node agents of this machine: `node-NAME.crt`, group system:nodes. */
  readonly nodes: readonly KeyPair[];
}

type SignedCertificate = WantedCertificate & { readonly signer: KeyPair };

/** A certificate with less than this left is made anew. */
const renewBeforeMs = 30 * 24 * 3600 * 1000;

/**
 * Reads a cluster's certificates from `directory`, making those that are missing, about to expire, of an authority that
 * was replaced, or for another machine's addresses. Certificate authorities are made once and never replaced silently; those
 * that are handed in sign, whatever has come into the directory since.
 */
export async function ensurePki(
  directory: string,
  clock: Clock,
  localNodes: readonly string[] = [],
  given?: PkiAuthorities,
): Promise<Pki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const authorities = given ?? (await ensureAuthorities(directory, clock));
  const { serverCa, clientCa, frontProxyCa } = authorities;
  const ensure = (wanted: SignedCertificate) => ensurePair(directory, wanted, clock);
  const live = async (wanted: SignedCertificate) => new LivePair(await ensure(wanted));
  const nodes = localNodes.map((name) =>
    ensure({
      name: `node-${name}`,
      subject: `O=system:nodes, CN=system:node:${name}`,
      use: 'client',
      signer: clientCa,
    }),
  );
  return {
    ...authorities,
    // Others have to learn of a new authority before they are shown what it signed.
    frontProxyClient: await live({
      name: 'front-proxy-client',
      subject: 'CN=front-proxy-client',
      use: 'client',
      signer: frontProxyCa.oldest,
    }),
    nodes: await Promise.all(nodes),
    server: await live({
      name: 'server',
      subject: 'CN=kube-apiserver',
      use: 'server',
      addresses: serverNames(),
      signer: serverCa.oldest,
    }),
    // Core itself believes it at once.
    admin: await ensure({
      name: 'admin',
      subject: 'O=system:masters, CN=kubernetes-admin',
      use: 'client',
      signer: clientCa,
    }),
  };
}

async function ensureAuthorities(directory: string, clock: Clock): Promise<PkiAuthorities> {
  return {
    serverCa: await ensureAuthority(directory, 'server-ca', clock),
    clientCa: await ensureAuthority(directory, 'client-ca', clock),
    nodeServingCa: await ensureAuthority(directory, 'node-serving-ca', clock),
    frontProxyCa: await ensureAuthority(directory, 'front-proxy-ca', clock),
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
  wanted: SignedCertificate,
  clock: Clock,
): Promise<KeyPair> {
  const certFile = join(directory, `${wanted.name}.crt`);
  const keyFile = join(directory, `${wanted.name}.key`);
  const [cert, key] = [readIfThere(certFile), readIfThere(keyFile)];
  if (cert !== undefined && key !== undefined && serves(cert, wanted, clock)) return { cert, key };
  // Making certificates needs much code that reading them does not.
  const { makePair } = await import('../machinery/pki/make-certificate.ts');
  const made = await makePair(wanted, clock);
  // The key first: a certificate without its key would be taken for whole.
  writeAtomically(keyFile, made.key, 0o600);
  writeAtomically(certFile, made.cert, 0o644);
  return made;
}

function serves(cert: Buffer, { signer, addresses = [] }: SignedCertificate, clock: Clock): boolean {
  const certificate = new NodeCertificate(cert);
  if (!certificate.verify(new NodeCertificate(signer.cert).publicKey)) return false;
  if (Date.parse(certificate.validTo) - clock.now() < renewBeforeMs) return false;
  return addresses.every((name) =>
    isIP(name) === 0 ? certificate.checkHost(name) !== undefined : certificate.checkIP(name) !== undefined,
  );
}
