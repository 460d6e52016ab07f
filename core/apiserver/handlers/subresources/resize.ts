import { isMirror } from '../../../api/mirror-pods.ts';
import { invalid } from '../../../api/errors.ts';
import type { Container, Pod, ResourceRequirements } from '../../../api/generated/core-v1.ts';
import { podKind } from '../../../api/kinds/core.ts';
import { mutable } from '../../../api/object.ts';
import type { Mutable } from '../../../api/object.ts';
import type { FieldError } from '../../../api/errors.ts';
import { forbiddenField, invalidValue } from '../../../api/validation/field-errors.ts';
import { FieldPath } from '../../../api/validation/field-path.ts';
import { deepEqual } from '../../../machinery/json.ts';
import { qosClassOf } from '../../../registry/pod/strategy.ts';
import { writtenMetadata } from './subresource.ts';
import type { SubresourceHandler } from './subresource.ts';

/** CPU and memory of containers that run (KEP-1287, ValidatePodResize); nothing else of the body counts. */
export const resize: SubresourceHandler = {
  change(_endpoint, old, body) {
    const before = old.object as Pod;
    const { metadata, spec } = body as Mutable<Pod>;
    const errors = problems(before, spec);
    if (errors.length > 0) throw invalid(podKind, before.metadata.name ?? '', errors);
    const { initContainers } = before.spec;
    const object = mutable(before);
    Object.assign(object.metadata, writtenMetadata(metadata));
    object.spec.containers = resized(object.spec.containers, spec.containers);
    if (initContainers !== undefined)
      object.spec.initContainers = resized(object.spec.initContainers ?? [], spec.initContainers ?? []);
    const qosClass = qosClassOf(object);
    if (qosClass !== (before.status.qosClass ?? qosClassOf(before)))
      throw invalid(podKind, before.metadata.name ?? '', [
        invalidValue(FieldPath.spec, qosClass, 'Pod QOS Class may not change as a result of resizing'),
      ]);
    return object;
  },
};

function resized(
  containers: readonly Mutable<Container>[],
  wanted: readonly Mutable<Container>[],
): Mutable<Container>[] {
  return containers.map((container, index) => {
    const resources = wanted[index]?.resources;
    return { ...container, resources: resources ?? {} };
  });
}

function problems(before: Pod, spec: Pod['spec']): FieldError[] {
  if (isMirror(before)) return [forbiddenField(FieldPath.root, 'static pods cannot be resized')];
  if (before.spec.os?.name === 'windows')
    return [forbiddenField(FieldPath.root, 'windows pods cannot be resized')];
  if (!isSupported(before))
    return [forbiddenField(FieldPath.spec, 'Pod running on node without support for resize')];
  return [
    ...listProblems(before.spec.containers, spec.containers, FieldPath.spec.child('containers'), () => false),
    ...listProblems(
      before.spec.initContainers ?? [],
      spec.initContainers ?? [],
      FieldPath.spec.child('initContainers'),
      ({ restartPolicy }) => restartPolicy !== 'Always',
    ),
  ];
}

/** A kubelet that tells what its containers have can give them something else. */
function isSupported({ status }: Pod): boolean {
  const running = (status.containerStatuses ?? []).filter(({ state }) => state?.running !== undefined);
  return running.length === 0 || running.some(({ resources }) => resources !== undefined);
}

function listProblems(
  before: readonly Container[],
  after: readonly Container[],
  path: FieldPath,
  isFixed: (container: Container) => boolean,
): FieldError[] {
  if (before.length !== after.length || before.some(({ name }, index) => after[index]?.name !== name))
    return [forbiddenField(path, 'containers may not be added, removed, renamed or reordered by a resize')];
  return before.flatMap((old, index) =>
    containerProblems(old, after[index] ?? old, path.index(index), isFixed),
  );
}

function containerProblems(
  before: Container,
  after: Container,
  path: FieldPath,
  isFixed: (container: Container) => boolean,
): FieldError[] {
  const at = path.child('resources');
  const [old, now] = [before.resources ?? {}, after.resources ?? {}];
  if (othersDiffer(old, now))
    return [forbiddenField(FieldPath.spec, 'only cpu and memory resources are mutable')];
  if (isFixed(before) && !deepEqual(old, now))
    return [forbiddenField(at, 'resources for non-sidecar init containers are immutable')];
  return (['limits', 'requests'] as const).flatMap((kind) =>
    Object.keys(old[kind] ?? {}).some((name) => now[kind]?.[name] === undefined)
      ? [forbiddenField(at.child(kind), `resource ${kind} cannot be removed`)]
      : [],
  );
}

function othersDiffer(before: ResourceRequirements, after: ResourceRequirements): boolean {
  const rest = ({ limits, requests, ...other }: ResourceRequirements) =>
    [limits, requests, other].map((part) => ({ ...part, cpu: undefined, memory: undefined }));
  return !deepEqual(rest(before), rest(after));
}
