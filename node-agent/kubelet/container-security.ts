import { join } from 'node:path';
import type { Container, Pod, SeccompProfile } from '../../core/api/generated/core-v1.ts';
import type { ContainerSecurity, ImageStatus } from '../runtime/runtime.ts';
import { ConfigError } from './environment.ts';

/**
 * The container's security context laid over the Pod's (upstream: pkg/kubelet/kuberuntime/security_context.go).
 * @param seccompDirectory where the node's own profiles are
 */
export function containerSecurity(
  pod: Pod,
  container: Container,
  seccompDirectory: string,
): ContainerSecurity {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const user = own.runAsUser ?? shared.runAsUser;
  const group = own.runAsGroup ?? shared.runAsGroup;
  const privileged = own.privileged === true;
  return {
    privileged,
    runAsUser: user === undefined ? undefined : String(user),
    runAsGroup: group === undefined ? undefined : String(group),
    supplementalGroups: [
      ...(shared.supplementalGroups ?? []),
      ...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
    ],
    readOnlyRootFilesystem: own.readOnlyRootFilesystem === true,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    noNewPrivileges: own.allowPrivilegeEscalation === false && !privileged,
    seccompProfile: privileged
      ? 'unconfined'
      : seccomp(own.seccompProfile ?? shared.seccompProfile, seccompDirectory),
  };
}

/**
 * A container that must not run as root and would (upstream: verifyRunAsNonRoot).
 * @throws {ConfigError}
 */
export function verifyNonRoot(pod: Pod, container: Container, image: ImageStatus): void {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) !== true) return;
  const { name, namespace, uid } = pod.metadata;
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
  const user = own.runAsUser ?? shared.runAsUser;
  if (user !== undefined) {
    if (user === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  const [imageUser = ''] = image.user.split(':');
  if (imageUser === '' || imageUser === '0') {
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  }
  if (!/^\d+$/.test(imageUser)) {
    throw new ConfigError(
      `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${where}`,
    );
  }
}

/** The runtime's profile unless the Pod asks for another: upstream's SeccompDefault. */
function seccomp(profile: SeccompProfile | undefined, directory: string): string {
  if (profile?.type === 'Unconfined') return 'unconfined';
  if (profile?.type === 'Localhost') return `localhost/${join(directory, profile.localhostProfile ?? '')}`;
  return 'runtime/default';
}
