import type {
  Affinity,
  Container,
  ContainerPort,
  NodeSelectorTerm,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../generated/core-v1.ts';
import type { LabelSelector } from '../generated/meta-v1.ts';
import { deepEqual } from '../../machinery/json.ts';
import { isQuantity, Quantity } from '../../machinery/quantity.ts';
import { dns1123LabelProblems } from '../../machinery/names.ts';
import type { KubernetesObject } from '../object.ts';
import { mostWarningsKept } from '../warnings.ts';
import { FieldPath } from './field-path.ts';

/** What is to be said of the name of what makes Pods, when it is created. */
export function podNameWarnings(
  { metadata: { name = '' } }: KubernetesObject,
  use = 'in Pod names and hostnames',
): readonly string[] {
  const problems = dns1123LabelProblems(name);
  if (problems.length === 0) return [];
  return [
    `metadata.name: this is used ${use}, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
  ];
}

/** What does not keep a Pod from being taken, and yet is hardly meant (pkg/api/pod/warnings.go). */
export function podWarnings(
  { metadata, spec = {} as PodSpec }: PodTemplateSpec,
  path: FieldPath = FieldPath.root,
): readonly string[] {
  const at = path.child('spec');
  const containers = containersOf(spec, at);
  const annotations = metadata?.annotations ?? {};
  return [
    ...nodeLabelWarnings(spec, at),
    ...Object.entries(deadAnnotations)
      .filter(([key]) => annotations[key] !== undefined)
      .map(([key, why]) => `${path.child('metadata').child('annotations').key(key).toString()}: ${why}`),
    ...(spec.volumes ?? []).flatMap((volume, i) => volumeWarnings(volume, at.child('volumes').index(i))),
    ...repeats(
      (spec.hostAliases ?? []).map(({ ip }) => ip ?? ''),
      (i, ip) =>
        `${at.child('hostAliases').index(i).child('ip').toString()}: duplicate ip ${JSON.stringify(ip)}`,
    ),
    ...secretNameWarnings(spec, at.child('imagePullSecrets')),
    ...fractions(spec.overhead, at.child('overhead')),
    ...containers.flatMap(([container, where]) => containerWarnings(container, where)),
    ...portWarnings(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [
          `${at.child('terminationGracePeriodSeconds').toString()}: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec.affinity ?? {}, at.child('affinity')),
  ];
}

/** As `templateWarnings`, of a kind by whose name its Pods are called; of the name when it is created. */
export function namedTemplateWarnings<T extends KubernetesObject>(
  templateOf: (object: T) => PodTemplateSpec | undefined,
  path?: FieldPath,
): (object: T, old?: T) => readonly string[] {
  const ofTemplate = templateWarnings(templateOf, path);
  return (object, old) => [...(old === undefined ? podNameWarnings(object) : []), ...ofTemplate(object, old)];
}

/**
 * The warnings of a kind that makes Pods: when it is created, and whenever what it makes changes (as upstream, where
 * the generation moves).
 */
export function templateWarnings<T>(
  templateOf: (object: T) => PodTemplateSpec | undefined,
  path: FieldPath = templatePath,
): (object: T, old?: T) => readonly string[] {
  return (object, old) => {
    const template = templateOf(object);
    if (template === undefined) return [];
    if (old !== undefined && deepEqual(template, templateOf(old))) return [];
    return podWarnings(template, path);
  };
}

const templatePath = FieldPath.spec.child('template');

type Placed<T> = readonly [T, FieldPath];

const deadAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

/** pkg/api/node/util.go */
const oldNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

const oldVolumes: readonly (readonly [keyof Volume, string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function nodeLabelWarnings(
  { nodeSelector = {}, affinity, topologySpreadConstraints }: PodSpec,
  at: FieldPath,
) {
  const node = affinity?.nodeAffinity;
  const path = at.child('affinity').child('nodeAffinity');
  const required = path.child('requiredDuringSchedulingIgnoredDuringExecution').child('nodeSelectorTerms');
  const preferred = path.child('preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...Object.keys(nodeSelector).flatMap((key) => {
      const why = oldNodeLabel(key);
      return why === undefined ? [] : [`${at.child('nodeSelector').key(key).toString()}: ${why}`];
    }),
    ...(node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).flatMap((term, i) =>
      termWarnings(term, required.index(i)),
    ),
    ...(node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ preference }, i) =>
      termWarnings(preference, preferred.index(i).child('preference')),
    ),
    ...(topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, i) => {
      const where = at.child('topologySpreadConstraints').index(i);
      return [
        ...keyWarning(topologyKey, where.child('topologyKey')),
        ...nullSelector(labelSelector, where.child('labelSelector')),
      ];
    }),
  ];
}

function termWarnings({ matchExpressions = [] }: NodeSelectorTerm, path: FieldPath): readonly string[] {
  return matchExpressions.flatMap(({ key }, i) =>
    keyWarning(key, path.child('matchExpressions').index(i).child('key')),
  );
}

function keyWarning(key: string | undefined, path: FieldPath): readonly string[] {
  const why = oldNodeLabel(key ?? '');
  return why === undefined ? [] : [`${path.toString()}: ${key} is ${why}`];
}

function oldNodeLabel(key: string): string | undefined {
  return Object.hasOwn(oldNodeLabels, key) ? oldNodeLabels[key] : undefined;
}

function affinityWarnings({ podAffinity, podAntiAffinity }: Affinity, path: FieldPath): readonly string[] {
  const kinds = [
    [podAffinity, path.child('podAffinity')],
    [podAntiAffinity, path.child('podAntiAffinity')],
  ] as const;
  return kinds.flatMap(([terms, at]) => [
    ...(terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ labelSelector }, i) =>
      nullSelector(
        labelSelector,
        at.child('requiredDuringSchedulingIgnoredDuringExecution').index(i).child('labelSelector'),
      ),
    ),
    ...(terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ podAffinityTerm }, i) =>
      nullSelector(
        podAffinityTerm.labelSelector,
        at
          .child('preferredDuringSchedulingIgnoredDuringExecution')
          .index(i)
          .child('podAffinityTerm')
          .child('labelSelector'),
      ),
    ),
  ]);
}

function nullSelector(selector: LabelSelector | undefined, path: FieldPath): readonly string[] {
  return selector === undefined
    ? [`${path.toString()}: a null labelSelector results in matching no pod`]
    : [];
}

function volumeWarnings(volume: Volume, path: FieldPath): readonly string[] {
  return oldVolumes
    .filter(([name]) => volume[name] !== undefined)
    .map(([name, why]) => `${path.child(name).toString()}: ${why}`);
}

function secretNameWarnings({ imagePullSecrets = [] }: PodSpec, path: FieldPath): readonly string[] {
  const names = imagePullSecrets.map(({ name }) => name ?? '');
  return [
    ...repeats(
      names,
      (i, name) => `${path.index(i).child('name').toString()}: duplicate name ${JSON.stringify(name)}`,
    ),
    ...names.flatMap((name, i) =>
      name === '' ? [`${path.index(i).child('name').toString()}: invalid empty name ""`] : [],
    ),
  ];
}

function containerWarnings({ resources, env = [] }: Container, path: FieldPath): readonly string[] {
  return [
    ...fractions(resources?.limits, path.child('resources').child('limits')),
    ...fractions(resources?.requests, path.child('resources').child('requests')),
    ...repeats(
      env.map(({ name }) => name),
      (i, name) => {
        const { value = '', valueFrom } = env[i] ?? {};
        const reference = `$(${name})`;
        // A value that is made of the one before hides nothing.
        if (valueFrom === undefined && value !== reference && value.includes(reference)) return undefined;
        return `${path.child('env').index(i).toString()}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
      },
    ),
  ];
}

/** Bytes come in whole ones: "400m" of memory is likely "400M". */
function fractions(amounts: Amounts, path: FieldPath): readonly string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const amount = amounts?.[name];
    if (!isQuantity(amount)) return [];
    const quantity = Quantity.parse(amount);
    if (quantity.equals(quantity.roundUp('unit'))) return [];
    return [
      `${path.key(name).toString()}: fractional byte value ${JSON.stringify(String(amount))} is invalid, must be an integer`,
    ];
  });
}

type Amounts = Readonly<Record<string, unknown>> | undefined;

function portWarnings(containers: readonly Placed<Container>[]): readonly string[] {
  const warnings: string[] = [];
  const before = new Map<string, Placed<ContainerPort>[]>();
  for (const [{ ports = [] }, path] of containers)
    for (const [i, port] of ports.entries()) {
      const at = path.child('ports').index(i);
      const key = `${port.containerPort}/${port.protocol ?? 'TCP'}`;
      const others = before.get(key);
      if (others === undefined) {
        before.set(key, [[port, at]]);
        continue;
      }
      for (const [other, where] of others) {
        const clash = clashOf(port, other);
        if (clash === undefined) continue;
        // Each of very many with each of the others would be more than there is memory for.
        if (warnings.length === mostWarningsKept) return warnings;
        warnings.push(`${at.toString()}: ${clash} port definition with ${where.toString()}`);
      }
      others.push([port, at]);
    }
  return warnings;
}

function clashOf(a: ContainerPort, b: ContainerPort): string | undefined {
  const [aIp, bIp] = [a.hostIP ?? '', b.hostIP ?? ''];
  const [aPort, bPort] = [a.hostPort ?? 0, b.hostPort ?? 0];
  if (aIp === bIp && aPort === bPort) return 'duplicate';
  if (aPort === 0 || bPort === 0) return 'overlapping';
  return aPort === bPort && (aIp === '') !== (bIp === '') ? 'dangerously ambiguous' : undefined;
}

/** What is to be said of each value that was there before. */
function repeats(
  values: readonly string[],
  say: (index: number, value: string) => string | undefined,
): readonly string[] {
  const seen = new Set<string>();
  return values.flatMap((value, i) => {
    const said = seen.has(value) ? say(i, value) : undefined;
    seen.add(value);
    return said === undefined ? [] : [said];
  });
}

function containersOf(spec: PodSpec, at: FieldPath): readonly Placed<Container>[] {
  const list = (name: 'initContainers' | 'containers') =>
    (spec[name] ?? []).map((container, i): Placed<Container> => [container, at.child(name).index(i)]);
  return [...list('initContainers'), ...list('containers')];
}
