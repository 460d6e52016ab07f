import { describe, expect, test } from 'vitest';
import { expose, formatFor } from './exposition.ts';
import { Counter, Histogram, read } from './metrics.ts';

function families() {
  const requests = new Counter('requests_total', 'Requests\nanswered.', ['verb', 'path']);
  requests.of('GET', 'a"b\\c').value++;
  requests.of('GET', 'a"b\\c').value++;
  const seconds = new Histogram('seconds', 'How long.', ['verb'], [0.1, 1]);
  for (const value of [0.1, 0.5, 7]) seconds.of('GET').observe(value);
  const size = read('gauge', 'size', 'How many.', ['kind'], () => [[3, 'pods']]);
  return [requests, seconds, size, new Counter('never_total', 'Nothing yet.', [])];
}

describe('exposition', () => {
  test('is what Prometheus reads', () => {
    expect(expose(families(), 'prometheus')).toBe(`# HELP requests_total Requests\\nanswered.
# TYPE requests_total counter
requests_total{verb="GET",path="a\\"b\\\\c"} 2
# HELP seconds How long.
# TYPE seconds histogram
seconds_bucket{verb="GET",le="0.1"} 1
seconds_bucket{verb="GET",le="1"} 2
seconds_bucket{verb="GET",le="+Inf"} 3
seconds_sum{verb="GET"} 7.6
seconds_count{verb="GET"} 3
# HELP size How many.
# TYPE size gauge
size{kind="pods"} 3
`);
  });

  test('names counters without their ending in OpenMetrics, and ends with a mark', () => {
    const text = expose(families(), 'openmetrics');
    expect(text).toContain('# TYPE requests counter\nrequests_total{verb="GET"');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });

  test('is OpenMetrics for who asks for it', () => {
    expect(formatFor('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).toBe('openmetrics');
    expect(formatFor('*/*')).toBe('prometheus');
    expect(formatFor(undefined)).toBe('prometheus');
  });
});
