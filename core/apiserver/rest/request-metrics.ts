import type { Scheme } from '../../api/scheme.ts';
import type { Count, Distribution, MetricFamily } from '../../machinery/metrics/metrics.ts';
import { Counter, Histogram, read } from '../../machinery/metrics/metrics.ts';
import type { RequestPath } from './request-info.ts';

/** Upstream's (apiserver/pkg/endpoints/metrics), in seconds. */
const durationBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

const requestLabels = [
  'verb',
  'dry_run',
  'group',
  'version',
  'resource',
  'subresource',
  'scope',
  'component',
];

/** What is known of a request before it is answered. */
export interface RequestToCount {
  readonly method: string;
  readonly path: RequestPath | undefined;
  readonly url: URL;
}

/** A request being answered. */
export interface CountedRequest {
  /** Called once, with the status code that was sent. */
  end(code: number): void;
}

/** All that is counted about requests that are told apart by labels. */
interface Series {
  readonly labels: readonly string[];
  readonly duration: Distribution | undefined;
  readonly codes: Map<number, Count>;
  /** Open at this moment, where they stay open. */
  running: number;
}

/**
 * Upstream's metrics of requests. The labels are looked up once a request, in a map of all there were so far; their
 * values are bounded by what the scheme serves, not by what clients ask for.
 */
export class RequestMetrics {
  readonly #scheme: Scheme;
  readonly #total = new Counter(
    'apiserver_request_total',
    'Requests answered, by verb, dry run, group, version, resource, scope, component and HTTP status code.',
    [...requestLabels, 'code'],
  );
  readonly #duration = new Histogram(
    'apiserver_request_duration_seconds',
    'Time from the head of a request to the end of its answer, in seconds; long-running ones left out.',
    requestLabels,
    durationBounds,
  );
  readonly #series = new Map<string, Series>();
  #readOnly = 0;
  #mutating = 0;

  constructor(scheme: Scheme) {
    this.#scheme = scheme;
  }

  get families(): readonly MetricFamily[] {
    return [
      this.#total,
      this.#duration,
      read(
        'gauge',
        'apiserver_current_inflight_requests',
        'Requests being answered; long-running ones left out.',
        ['request_kind'],
        () => [
          [this.#mutating, 'mutating'],
          [this.#readOnly, 'readOnly'],
        ],
      ),
      read(
        'gauge',
        'apiserver_longrunning_requests',
        'Watches and streams that are open.',
        requestLabels.filter((label) => label !== 'dry_run'),
        () => this.#longRunning(),
      ),
    ];
  }

  begin(request: RequestToCount): CountedRequest {
    const beganMs = performance.now();
    const verb = verbOf(request);
    const long = verb === 'WATCH' || verb === 'CONNECT';
    const series = this.#seriesOf(request, verb, long);
    const readOnly = verb === 'GET' || verb === 'LIST';
    if (long) series.running++;
    else if (readOnly) this.#readOnly++;
    else this.#mutating++;
    return {
      end: (code) => {
        if (long) series.running--;
        else if (readOnly) this.#readOnly--;
        else this.#mutating--;
        series.duration?.observe((performance.now() - beganMs) / 1_000);
        let count = series.codes.get(code);
        if (count === undefined)
          series.codes.set(code, (count = this.#total.of(...series.labels, String(code))));
        count.value++;
      },
    };
  }

  #seriesOf({ path, url }: RequestToCount, verb: string, long: boolean): Series {
    const dryRun = url.search.includes('dryRun=All') ? 'All' : '';
    let key: string;
    let labels: () => readonly string[];
    if (path?.kind === 'resource') {
      const { group, version, resource, subresource = '', namespace = '' } = path.target;
      const scope = path.name !== undefined ? 'resource' : namespace === '' ? 'cluster' : 'namespace';
      const kind = this.#scheme.byResource(group, version, resource);
      const known =
        kind !== undefined && (subresource === '' || isSubresource(kind.subresources, subresource));
      key = known ? `${verb}/${dryRun}/${group}/${version}/${resource}/${subresource}/${scope}` : `${verb}/?`;
      labels = () =>
        known
          ? [verb, dryRun, group, version, resource, subresource, scope, 'apiserver']
          : [verb, '', '', '', '', '', '', 'apiserver'];
    } else {
      const [first = ''] = url.pathname.slice(1).split('/', 1);
      const shown = knownPaths.has(first) ? `/${first}` : '';
      key = `${verb}${shown}`;
      labels = () => [verb, '', '', '', '', shown, '', 'apiserver'];
    }
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    const made = labels();
    const duration = long ? undefined : this.#duration.of(...made);
    const series: Series = { labels: made, duration, codes: new Map(), running: 0 };
    this.#series.set(key, series);
    return series;
  }

  *#longRunning(): Generator<readonly [number, ...string[]]> {
    for (const { labels, duration, running } of this.#series.values()) {
      if (duration !== undefined) continue;
      const [verb = '', , ...others] = labels;
      yield [running, verb, ...others];
    }
  }
}

const knownPaths: ReadonlySet<string> = new Set([
  'api',
  'apis',
  'healthz',
  'livez',
  'metrics',
  'openapi',
  'readyz',
  'version',
]);

function isSubresource(served: Readonly<Record<string, unknown>> | undefined, name: string): boolean {
  return served !== undefined && Object.hasOwn(served, name);
}

const streams: ReadonlySet<string | undefined> = new Set(['attach', 'exec', 'portforward', 'proxy']);

/** As upstream writes verbs in metrics: HTTP's, with LIST, WATCH, APPLY, CONNECT and DELETECOLLECTION told apart. */
function verbOf({ method, path, url }: RequestToCount): string {
  if (path?.kind !== 'resource') return methods.has(method) ? method : 'other';
  if (streams.has(path.target.subresource)) return 'CONNECT';
  const one = path.name !== undefined;
  switch (method) {
    case 'GET':
    case 'HEAD': {
      const watch = url.search === '' ? null : url.searchParams.get('watch');
      if (path.watch || (watch !== null && watch !== 'false' && watch !== '0')) return 'WATCH';
      if (path.target.subresource === 'log') return 'CONNECT';
      return one ? 'GET' : 'LIST';
    }
    case 'DELETE':
      return one ? 'DELETE' : 'DELETECOLLECTION';
    default:
      return methods.has(method) ? method : 'other';
  }
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
