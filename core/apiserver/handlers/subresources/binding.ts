import { conflict, invalid } from '../../../api/errors.ts';
import type { Binding, Pod, PodCondition } from '../../../api/generated/core-v1.ts';
import type { KubernetesObject, Mutable } from '../../../api/object.ts';
import { objectSchemaOf } from '../../../api/schema/schemas.ts';
import { notSupported, required } from '../../../api/validation/field-errors.ts';
import { FieldPath } from '../../../api/validation/field-path.ts';
import { timestamp } from '../../../machinery/timestamp.ts';
import type { KindToRead } from '../body.ts';

export const bindingKind: KindToRead = {
  group: '',
  version: 'v1',
  kind: 'Binding',
  get schema() {
    return objectSchemaOf('core/v1.Binding');
  },
};

const pods = { group: '', plural: 'pods' };

/** The Pod on its node (pkg/registry/core/pod/storage: BindingREST). Throws Conflict when it is on one already. */
export function bound(old: Pod, binding: KubernetesObject, nowMs: number): Mutable<Pod> {
  const { target, metadata } = binding as Binding;
  const name = old.metadata.name ?? '';
  checkTarget(binding as Binding);
  const refuse = (why: string) => conflict({ group: '', plural: 'pods/binding' }, name, why);
  if (metadata.uid !== undefined && metadata.uid !== old.metadata.uid)
    throw conflict(
      pods,
      name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid}`,
    );
  if (old.metadata.deletionTimestamp !== undefined)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (old.spec.nodeName !== undefined)
    throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(old.spec.nodeName)}`);
  if ((old.spec.schedulingGates?.length ?? 0) > 0)
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const { annotations, labels } = metadata;
  return {
    ...old,
    metadata: {
      ...old.metadata,
      ...(annotations === undefined ? {} : { annotations: { ...old.metadata.annotations, ...annotations } }),
      ...(labels === undefined ? {} : { labels: { ...old.metadata.labels, ...labels } }),
    },
    spec: { ...old.spec, nodeName: target.name },
    status: { ...old.status, conditions: scheduledConditions(old.status.conditions ?? [], timestamp(nowMs)) },
  } as Mutable<Pod>;
}

function scheduledConditions(conditions: readonly PodCondition[], now: string): PodCondition[] {
  const before = conditions.find(({ type }) => type === 'PodScheduled');
  const scheduled: PodCondition = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: before?.status === 'True' ? before.lastTransitionTime : now,
  };
  return before === undefined
    ? [...conditions, scheduled]
    : conditions.map((condition) => (condition === before ? scheduled : condition));
}

function checkTarget({ target, metadata }: Binding): void {
  const path = FieldPath.root.child('target');
  const errors = [
    ...(target.kind === undefined || target.kind === 'Node'
      ? []
      : [notSupported(path.child('kind'), target.kind, ['Node', '<empty>'])]),
    ...(target.name === undefined ? [required(path.child('name'))] : []),
  ];
  if (errors.length > 0) throw invalid(bindingKind, metadata.name ?? '', errors);
}
