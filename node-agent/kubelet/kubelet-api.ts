import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StatusError } from '../../core/api/errors.ts';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import type { ContainerUsage, NodeStats } from '../../core/api/streams.ts';
import { timestamp } from '../../core/machinery/timestamp.ts';
import { limited } from '../streaming/limited.ts';
import type { SessionHandlers } from '../streaming/session-handlers.ts';

export interface KubeletApiOptions {
  readonly nodeName: string;
  /** Of this node. */
  readonly pods: () => readonly Pod[];
  readonly handlers: Pick<SessionHandlers, 'logs' | 'stats'>;
}

/**
 * The part of the kubelet's HTTP API (upstream: pkg/kubelet/server) that reads: what `nodes/NAME/proxy` leads to.
 * It listens nowhere; connections come over the stream that the agent dialled, from callers that core has authorized.
 */
export class KubeletApi {
  readonly #options: KubeletApiOptions;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(options: KubeletApiOptions) {
    this.#options = options;
  }

  /** The client's end of a new connection. */
  connect(): Duplex {
    const [client, server] = duplexPair();
    // The ends of a pair do not tell each other that they were cut.
    server.once('close', () => {
      if (!server.writableFinished) client.destroy(new Error('The kubelet has cut the connection'));
    });
    client.once('close', () => server.destroy());
    this.#server.emit('connection', server);
    return client;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      await this.#route(request, response, gone.signal);
    } catch (error) {
      if (response.headersSent || gone.signal.aborted) response.destroy();
      else send(response, statusCodeOf(error), 'text/plain', `${messageOf(error)}\n`);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://kubelet');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, 'text/plain', '405: Method Not Allowed\n');
    const { nodeName, pods, handlers } = this.#options;
    const path = url.pathname.replace(/\/+$/, '');
    switch (path) {
      case '/healthz':
        return send(response, 200, 'text/plain', 'ok');
      case '/pods':
        return sendJson(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods() });
      case '/stats/summary':
        return sendJson(response, summary(nodeName, await handlers.stats(signal)));
      case '/metrics/resource':
        return send(
          response,
          200,
          'text/plain; version=0.0.4',
          resourceMetrics(await handlers.stats(signal)),
        );
    }
    const log = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path);
    if (log === null) return send(response, 404, 'text/plain', '404 page not found\n');
    await this.#log(log.slice(1).map(decodeURIComponent), url.searchParams, response, signal);
  }

  async #log(
    [namespace = '', name = '', container = '']: readonly string[],
    query: URLSearchParams,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { pods, handlers } = this.#options;
    const pod = pods().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    if (pod === undefined) return send(response, 404, 'text/plain', `pod "${name}" does not exist\n`);
    const whole = (option: string) =>
      /^\d+$/.test(query.get(option) ?? '') ? Number(query.get(option)) : undefined;
    const [tailLines, limitBytes, sinceSeconds] = ['tailLines', 'limitBytes', 'sinceSeconds'].map(whole);
    const stream = query.get('stream');
    const options = {
      follow: query.get('follow') === 'true',
      previous: query.get('previous') === 'true',
      timestamps: query.get('timestamps') === 'true',
      ...(tailLines === undefined ? {} : { tailLines }),
      ...(limitBytes === undefined ? {} : { limitBytes }),
      ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
      ...(stream === null ? {} : { stream }),
    };
    const ref = { namespace, name, uid: pod.metadata.uid ?? '', container };
    const log = limited(handlers.logs(ref, options, signal), limitBytes);
    // What is wrong shows at the first piece, and there is no other status once the headers are sent.
    const first = await log.next();
    response.setHeader('content-type', 'text/plain');
    response.flushHeaders();
    await pipeline(continued(first, log), response, { signal });
  }
}

async function* continued(
  first: IteratorResult<Buffer>,
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer> {
  for (let piece = first; piece.done !== true; piece = await rest.next()) yield piece.value;
}

/** Upstream's stats/v1alpha1 Summary, with what is measured here: cumulative CPU and the working set. */
function summary(nodeName: string, { timestampMs, containers, ...node }: NodeStats): object {
  return {
    node: { nodeName, ...usage({ timestampMs, ...node }) },
    pods: byPod(containers).map((ofPod) => {
      const [{ namespace, pod: name, podUid: uid }] = ofPod;
      return {
        podRef: { name, namespace, uid },
        containers: ofPod.map((each) => ({ name: each.container, ...usage(each) })),
        ...usage(total(ofPod, timestampMs)),
      };
    }),
  };
}

function byPod(
  containers: readonly ContainerUsage[],
): (readonly [ContainerUsage, ...(readonly ContainerUsage[])])[] {
  const pods = new Map<string, [ContainerUsage, ...ContainerUsage[]]>();
  for (const usage of containers) {
    const known = pods.get(usage.podUid);
    if (known === undefined) pods.set(usage.podUid, [usage]);
    else known.push(usage);
  }
  return [...pods.values()];
}

type Usage = Pick<ContainerUsage, 'timestampMs' | 'cpuTotalNanoseconds' | 'memoryWorkingSetBytes'>;

function usage({ timestampMs, cpuTotalNanoseconds, memoryWorkingSetBytes }: Usage): object {
  const time = timestamp(timestampMs);
  return {
    cpu: { time, usageCoreNanoSeconds: cpuTotalNanoseconds },
    memory: { time, workingSetBytes: memoryWorkingSetBytes },
  };
}

function total(containers: readonly Usage[], timestampMs: number): Usage {
  const sum = (of: (usage: Usage) => number) => containers.reduce((all, each) => all + of(each), 0);
  return {
    timestampMs,
    cpuTotalNanoseconds: sum(({ cpuTotalNanoseconds }) => cpuTotalNanoseconds),
    memoryWorkingSetBytes: sum(({ memoryWorkingSetBytes }) => memoryWorkingSetBytes),
  };
}

/** As metrics-server and Prometheus read it (KEP-727). Names are DNS labels, so nothing needs escaping. */
function resourceMetrics({ timestampMs, containers, ...node }: NodeStats): string {
  const labelsOfPod = ({ namespace, pod }: ContainerUsage) => `namespace="${namespace}",pod="${pod}"`;
  const rows: readonly (readonly [scope: string, labels: string, usage: Usage])[] = [
    ...containers.map(
      (each) => ['container', `{container="${each.container}",${labelsOfPod(each)}}`, each] as const,
    ),
    ...byPod(containers).map(
      (ofPod) => ['pod', `{${labelsOfPod(ofPod[0])}}`, total(ofPod, timestampMs)] as const,
    ),
    ['node', '', { timestampMs, ...node }],
  ];
  const metric = (scope: string, name: string, type: string, help: string, of: (usage: Usage) => number) => {
    const full = `${scope}_${name}`;
    const samples = rows
      .filter(([each]) => each === scope)
      .map(([, labels, each]) => `${full}${labels} ${of(each)} ${each.timestampMs}\n`);
    return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${samples.join('')}`;
  };
  const all = ['container', 'node', 'pod'].flatMap((scope) => [
    metric(
      scope,
      'cpu_usage_seconds_total',
      'counter',
      `CPU time used by the ${scope} in core-seconds`,
      ({ cpuTotalNanoseconds }) => cpuTotalNanoseconds / 1e9,
    ),
    metric(
      scope,
      'memory_working_set_bytes',
      'gauge',
      `Working set of the ${scope} in bytes`,
      ({ memoryWorkingSetBytes }) => memoryWorkingSetBytes,
    ),
  ]);
  return all.join('');
}

function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 200, 'application/json', JSON.stringify(value));
}

function send(response: ServerResponse, code: number, contentType: string, body: string): void {
  response.writeHead(code, { 'content-type': contentType });
  response.end(body);
}

function statusCodeOf(error: unknown): number {
  return error instanceof StatusError ? error.code : 500;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
