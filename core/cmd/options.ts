import { parseArgs } from 'node:util';
import type { LimitedResource } from '../admission/limited-resources.ts';
import type { PodSecurityConfiguration } from '../admission/pod-security/configuration.ts';
import { defaultServiceCidrs } from '../apiserver/api.ts';
import type { OidcOptions } from '../apiserver/authn/oidc/flag-issuer.ts';
import { parseCidr } from '../machinery/ip.ts';
import { admissionFlags, admissionUsage, readAdmission } from './admission-configuration.ts';
import { oidcFlags, oidcUsage, readOidcOptions } from './oidc-options.ts';
import {
  readRequestHeaderOptions,
  requestHeaderFlags,
  requestHeaderUsage,
} from './request-header-options.ts';
import type { RequestHeaderOptions } from './request-header-options.ts';

export interface CoreOptions {
  readonly dataDirectory: string;
  /** host:port of gRPC. */
  readonly listen: string;
  /** host:port of REST. */
  readonly restListen: string;
  /** Where Services get their addresses: one range or one of each family. */
  readonly serviceCidrs: readonly string[];
  readonly store: 'auto' | 'etcd' | 'embedded' | 'memory';
  /** An etcd cluster that others look after; absent: core starts its own. */
  readonly etcdEndpoints: readonly string[] | undefined;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly etcdCa: string | undefined;
  readonly etcdCert: string | undefined;
  readonly etcdKey: string | undefined;
  /** Admission plug-ins that do not run. */
  readonly disabledAdmission: readonly string[];
  /** What namespaces without labels hold their Pods to, and who is exempt. */
  readonly podSecurity: PodSecurityConfiguration | undefined;
  readonly limitedResources: readonly LimitedResource[];
  /** Nodes of this machine, whose agents get certificates. */
  readonly localNodes: readonly string[];
  readonly audit: AuditOptions;
  /** An issuer of identities outside the cluster. */
  readonly oidc: OidcOptions | undefined;
  /** A file that names any number of them. */
  readonly authenticationConfig: string | undefined;
  readonly requestHeaders: RequestHeaderOptions;
  /** How many requests are served at once, long-running ones left out. */
  readonly serverSeats: number;
}

export interface AuditOptions {
  /** Nothing is noted without. */
  readonly logPath: string | undefined;
  /** A policy of audit.k8s.io/v1; a sensible one unless given. */
  readonly policyFile: string | undefined;
  readonly maxSizeMegabytes: number;
  readonly maxBackups: number;
  /** 0 for no limit. */
  readonly maxAgeDays: number;
}

export const usage = `core: the control plane of a Wheelhouse cluster

  --data-dir=PATH            where its data is kept (required)
  --listen=HOST:PORT         gRPC, loopback only (default 127.0.0.1:7443)
  --rest-listen=HOST:PORT    Kubernetes' REST API, loopback only (default 127.0.0.1:6443)
  --service-cidr=CIDR,CIDR   where Services get their addresses, a range or one of each family
                             (default 10.96.0.0/16,fd00:10:96::/112); a cluster keeps its first ones
  --store=KIND               auto, etcd, embedded or memory (default auto: etcd where it is installed)
  --local-node=NAME          make a certificate for the agent of this node; may be given again
  --disable-admission-plugins=NAME,NAME     all run unless named here, under upstream's names
  --max-requests-inflight, --max-mutating-requests-inflight=N   how many requests are served at once, together
                             (default 400 and 200); flow schemas and priority levels say whose
  --audit-log-path=FILE      note who asks for what, as lines of JSON, in this file
  --audit-policy-file=FILE   what is noted (audit.k8s.io/v1); changes and reads, never secrets, unless given
  --audit-log-maxsize=MB     set the file aside when it is this large (default 10)
  --audit-log-maxbackup=N    how many of those are kept (default 4)
  --audit-log-maxage=DAYS    and for how long (default 0: no limit)
${admissionUsage}${oidcUsage}${requestHeaderUsage}  --etcd-endpoints=URL,URL   use this etcd cluster instead of one of its own
  --etcd-ca, --etcd-cert, --etcd-key=PATH   PEM files for it
  --etcd-port, --etcd-peer-port=PORT        where its own etcd listens, on loopback (default 12379, 12380)

core rotate-service-account-key --data-dir=PATH: sign the tokens of ServiceAccounts with a new key
core rotate-authorities --data-dir=PATH: new authorities of all certificates beside the old ones, and a new key for
  the tokens of ServiceAccounts; core forget-authorities --data-dir=PATH: believe the old ones no longer
core issue-user --data-dir=PATH --user=NAME [--group=GROUP]…: print a client certificate and its key, as JSON
`;

/** Throws with one line that names the option when something is wrong. */
export function parseOptions(args: readonly string[]): CoreOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data-dir': { type: 'string' },
      listen: { type: 'string', default: '127.0.0.1:7443' },
      'rest-listen': { type: 'string', default: '127.0.0.1:6443' },
      'service-cidr': { type: 'string', default: defaultServiceCidrs.join(',') },
      store: { type: 'string', default: 'auto' },
      'disable-admission-plugins': { type: 'string', default: '' },
      ...admissionFlags,
      'etcd-endpoints': { type: 'string' },
      'etcd-port': { type: 'string', default: '12379' },
      'etcd-peer-port': { type: 'string', default: '12380' },
      'etcd-ca': { type: 'string' },
      'etcd-cert': { type: 'string' },
      'etcd-key': { type: 'string' },
      'local-node': { type: 'string', multiple: true, default: [] },
      'max-requests-inflight': { type: 'string', default: '400' },
      'max-mutating-requests-inflight': { type: 'string', default: '200' },
      'audit-log-path': { type: 'string' },
      'audit-policy-file': { type: 'string' },
      'audit-log-maxsize': { type: 'string', default: '10' },
      'audit-log-maxbackup': { type: 'string', default: '4' },
      'audit-log-maxage': { type: 'string', default: '0' },
      ...oidcFlags,
      'authentication-config': { type: 'string' },
      ...requestHeaderFlags,
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const dataDirectory = values['data-dir'];
  if (dataDirectory === undefined) throw new Error('--data-dir is required');
  const { listen, 'rest-listen': restListen } = values;
  for (const [flag, address] of Object.entries({ listen, 'rest-listen': restListen })) {
    if (isLoopback(address)) continue;
    throw new Error(
      `--${flag}=${address}: until every caller is identified, only loopback addresses may be listened on`,
    );
  }
  const { store } = values;
  if (store !== 'auto' && store !== 'etcd' && store !== 'embedded' && store !== 'memory') {
    throw new Error(`--store=${store}: it must be auto, etcd, embedded or memory`);
  }
  return {
    dataDirectory,
    listen,
    restListen,
    serviceCidrs: cidrs(values['service-cidr']),
    store,
    etcdEndpoints: values['etcd-endpoints']?.split(',').filter((endpoint) => endpoint !== ''),
    etcdPort: port('etcd-port', values['etcd-port']),
    etcdPeerPort: port('etcd-peer-port', values['etcd-peer-port']),
    etcdCa: values['etcd-ca'],
    etcdCert: values['etcd-cert'],
    etcdKey: values['etcd-key'],
    disabledAdmission: values['disable-admission-plugins'].split(',').filter((name) => name !== ''),
    ...readAdmission(values),
    localNodes: values['local-node'].map(nodeName),
    oidc: readOidcOptions(values),
    authenticationConfig: authenticationConfig(values),
    requestHeaders: readRequestHeaderOptions(values),
    serverSeats:
      count('max-requests-inflight', values['max-requests-inflight'], 1) +
      count('max-mutating-requests-inflight', values['max-mutating-requests-inflight'], 1),
    audit: {
      logPath: values['audit-log-path'],
      policyFile: values['audit-policy-file'],
      maxSizeMegabytes: count('audit-log-maxsize', values['audit-log-maxsize'], 1),
      maxBackups: count('audit-log-maxbackup', values['audit-log-maxbackup'], 1),
      maxAgeDays: count('audit-log-maxage', values['audit-log-maxage'], 0),
    },
  };
}

function authenticationConfig(values: Readonly<Record<string, unknown>>): string | undefined {
  const path = values['authentication-config'];
  if (typeof path !== 'string') return undefined;
  const other = Object.keys(oidcFlags).find((flag) => [values[flag] ?? []].flat().length > 0);
  if (other !== undefined)
    throw new Error(`--authentication-config=${path}: it cannot be combined with --${other}`);
  return path;
}

/** It becomes part of a file's name and of a certificate's subject. */
function nodeName(name: string): string {
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) return name;
  throw new Error(`--local-node=${name}: it must be the name of a node`);
}

function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(':'));
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function cidrs(text: string): readonly string[] {
  const ranges = text.split(',').map((part) => part.trim());
  const families = ranges.map((range) => parseCidr(range)?.family);
  if (families.includes(undefined) || families.length > 2 || new Set(families).size < families.length)
    throw new Error(
      `--service-cidr=${text}: it must be one CIDR such as 10.96.0.0/16, or one of each family`,
    );
  return ranges;
}

function port(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new Error(`--${name}=${text}: it must be a port`);
  return value;
}

function count(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > 100_000)
    throw new Error(`--${name}=${text}: it must be a whole number of at least ${least}`);
  return value;
}
