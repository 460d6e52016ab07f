import type {
  AppArmorProfile,
  PodSecurityContext,
  SeccompProfile,
  SecurityContext,
} from '../generated/core-v1.ts';
import { checkBetween, checkEach, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { duplicate, invalidValue, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

const maxId = 2 ** 31 - 1;

/** ValidateSecurityContext: what a container may do. */
export function validateContainerSecurity(context: SecurityContext | undefined, path: FieldPath): Errors {
  if (context === undefined) return [];
  const { privileged, allowPrivilegeEscalation, capabilities } = context;
  const errors = [
    ...checkBetween(context.runAsUser, 0, maxId, path.child('runAsUser')),
    ...checkBetween(context.runAsGroup, 0, maxId, path.child('runAsGroup')),
    ...checkOneOf(context.procMount, ['Default', 'Unmasked'], path.child('procMount')),
    ...validateSeccomp(context.seccompProfile, path.child('seccompProfile')),
    ...validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')),
  ];
  if (allowPrivilegeEscalation === false) {
    const at = path.child('allowPrivilegeEscalation');
    if (privileged === true)
      errors.push(
        invalidValue(at, false, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'),
      );
    if (capabilities?.add?.some((name) => name === 'CAP_SYS_ADMIN' || name === 'SYS_ADMIN') === true)
      errors.push(
        invalidValue(
          at,
          false,
          'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
        ),
      );
  }
  return errors;
}

/** ValidatePodSecurityContext: what holds for all containers of a Pod. */
export function validatePodSecurity(context: PodSecurityContext | undefined, path: FieldPath): Errors {
  if (context === undefined) return [];
  const sysctls = new Set<string>();
  return [
    ...checkBetween(context.runAsUser, 0, maxId, path.child('runAsUser')),
    ...checkBetween(context.runAsGroup, 0, maxId, path.child('runAsGroup')),
    ...checkBetween(context.fsGroup, 0, maxId, path.child('fsGroup')),
    ...checkEach(context.supplementalGroups, path.child('supplementalGroups'), (id, at) =>
      checkBetween(id, 0, maxId, at),
    ),
    ...checkEach(context.sysctls, path.child('sysctls'), ({ name }, at) => {
      if (name === '') return [required(at.child('name'))];
      const errors: Errors = [];
      if (!/^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/.test(name))
        errors.push(
          invalidValue(
            at.child('name'),
            name,
            'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
          ),
        );
      else if (sysctls.has(name)) errors.push(duplicate(at.child('name'), name));
      sysctls.add(name);
      return errors;
    }),
    ...checkOneOf(
      context.fsGroupChangePolicy,
      ['Always', 'OnRootMismatch'],
      path.child('fsGroupChangePolicy'),
    ),
    ...checkOneOf(
      context.supplementalGroupsPolicy,
      ['Merge', 'Strict'],
      path.child('supplementalGroupsPolicy'),
    ),
    ...validateSeccomp(context.seccompProfile, path.child('seccompProfile')),
    ...validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')),
  ];
}

function validateSeccomp(profile: SeccompProfile | undefined, path: FieldPath): Errors {
  return profile === undefined ? [] : validateProfile(profile, path, 'seccomp');
}

function validateAppArmor(profile: AppArmorProfile | undefined, path: FieldPath): Errors {
  return profile === undefined ? [] : validateProfile(profile, path, 'AppArmor');
}

function validateProfile(
  { type, localhostProfile }: { readonly type: string; readonly localhostProfile?: string | undefined },
  path: FieldPath,
  what: string,
): Errors {
  const at = path.child('localhostProfile');
  const errors = checkOneOf(type, ['Localhost', 'RuntimeDefault', 'Unconfined'], path.child('type'), {
    isRequired: true,
  });
  if (type === 'Localhost' && (localhostProfile === undefined || localhostProfile === ''))
    errors.push(required(at, `must be set when ${what} type is Localhost`));
  if (type !== 'Localhost' && localhostProfile !== undefined)
    errors.push(invalidValue(at, localhostProfile, `can only be set when ${what} type is Localhost`));
  return errors;
}
