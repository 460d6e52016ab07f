/** What a state asks of the reader. */
export type StatusSeverity = 'good' | 'progressing' | 'warning' | 'error';

const good = new Set(['Running', 'Ready', 'Active', 'Bound', 'Complete', 'Completed', 'Succeeded']);
const progressing = new Set(['Pending', 'ContainerCreating', 'PodInitializing', 'Terminating']);

/** Judges what a STATUS column says. */
export function severityOf(status: string): StatusSeverity {
  const [word = ''] = status.split(/[ ,]/);
  if (good.has(word)) return status.includes('SchedulingDisabled') ? 'warning' : 'good';
  if (progressing.has(word) || word.startsWith('Init:')) return 'progressing';
  return 'error';
}
