import { deepEqual } from '../../machinery/json.ts';
import { dns1123SubdomainProblems, qualifiedNameProblems } from '../../machinery/names.ts';
import type {
  CSIDriver,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  TokenRequest,
} from '../generated/storage-v1.ts';
import { checkEach, checkNotNegative, notNegative } from './common.ts';
import type { Errors } from './common.ts';
import { duplicate, invalidEach, invalidValue, notSupported, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './label-selector.ts';
import { validateImmutable } from './object-meta.ts';

const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycles = ['Persistent', 'Ephemeral'];
const shortestTokenSeconds = 600;
const shortestPeriodSeconds = 10;
const maxNameLength = 63;
const maxNodeIdLength = 256;

/** ValidateCSIDriver (pkg/apis/storage/validation/validation.go). */
export function validateCsiDriver({ spec }: CSIDriver): Errors {
  const path = FieldPath.spec;
  const { fsGroupPolicy, tokenRequests, volumeLifecycleModes, nodeAllocatableUpdatePeriodSeconds } = spec;
  const errors: Errors = [];
  if (fsGroupPolicy !== undefined && !groupPolicies.includes(fsGroupPolicy))
    errors.push(notSupported(path.child('fsGroupPolicy'), fsGroupPolicy, groupPolicies));
  errors.push(...validateTokenRequests(tokenRequests, path.child('tokenRequests')));
  for (const mode of volumeLifecycleModes ?? [])
    if (!lifecycles.includes(mode))
      errors.push(notSupported(path.child('volumeLifecycleModes'), mode, lifecycles));
  if (
    nodeAllocatableUpdatePeriodSeconds !== undefined &&
    nodeAllocatableUpdatePeriodSeconds < shortestPeriodSeconds
  )
    errors.push(
      invalidValue(
        path.child('nodeAllocatableUpdatePeriodSeconds'),
        nodeAllocatableUpdatePeriodSeconds,
        `must be greater than or equal to ${shortestPeriodSeconds} seconds`,
      ),
    );
  return errors;
}

/** A driver gets one token for each audience; the one without is that of the API server. */
function validateTokenRequests(requests: readonly TokenRequest[] | undefined, path: FieldPath): Errors {
  const seen = new Set<string>();
  return checkEach(requests, path, ({ audience, expirationSeconds }, at) => {
    if (seen.has(audience)) return [duplicate(at.child('audience'), audience)];
    seen.add(audience);
    const place = at.child('expirationSeconds');
    if (expirationSeconds === undefined) return [];
    if (expirationSeconds < shortestTokenSeconds)
      return [invalidValue(place, expirationSeconds, 'may not specify a duration less than 10 minutes')];
    if (expirationSeconds > 2 ** 32)
      return [invalidValue(place, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
    return [];
  });
}

/** Volumes were attached, or not, by what the driver said. The first path is upstream's own spelling. */
export function validateCsiDriverUpdate({ spec }: CSIDriver, { spec: old }: CSIDriver): Errors {
  const path = FieldPath.spec;
  return [
    ...validateImmutable(spec.attachRequired, old.attachRequired, path.child('attachedRequired')),
    ...validateImmutable(
      spec.volumeLifecycleModes,
      old.volumeLifecycleModes,
      path.child('volumeLifecycleModes'),
    ),
  ];
}

/** ValidateCSINode. */
export function validateCsiNode({ spec }: CSINode): Errors {
  const seen = new Set<string>();
  return checkEach(spec.drivers, FieldPath.spec.child('drivers'), (driver, path) => {
    const errors = validateNodeDriver(driver, path);
    if (seen.has(driver.name)) errors.push(duplicate(path.child('name'), driver.name));
    seen.add(driver.name);
    return errors;
  });
}

function validateNodeDriver(
  { name, nodeID, allocatable, topologyKeys }: CSINodeDriver,
  path: FieldPath,
): Errors {
  const keys = new Set<string>();
  return [
    ...validateDriverName(name, path.child('name')),
    ...(nodeID === '' ? [required(path.child('nodeID'))] : []),
    ...(nodeID.length > maxNodeIdLength
      ? [invalidValue(path.child('nodeID'), nodeID, `must be ${maxNodeIdLength} characters or less`)]
      : []),
    ...checkNotNegative(allocatable?.count, path.child('allocatable').child('count')),
    ...(topologyKeys ?? []).flatMap((key) => {
      if (keys.has(key)) return [duplicate(path, key)];
      keys.add(key);
      return key === '' ? [required(path)] : invalidEach(path, key, qualifiedNameProblems(key));
    }),
  ];
}

/** ValidateCSIDriverName (pkg/apis/core/validation). */
function validateDriverName(name: string, path: FieldPath): Errors {
  if (name === '') return [required(path)];
  const problems = dns1123SubdomainProblems(name.toLowerCase());
  if (name.length > maxNameLength) problems.unshift(`must be no more than ${maxNameLength} characters`);
  return invalidEach(path, name, problems);
}

/** ValidateCSINodeUpdate: a driver comes and goes as a whole; only how many volumes it takes may change. */
export function validateCsiNodeUpdate({ spec }: CSINode, { spec: old }: CSINode): Errors {
  const fixed = ({ allocatable: _allocatable, ...driver }: CSINodeDriver) => driver;
  const before = new Map(old.drivers.map((driver) => [driver.name, driver]));
  return spec.drivers.flatMap((driver) => {
    const known = before.get(driver.name);
    if (known === undefined || deepEqual(fixed(driver), fixed(known))) return [];
    return [invalidValue(FieldPath.spec.child('drivers'), fixed(driver), 'field is immutable')];
  });
}

/** ValidateCSIStorageCapacity. */
export function validateCsiStorageCapacity(reported: CSIStorageCapacity): Errors {
  const { nodeTopology, storageClassName, capacity } = reported;
  const root = FieldPath.root;
  return [
    ...(nodeTopology === undefined ? [] : validateLabelSelector(nodeTopology, root.child('nodeTopology'))),
    ...invalidEach(
      root.child('storageClassName'),
      storageClassName,
      dns1123SubdomainProblems(storageClassName),
    ),
    ...(capacity?.startsWith('-') === true
      ? [invalidValue(root.child('capacity'), capacity, notNegative)]
      : []),
  ];
}

/** What was asked of the driver stays; what it answered may change. */
export function validateCsiStorageCapacityUpdate(now: CSIStorageCapacity, old: CSIStorageCapacity): Errors {
  const root = FieldPath.root;
  return [
    ...validateImmutable(now.nodeTopology, old.nodeTopology, root.child('nodeTopology')),
    ...validateImmutable(now.storageClassName, old.storageClassName, root.child('storageClassName')),
  ];
}
