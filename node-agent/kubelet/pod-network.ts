import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import type { DnsConfig, PortMapping } from '../runtime/runtime.ts';

/** How the node's Pods resolve names. */
export interface ClusterDns {
  readonly servers: readonly string[];
  /** Such as "cluster.local". */
  readonly domain: string;
}

/** The Pod's host name: 63 characters at most (upstream: GeneratePodHostNameAndDomain). */
export function podHostname(pod: Pod, clusterDomain: string): { hostname: string; domain: string } {
  const { hostname: asked, hostnameOverride, subdomain, setHostnameAsFQDN } = pod.spec;
  if (hostnameOverride !== undefined) return { hostname: hostnameOverride, domain: '' };
  const hostname = asked || (pod.metadata.name ?? '').slice(0, 63).replace(/[-.]+$/, '');
  const domain = subdomain ? `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : '';
  const full = `${hostname}.${domain}`;
  return setHostnameAsFQDN === true && domain !== '' && full.length <= 64
    ? { hostname: full, domain: '' }
    : { hostname, domain };
}

/**
 * What goes into resolv.conf; undefined leaves it to the runtime, which takes the node's (upstream:
 * pkg/kubelet/network/dns). Without a cluster DNS, "ClusterFirst" means the node's too.
 */
export function podDns(pod: Pod, cluster: ClusterDns | undefined): DnsConfig | undefined {
  const { dnsPolicy = 'ClusterFirst', dnsConfig, hostNetwork } = pod.spec;
  const wantsCluster =
    dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && hostNetwork !== true);
  const base: DnsConfig | undefined =
    dnsPolicy === 'None'
      ? { servers: [], searches: [], options: [] }
      : wantsCluster && cluster !== undefined
        ? clusterFirst(pod, cluster)
        : undefined;
  if (dnsConfig === undefined) return base;
  const own = (dnsConfig.options ?? []).map(({ name = '', value }) =>
    value === undefined || value === '' ? name : `${name}:${value}`,
  );
  const ownNames = new Set((dnsConfig.options ?? []).map(({ name }) => name));
  const { servers = [], searches = [], options = [] } = base ?? {};
  return {
    servers: unique([...servers, ...(dnsConfig.nameservers ?? [])]),
    searches: unique([...searches, ...(dnsConfig.searches ?? [])]),
    options: [...options.filter((option) => !ownNames.has(option.split(':')[0])), ...own],
  };
}

/** Ports of all containers that ask for one on the node. */
export function hostPorts(pod: Pod): PortMapping[] {
  if (pod.spec.hostNetwork === true) return [];
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...sidecars, ...pod.spec.containers].flatMap(({ ports = [] }: Container) =>
    ports
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ containerPort, hostPort = 0, hostIP, protocol = 'TCP' }) => ({
        containerPort,
        hostPort,
        hostIp: hostIP || undefined,
        protocol,
      })),
  );
}

/** The file that each container sees as /etc/hosts (upstream: managedHostsFileContent). */
export function hostsFile(
  pod: Pod,
  ips: readonly string[],
  names: { readonly hostname: string; readonly domain: string },
): string {
  const own = names.domain === '' ? names.hostname : `${names.hostname}.${names.domain}\t${names.hostname}`;
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...ips.map((ip) => `${ip}\t${own}`),
    ...hostAliasLines(pod),
    '',
  ].join('\n');
}

/** The same on the host network, where the node's own file counts. */
export function hostNetworkHostsFile(pod: Pod, nodeHostsFile: string): string {
  const head = '# Kubernetes-managed hosts file (host network).\n';
  const aliases = hostAliasLines(pod);
  return head + nodeHostsFile + (aliases.length === 0 ? '' : `${aliases.join('\n')}\n`);
}

function hostAliasLines(pod: Pod): string[] {
  const aliases = pod.spec.hostAliases ?? [];
  if (aliases.length === 0) return [];
  return [
    '',
    '# Entries added by HostAliases.',
    ...aliases.map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t')),
  ];
}

function clusterFirst(pod: Pod, { servers, domain }: ClusterDns): DnsConfig {
  const namespace = pod.metadata.namespace ?? 'default';
  return {
    servers,
    searches: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain],
    options: ['ndots:5'],
  };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
