/** What can be done with objects of a kind; also the words by which the manifest tells which menus they get. */
export type Capability =
  | 'describable'
  | 'editable'
  | 'deletable'
  | 'scalable'
  | 'restartable'
  | 'undoable'
  | 'loggable'
  | 'executable'
  | 'forwardable'
  | 'cordonable';

/** They replace their Pods little by little and keep what they ran before. */
const rolling = new Set(['apps/Deployment', 'apps/DaemonSet', 'apps/StatefulSet']);
const loggable = new Set([
  '/Pod',
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/DaemonSet',
  'apps/StatefulSet',
  'batch/Job',
  '/ReplicationController',
  '/Service',
]);

export interface Capable {
  readonly group: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

export function capabilitiesOf({ group, kind, verbs, subresources }: Capable): readonly Capability[] {
  const name = `${group}/${kind}`;
  const has: readonly (readonly [Capability, boolean])[] = [
    ['describable', verbs.includes('get')],
    ['editable', verbs.includes('update')],
    ['deletable', verbs.includes('delete')],
    ['scalable', subresources.includes('scale')],
    ['restartable', rolling.has(name)],
    ['undoable', rolling.has(name)],
    ['loggable', loggable.has(name)],
    ['executable', name === '/Pod'],
    ['forwardable', name === '/Pod' || name === '/Service'],
    ['cordonable', name === '/Node'],
  ];
  return has.filter(([, able]) => able).map(([capability]) => capability);
}
