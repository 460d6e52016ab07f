import type { Container, Pod, ResourceFieldSelector } from '../../core/api/generated/core-v1.ts';
import { Quantity } from '../../core/machinery/quantity.ts';

/** What the downward API tells beyond the Pod itself: it may be newer than the Pod's stored status. */
export interface FieldContext {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  /** Stands in for a limit that is not set. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/**
 * A field of the Pod as the downward API writes it (upstream: pkg/fieldpath and podFieldSelectorRuntimeValue).
 * @throws when the path names no such field
 */
export function podField(pod: Pod, fieldPath: string, context: FieldContext): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/s.exec(fieldPath);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    const key = subscript[2] ?? '';
    return map !== undefined && Object.hasOwn(map, key) ? (map[key] ?? '') : '';
  }
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.podIP':
      return context.podIps[0] ?? '';
    case 'status.podIPs':
      return context.podIps.join(',');
    case 'status.hostIP':
      return context.hostIps[0] ?? '';
    case 'status.hostIPs':
      return context.hostIps.join(',');
    default:
      throw new Error(`Cannot read field "${fieldPath}" of a Pod: unsupported fieldPath`);
  }
}

/**
 * A request or limit in units of the divisor, rounded up (upstream: ExtractContainerResourceValue).
 * @throws when container or resource are not known
 */
export function resourceField(
  pod: Pod,
  own: Container,
  selector: ResourceFieldSelector,
  context: FieldContext,
): string {
  const { containerName, resource, divisor } = selector;
  const container = containerName ? findContainer(pod, containerName) : own;
  if (container === undefined)
    throw new Error(`Cannot read "${resource}": container ${containerName} not found`);
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource);
  const [, side, name] = match ?? [];
  if (side === undefined || name === undefined)
    throw new Error(`Unsupported container resource : ${resource}`);
  const { limits = {}, requests = {} } = container.resources ?? {};
  const fallback = name.startsWith('hugepages-') ? '0' : (context.allocatable[name] ?? '0');
  const amount = side === 'limits' ? (limits[name] ?? fallback) : (requests[name] ?? limits[name] ?? '0');
  const unit = Quantity.parse(divisor === undefined || divisor === '0' ? '1' : divisor);
  const nanos = Quantity.parse(amount).nanos;
  return String((nanos + unit.nanos - 1n) / unit.nanos);
}

function findContainer(pod: Pod, name: string): Container | undefined {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
    (container) => container.name === name,
  );
}

/** A line per entry, sorted: key="value" with the value quoted as Go does. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${quote(value)}`)
    .join('\n');
}

/** Go's strconv.Quote for what labels and annotations hold. */
function quote(value: string): string {
  return JSON.stringify(value).replace(
    /\\u00([0-9a-f]{2})|\\b|\\f|\u007f/g,
    (escape, hex: string | undefined) => (hex === undefined ? (goEscapes[escape] ?? escape) : goControl(hex)),
  );
}

const goEscapes: Readonly<Record<string, string>> = { '\\b': '\\b', '\\f': '\\f', '\u007f': '\\x7f' };

function goControl(hex: string): string {
  return { '07': '\\a', '0b': '\\v' }[hex] ?? `\\x${hex}`;
}
