import type { PodTemplateSpec } from '../../api/generated/core-v1.ts';
import { describeContainers } from './containers.ts';
import { Description, sortedEntries } from './description.ts';
import { tolerationText } from './pod.ts';
import { describeVolumes } from './volumes.ts';

/** A Pod template alone, as rollout history shows a revision. */
export function describePodTemplate(template: Partial<PodTemplateSpec>): string[] {
  const to = new Description();
  writePodTemplate(to, template);
  return to.toLines();
}

/** The template inside another description. */
export function writePodTemplate(to: Description, { metadata, spec }: Partial<PodTemplateSpec>): void {
  to.line(0, 'Pod Template:');
  indentedMap(to, 'Labels', metadata?.labels);
  const annotations = sortedEntries(metadata?.annotations);
  for (const [index, [key, value]] of annotations.entries()) {
    to.line(1, `${index === 0 ? 'Annotations:' : ''}\t${key}: ${value}`);
  }
  if (spec === undefined) {
    to.line(1, '<unset>');
    return;
  }
  if (spec.serviceAccountName) to.field(1, 'Service Account', spec.serviceAccountName);
  if ((spec.initContainers ?? []).length > 0) {
    describeContainers(to, 'Init Containers', spec.initContainers ?? [], undefined, undefined, 1);
  }
  describeContainers(to, 'Containers', spec.containers, undefined, undefined, 1);
  describeVolumes(to, spec.volumes, 1);
  if (spec.priorityClassName) to.field(1, 'Priority Class Name', spec.priorityClassName);
  indentedMap(to, 'Node-Selectors', spec.nodeSelector);
  const tolerations = (spec.tolerations ?? []).map(tolerationText);
  if (tolerations.length === 0) to.line(1, 'Tolerations:\t<none>');
  for (const [index, text] of tolerations.entries())
    to.line(1, `${index === 0 ? 'Tolerations:' : ''}\t${text}`);
}

function indentedMap(
  to: Description,
  title: string,
  map: Readonly<Record<string, string>> | undefined,
): void {
  const entries = sortedEntries(map);
  if (entries.length === 0) to.line(1, `${title}:\t<none>`);
  for (const [index, [key, value]] of entries.entries())
    to.line(1, `${index === 0 ? `${title}:` : ''}\t${key}=${value}`);
}
