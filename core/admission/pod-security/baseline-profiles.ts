import { containersNamed, containersOf, plural, quoted, settersOf, sorted } from './check.ts';
import type { AnyContainer, Check, PodParts, Violation } from './check.ts';

/** Which profiles and capabilities a Pod of the baseline level may choose (pod-security-admission/policy). */

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const ownProfiles: ReadonlySet<string> = new Set(['RuntimeDefault', 'Localhost']);

function appArmorProfile(pod: PodParts): Violation | undefined {
  const typeOf = (
    context: { readonly appArmorProfile?: { readonly type: string } | undefined } | undefined,
  ) => context?.appArmorProfile?.type;
  const isBad = (type: string | undefined) => type !== undefined && !ownProfiles.has(type);
  const podType = typeOf(pod.spec.securityContext);
  const bad = containersOf(pod).filter(({ securityContext }) => isBad(typeOf(securityContext)));
  const annotations = Object.entries(pod.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !isOwnAnnotation(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted();
  const setters = [
    ...settersOf(isBad(podType), bad),
    ...(annotations.length === 0 ? [] : [plural('annotation', annotations.length)]),
  ];
  if (setters.length === 0) return undefined;
  const types = [podType, ...bad.map(({ securityContext }) => typeOf(securityContext))].filter(isBad);
  const values = [...sorted(types as string[]), ...annotations];
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
}

function isOwnAnnotation(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/');
}

const capabilities: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

function capabilitiesBaseline(pod: PodParts): Violation | undefined {
  const addedBy = ({ securityContext }: AnyContainer) =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !capabilities.has(name));
  const bad = containersOf(pod).filter((container) => addedBy(container).length > 0);
  if (bad.length === 0) return undefined;
  return {
    reason: 'non-default capabilities',
    detail: `${containersNamed(bad)} must not include ${quoted(sorted(bad.flatMap(addedBy)))} in securityContext.capabilities.add`,
  };
}

interface Context {
  readonly seLinuxOptions?:
    | {
        readonly type?: string | undefined;
        readonly user?: string | undefined;
        readonly role?: string | undefined;
      }
    | undefined;
}

function seLinuxOptions(allowed: ReadonlySet<string>): (pod: PodParts) => Violation | undefined {
  const isBad = (context: Context | undefined) => {
    const { type = '', user = '', role = '' } = context?.seLinuxOptions ?? {};
    return !allowed.has(type) || user !== '' || role !== '';
  };
  return (pod) => {
    const bad = containersOf(pod).filter(({ securityContext }) => isBad(securityContext));
    const setters = settersOf(isBad(pod.spec.securityContext), bad);
    if (setters.length === 0) return undefined;
    const options = [pod.spec.securityContext, ...bad.map(({ securityContext }) => securityContext)].map(
      (context) => context?.seLinuxOptions ?? {},
    );
    const types = sorted(options.map(({ type = '' }) => type).filter((type) => !allowed.has(type)));
    const data = [
      ...(types.length === 0 ? [] : [`${plural('type', types.length)} ${quoted(types)}`]),
      ...(options.some(({ user = '' }) => user !== '') ? ['user may not be set'] : []),
      ...(options.some(({ role = '' }) => role !== '') ? ['role may not be set'] : []),
    ];
    return {
      reason: 'seLinuxOptions',
      detail: `${setters.join(' and ')} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
    };
  };
}

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seccompAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

/** As long as profiles were named by annotations. */
function seccompAnnotations(pod: PodParts): Violation | undefined {
  const { annotations = {} } = pod.metadata;
  const keys = [seccompAnnotation, ...containersOf(pod).map(({ name }) => `${seccompPrefix}${name}`)];
  const bad = sorted(
    keys.flatMap((key) => {
      const value = annotations[key];
      if (value === undefined || ['runtime/default', 'docker/default'].includes(value)) return [];
      return value.startsWith('localhost/') ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (bad.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', bad.length)} ${bad.join(', ')}`,
  };
}

/** Profiles that are named and are none of the two; others may be left out. */
export function seccompTypes(pod: PodParts): Violation | undefined {
  const typeOf = ({ securityContext }: Pick<PodParts['spec'] | AnyContainer, 'securityContext'>) =>
    securityContext?.seccompProfile?.type;
  const isBad = (type: string | undefined) => type !== undefined && !ownProfiles.has(type);
  const bad = containersOf(pod).filter((container) => isBad(typeOf(container)));
  const setters = settersOf(isBad(typeOf(pod.spec)), bad);
  if (setters.length === 0) return undefined;
  const types = [typeOf(pod.spec), ...bad.map(typeOf)].filter(isBad) as string[];
  return {
    reason: 'seccompProfile',
    detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to ${quoted(sorted(types))}`,
  };
}

/** The safe ones of each release: they are of the Pod alone and touch no other. */
const sysctls: readonly (readonly [number, readonly string[]])[] = [
  [
    0,
    [
      'kernel.shm_rmid_forced',
      'net.ipv4.ip_local_port_range',
      'net.ipv4.tcp_syncookies',
      'net.ipv4.ping_group_range',
      'net.ipv4.ip_unprivileged_port_start',
    ],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [
    29,
    [
      'net.ipv4.tcp_keepalive_time',
      'net.ipv4.tcp_fin_timeout',
      'net.ipv4.tcp_keepalive_intvl',
      'net.ipv4.tcp_keepalive_probes',
    ],
  ],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
];

function sysctlsSince(minor: number): (pod: PodParts) => Violation | undefined {
  const allowed = new Set(sysctls.filter(([since]) => since <= minor).flatMap(([, names]) => names));
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? [])
      .map(({ name }) => name)
      .filter((name) => !allowed.has(name));
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
  };
}

export const profileChecks: readonly Check[] = [
  { id: 'appArmorProfile', level: 'baseline', versions: [[0, appArmorProfile]] },
  { id: 'capabilities_baseline', level: 'baseline', versions: [[0, capabilitiesBaseline]] },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    versions: [
      [0, seLinuxOptions(new Set(seLinuxTypes))],
      [31, seLinuxOptions(new Set([...seLinuxTypes, 'container_engine_t']))],
    ],
  },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    versions: [
      [0, seccompAnnotations],
      [19, seccompTypes],
    ],
  },
  {
    id: 'sysctls',
    level: 'baseline',
    versions: sysctls.map(([since]) => [since, sysctlsSince(since)] as const),
  },
];
