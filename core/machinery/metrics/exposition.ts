import type { MetricFamily, Sample } from './metrics.ts';

/** Prometheus' text format 0.0.4, and OpenMetrics 1.0, which differs in names of counters and in how it ends. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** OpenMetrics where the Accept header asks for it; it is never the only one that will do. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  return accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'prometheus';
}

/** Families without samples are left out, as upstream's are until something happened. */
export function expose(families: Iterable<MetricFamily>, format: ExpositionFormat): string {
  const lines: string[] = [];
  for (const family of families) {
    const samples = [...family.samples()];
    if (samples.length === 0) continue;
    const open = format === 'openmetrics';
    const name = open && family.type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
    const type = family.type === 'unknown' && !open ? 'untyped' : family.type;
    lines.push(`# HELP ${name} ${escaped(family.help)}`, `# TYPE ${name} ${type}`);
    const ending = open && family.type === 'counter' ? '_total' : '';
    for (const sample of samples) lines.push(lineOf(`${name}${ending}`, sample));
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function lineOf(name: string, { suffix, labels, value }: Sample): string {
  const pairs = labels.map(([label, of]) => `${label}="${escaped(of).replaceAll('"', '\\"')}"`);
  return `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
