type Labels = Readonly<Record<string, string>>;

/** Labels of this kind are what people isolate nodes by: no node puts itself there. */
const restricted = 'node-restriction.kubernetes.io';
/** What a kubelet may say of its node (kubelet/pkg/apis/well_known_labels.go). */
const ownLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
]);
const ownNamespaces = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const reservedNamespaces = ['kubernetes.io', 'k8s.io'];

/** The labels that differ and that a node may not set, change or take away, in order. */
export function forbiddenLabels(wanted: Labels = {}, before: Labels = {}): readonly string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(before)])]
    .filter((label) => wanted[label] !== before[label] && isForbidden(label))
    .toSorted();
}

function isForbidden(label: string): boolean {
  const slash = label.indexOf('/');
  if (slash < 0) return false;
  const namespace = label.slice(0, slash);
  const within = (suffix: string) => namespace === suffix || namespace.endsWith(`.${suffix}`);
  if (within(restricted)) return true;
  return reservedNamespaces.some(within) && !ownLabels.has(label) && !ownNamespaces.some(within);
}
