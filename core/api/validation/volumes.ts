import {
  configMapKeyProblems,
  dns1123LabelProblems,
  dns1123SubdomainProblems,
} from '../../machinery/names.ts';
import type {
  Container,
  DownwardAPIVolumeFile,
  HostPathVolumeSource,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
  VolumeMount,
} from '../generated/core-v1.ts';
import { checkDescendingPath, checkEach, checkName, checkNoBacksteps, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { validateFieldRef, validateResourceFieldRef, volumeFields } from './env.ts';
import { duplicate, fieldNotFound, forbiddenField, invalidValue, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

/** The volumes of a Pod (ValidateVolumes). */
export function validateVolumes(volumes: readonly Volume[] | undefined, path: FieldPath): Errors {
  const seen = new Set<string>();
  return checkEach(volumes, path, (volume, at) => {
    const errors = [
      ...checkName(volume.name, dns1123LabelProblems, at.child('name')),
      ...validateSource(volume, at),
    ];
    if (seen.has(volume.name)) errors.push(duplicate(at.child('name'), volume.name));
    seen.add(volume.name);
    return errors;
  });
}

function validateSource(volume: Volume, path: FieldPath): Errors {
  const { name: _name, ...sources } = volume;
  const [first, ...others] = Object.entries(sources)
    .filter(([, source]) => source !== undefined)
    .map(([name]) => name);
  if (first === undefined) return [required(path, 'must specify a volume type')];
  return [
    ...validateSourceMembers(volume, path),
    ...others.map((name) => forbiddenField(path.child(name), 'may not specify more than 1 volume type')),
  ];
}

/** The types that a node here can mount; of the others only the schema is checked. */
function validateSourceMembers(volume: Volume, path: FieldPath): Errors {
  const { hostPath, emptyDir, secret, configMap, downwardAPI, projected, persistentVolumeClaim, nfs } =
    volume;
  const errors: Errors = [];
  if (hostPath !== undefined) errors.push(...validateHostPath(hostPath, path.child('hostPath')));
  if (emptyDir?.sizeLimit?.startsWith('-') === true)
    errors.push(
      forbiddenField(
        path.child('emptyDir').child('sizeLimit'),
        'SizeLimit field must be a valid resource quantity',
      ),
    );
  if (secret !== undefined) {
    const at = path.child('secret');
    errors.push(...checkName(secret.secretName, dns1123SubdomainProblems, at.child('secretName')));
    errors.push(...validateFileMode(secret.defaultMode, at.child('defaultMode')));
    errors.push(...checkEach(secret.items, at.child('items'), validateKeyToPath));
  }
  if (configMap !== undefined) {
    const at = path.child('configMap');
    errors.push(...checkName(configMap.name, dns1123SubdomainProblems, at.child('name')));
    errors.push(...validateFileMode(configMap.defaultMode, at.child('defaultMode')));
    errors.push(...checkEach(configMap.items, at.child('items'), validateKeyToPath));
  }
  if (downwardAPI !== undefined) {
    const at = path.child('downwardAPI');
    errors.push(...validateFileMode(downwardAPI.defaultMode, at.child('defaultMode')));
    errors.push(...checkEach(downwardAPI.items, at.child('items'), validateDownwardFile));
  }
  if (projected !== undefined) errors.push(...validateProjected(projected, path.child('projected')));
  if (persistentVolumeClaim !== undefined)
    errors.push(
      ...checkName(
        persistentVolumeClaim.claimName,
        dns1123SubdomainProblems,
        path.child('persistentVolumeClaim').child('claimName'),
      ),
    );
  if (nfs !== undefined) {
    const at = path.child('nfs');
    if (nfs.server === '') errors.push(required(at.child('server')));
    if (nfs.path === '') errors.push(required(at.child('path')));
    else if (!nfs.path.startsWith('/'))
      errors.push(invalidValue(at.child('path'), nfs.path, 'must be an absolute path'));
  }
  return errors;
}

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

function validateHostPath({ path: folder, type }: HostPathVolumeSource, path: FieldPath): Errors {
  return [
    ...(folder === '' ? [required(path.child('path'))] : checkNoBacksteps(folder, path.child('path'))),
    ...checkOneOf(type, hostPathTypes, path.child('type')),
  ];
}

function validateFileMode(mode: number | undefined, path: FieldPath): Errors {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalidValue(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

function validateKeyToPath({ key, path: file, mode }: KeyToPath, path: FieldPath): Errors {
  return [
    ...checkName(key, configMapKeyProblems, path.child('key')),
    ...validateFileName(file, path.child('path')),
    ...validateFileMode(mode, path.child('mode')),
  ];
}

/** A file below the mount. Names with two leading dots belong to the atomic writer. */
function validateFileName(file: string, path: FieldPath): Errors {
  if (file === '') return [required(path)];
  const errors = checkDescendingPath(file, path);
  if (errors.length === 0 && file.startsWith('..'))
    errors.push(invalidValue(path, file, "must not start with '..'"));
  return errors;
}

function validateDownwardFile(
  { path: file, fieldRef, resourceFieldRef, mode }: DownwardAPIVolumeFile,
  path: FieldPath,
): Errors {
  const errors = [
    ...validateFileName(file, path.child('path')),
    ...validateFileMode(mode, path.child('mode')),
  ];
  if (fieldRef !== undefined) {
    errors.push(...validateFieldRef(fieldRef, volumeFields, path.child('fieldRef')));
    if (resourceFieldRef !== undefined)
      errors.push(
        invalidValue(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'),
      );
  } else if (resourceFieldRef !== undefined) {
    errors.push(
      ...validateResourceFieldRef(resourceFieldRef, { volume: true }, path.child('resourceFieldRef')),
    );
  } else {
    errors.push(required(path.child('fieldRef'), 'one of fieldRef and resourceFieldRef is required'));
  }
  return errors;
}

const projections = [
  'secret',
  'configMap',
  'downwardAPI',
  'serviceAccountToken',
  'clusterTrustBundle',
  'podCertificate',
] as const;

function validateProjected({ sources, defaultMode }: ProjectedVolumeSource, path: FieldPath): Errors {
  const files = new Set<string>();
  const once = (file: string | undefined, at: FieldPath): Errors => {
    if (file === undefined || file === '') return [];
    if (files.has(file)) return [invalidValue(at, file, 'conflicting duplicate paths')];
    files.add(file);
    return [];
  };
  const errors = checkEach(sources, path.child('sources'), (source, at) => {
    const given = projections.filter((name) => source[name] !== undefined);
    const [first, ...others] = given;
    if (first === undefined) return [required(at, 'must specify a volume type')];
    const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
    const found: Errors = others.map((name) =>
      forbiddenField(at.child(name), 'may not specify more than 1 volume type'),
    );
    for (const [name, named] of [
      ['secret', secret],
      ['configMap', configMap],
    ] as const) {
      if (named === undefined) continue;
      found.push(...checkName(named.name, dns1123SubdomainProblems, at.child(name).child('name')));
      found.push(
        ...checkEach(named.items, at.child(name).child('items'), (item, itemAt) => [
          ...validateKeyToPath(item, itemAt),
          ...once(item.path, itemAt.child('path')),
        ]),
      );
    }
    if (downwardAPI !== undefined)
      found.push(
        ...checkEach(downwardAPI.items, at.child('downwardAPI').child('items'), (item, itemAt) => [
          ...validateDownwardFile(item, itemAt),
          ...once(item.path, itemAt.child('path')),
        ]),
      );
    if (token !== undefined) {
      const tokenAt = at.child('serviceAccountToken');
      const { expirationSeconds = 3_600 } = token;
      if (expirationSeconds < 600)
        found.push(
          invalidValue(
            tokenAt.child('expirationSeconds'),
            expirationSeconds,
            'may not specify a duration less than 10 minutes',
          ),
        );
      if (expirationSeconds > 2 ** 32)
        found.push(
          invalidValue(
            tokenAt.child('expirationSeconds'),
            expirationSeconds,
            'may not specify a duration larger than 2^32 seconds',
          ),
        );
      found.push(
        ...validateFileName(token.path, tokenAt.child('path')),
        ...once(token.path, tokenAt.child('path')),
      );
    }
    return found;
  });
  return [...errors, ...validateFileMode(defaultMode, path.child('defaultMode'))];
}

/** Where a container sees the Pod's volumes (ValidateVolumeMounts). */
export function validateVolumeMounts(
  { volumeMounts }: Pick<Container, 'volumeMounts'>,
  volumeNames: ReadonlySet<string>,
  path: FieldPath,
): Errors {
  const places = new Set<string>();
  return checkEach(volumeMounts, path, (mount, at) => {
    const errors = validateMount(mount, volumeNames, at);
    if (mount.mountPath !== '' && places.has(mount.mountPath))
      errors.push(invalidValue(at.child('mountPath'), mount.mountPath, 'must be unique'));
    places.add(mount.mountPath);
    return errors;
  });
}

function validateMount(
  { name, mountPath, subPath, subPathExpr, mountPropagation }: VolumeMount,
  volumeNames: ReadonlySet<string>,
  path: FieldPath,
): Errors {
  const errors: Errors = [];
  if (name === '') errors.push(required(path.child('name')));
  else if (!volumeNames.has(name)) errors.push(fieldNotFound(path.child('name'), name));
  if (mountPath === '') errors.push(required(path.child('mountPath')));
  if (subPath !== undefined) errors.push(...checkDescendingPath(subPath, path.child('subPath')));
  if (subPathExpr !== undefined) {
    if (subPath !== undefined)
      errors.push(
        invalidValue(
          path.child('subPathExpr'),
          subPathExpr,
          'subPathExpr and subPath are mutually exclusive',
        ),
      );
    errors.push(...checkDescendingPath(subPathExpr, path.child('subPathExpr')));
  }
  errors.push(
    ...checkOneOf(
      mountPropagation,
      ['Bidirectional', 'HostToContainer', 'None'],
      path.child('mountPropagation'),
    ),
  );
  return errors;
}
