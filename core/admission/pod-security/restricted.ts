import { procMount } from './baseline-host.ts';
import { seccompTypes } from './baseline-profiles.ts';
import {
  containersNamed,
  containersOf,
  hasUserNamespace,
  isWindows,
  plural,
  quoted,
  settersOf,
  sorted,
} from './check.ts';
import type { AnyContainer, Check, CheckPod, PodParts, Violation } from './check.ts';

/** What a Pod of the restricted level must say of itself (pod-security-admission/policy). */

function allowPrivilegeEscalation(pod: PodParts): Violation | undefined {
  const bad = containersOf(pod).filter(
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  );
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersNamed(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}

function capabilities(pod: PodParts): Violation | undefined {
  const containers = containersOf(pod);
  const keeping = containers.filter(
    ({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') !== true,
  );
  const addedBy = ({ securityContext }: AnyContainer) =>
    (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  const adding = containers.filter((container) => addedBy(container).length > 0);
  const details = [
    ...(keeping.length === 0
      ? []
      : [`${containersNamed(keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...(adding.length === 0
      ? []
      : [
          `${containersNamed(adding)} must not include ${quoted(sorted(adding.flatMap(addedBy)))} in securityContext.capabilities.add`,
        ]),
  ];
  return details.length === 0
    ? undefined
    : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

const volumeTypes: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);
/** Whatever came after these is told of as "unknown". */
const otherVolumeTypes: ReadonlySet<string> = new Set([
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
]);

function restrictedVolumes({ spec }: PodParts): Violation | undefined {
  const bad = (spec.volumes ?? []).flatMap(({ name, ...source }) => {
    const types = Object.entries(source).flatMap(([type, value]) => (value === undefined ? [] : [type]));
    if (types.some((type) => volumeTypes.has(type))) return [];
    return [{ name, type: types.find((type) => otherVolumeTypes.has(type)) ?? 'unknown' }];
  });
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map(({ type }) => type));
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', bad.length)} ${quoted(bad.map(({ name }) => name))} ${plural('uses', bad.length, 'use')} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
  };
}

function runAsNonRoot(pod: PodParts): Violation | undefined {
  const reason = 'runAsNonRoot != true';
  const ofPod = pod.spec.securityContext?.runAsNonRoot;
  const containers = containersOf(pod);
  const setters = settersOf(
    ofPod === false,
    containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === false),
  );
  if (setters.length > 0)
    return { reason, detail: `${setters.join(' and ')} must not set securityContext.runAsNonRoot=false` };
  const silent = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (ofPod === true || silent.length === 0) return undefined;
  return {
    reason,
    detail: `pod or ${containersNamed(silent)} must set securityContext.runAsNonRoot=true`,
  };
}

function runAsUser(pod: PodParts): Violation | undefined {
  const setters = settersOf(
    pod.spec.securityContext?.runAsUser === 0,
    containersOf(pod).filter(({ securityContext }) => securityContext?.runAsUser === 0),
  );
  if (setters.length === 0) return undefined;
  return { reason: 'runAsUser=0', detail: `${setters.join(' and ')} must not set runAsUser=0` };
}

function seccompProfile(pod: PodParts): Violation | undefined {
  const named = seccompTypes(pod);
  if (named !== undefined || pod.spec.securityContext?.seccompProfile !== undefined) return named;
  const silent = containersOf(pod).filter(
    ({ securityContext }) => securityContext?.seccompProfile === undefined,
  );
  if (silent.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${containersNamed(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
}

/** Windows has none of what these are about. */
function onLinux(check: CheckPod): CheckPod {
  return (pod) => (isWindows(pod) ? undefined : check(pod));
}

function outsideUserNamespaces(check: CheckPod): CheckPod {
  return (pod) => (hasUserNamespace(pod) ? undefined : check(pod));
}

export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    versions: [
      [8, allowPrivilegeEscalation],
      [25, onLinux(allowPrivilegeEscalation)],
    ],
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    versions: [
      [22, capabilities],
      [25, onLinux(capabilities)],
    ],
    overrides: ['capabilities_baseline'],
  },
  {
    id: 'procMount_restricted',
    level: 'restricted',
    versions: [[35, procMount]],
    overrides: ['procMount_baseline'],
  },
  {
    id: 'restrictedVolumes',
    level: 'restricted',
    versions: [[0, restrictedVolumes]],
    overrides: ['hostPathVolumes'],
  },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    versions: [
      [0, runAsNonRoot],
      [35, outsideUserNamespaces(runAsNonRoot)],
    ],
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    versions: [
      [23, runAsUser],
      [35, outsideUserNamespaces(runAsUser)],
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    versions: [
      [19, seccompProfile],
      [25, onLinux(seccompProfile)],
    ],
    overrides: ['seccompProfile_baseline'],
  },
];
