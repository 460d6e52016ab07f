import type { ContainerStatus, Pod } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import { isUnavailable } from '../../core/api/errors.ts';
import type { KubernetesObject, ObjectName } from '../../core/api/object.ts';
import type { LogsOptions } from '../../core/api/streams.ts';
import { SharedInformer, type InformerSelection } from '../../core/client/informer.ts';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import { selectorFromObject } from '../../core/machinery/label-selector.ts';
import { LineSplitter } from '../../core/machinery/line-splitter.ts';
import type { Random } from '../../core/machinery/random.ts';
import type { OpenCluster } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';
import { l10n } from '../language/l10n.ts';

/** Whose logs are followed: one Pod, or all Pods that a workload selects, as they come and go. */
export type LogScope = InformerSelection & { readonly namespace: string; readonly container?: string };

export interface LogLine {
  readonly pod: string;
  readonly container: string;
  /** RFC 3339 with nanoseconds, as the node wrote it; empty where it is not known. */
  readonly time: string;
  readonly text: string;
}

export interface LogSink {
  /** Resolves when more may come: this is what holds back a log that is faster than the window. */
  lines(lines: readonly LogLine[]): Promise<void>;
  /** Something about the logs rather than in them. */
  note(pod: string, text: string): void;
}

export interface FollowOptions {
  /** Lines of each container to begin with. */
  readonly tailLines?: number | undefined;
  readonly sinceSeconds?: number | undefined;
}

export interface FollowDependencies {
  readonly clock: Clock;
  readonly random: Random;
}

/** How far one run of a container was read. */
interface RunProgress {
  /** What to begin with, while no line of it was seen. */
  readonly from: FollowOptions;
  /** The time of the last line; empty before the first. */
  last: string;
}

/** How far logs were read: whoever is given it again, over another connection, goes on there. */
export class LogProgress {
  /** By Pod, container and run of that. */
  readonly runs = new Map<string, RunProgress>();
  /** Names of the Pods that were there, by uid. */
  readonly pods = new Map<string, string>();
  /** What was there when somebody began to look is known. */
  begun = false;
}

/** Logs that are followed at the same time: each is a stream of its own, for the server as well. */
const mostFollowed = 100;

/** How long to wait before a log is asked for again that broke off with the connection. */
const retryMs = 1_000;

/** The Pods of an object: itself, or those its selector names. Throws where it has none. */
export function logScopeOf(
  resource: { readonly group: string; readonly kind: string },
  object: KubernetesObject,
  container?: string,
): LogScope {
  const { namespace = 'default', name = '' } = object.metadata;
  const only = container === undefined ? {} : { container };
  if (resource.kind === 'Pod') return { namespace, fieldSelector: `metadata.name=${name}`, ...only };
  const { selector } = (object as { spec?: { selector?: Record<string, unknown> } }).spec ?? {};
  // A Service without labels leads where somebody else says; as a selector they would be those of every Pod.
  if (selector === undefined || Object.keys(selector).length === 0)
    throw new Error(l10n.t('{0} "{1}" selects no Pods', resource.kind, name));
  // Services and ReplicationControllers have bare labels for a selector.
  const bare = !('matchLabels' in selector || 'matchExpressions' in selector);
  const labelSelector = selectorFromObject(bare ? { matchLabels: selector } : selector).toString();
  return { namespace, labelSelector, ...only };
}

/**
 * Follows the logs of all containers of a scope until the signal aborts: of Pods that are there, of those that
 * come, of containers that start again. Where a connection breaks it goes on after the last line that was seen.
 */
export async function followLogs(
  cluster: OpenCluster,
  scope: LogScope,
  options: FollowOptions,
  sink: LogSink,
  { clock, random }: FollowDependencies,
  signal: AbortSignal,
  progress = new LogProgress(),
): Promise<void> {
  const { container: only, ...selection } = scope;
  const followed = new Set<string>();
  const reading = new Set<Promise<void>>();
  const waiting = new Map<string, () => Promise<void>>();
  const start = (run: string, follow: () => Promise<void>) => {
    if (reading.size >= mostFollowed) {
      if (waiting.size === 0)
        sink.note('', l10n.t('{0} logs are followed; more of them when one of these ends', mostFollowed));
      waiting.set(run, follow);
      return;
    }
    const read = follow();
    reading.add(read);
    void read.finally(() => {
      reading.delete(read);
      const [next] = waiting;
      if (next === undefined || signal.aborted) return;
      waiting.delete(next[0]);
      start(...next);
    });
  };
  const look = (pod: Pod) => {
    const { uid = '', name = '' } = pod.metadata;
    progress.pods.set(uid, name);
    for (const status of startedContainers(pod)) {
      if (only !== undefined && status.name !== only) continue;
      const run = `${uid}/${status.name}/${status.containerID}`;
      if (followed.has(run)) continue;
      followed.add(run);
      // Whoever starts while we look is shown from the beginning.
      const known = progress.runs.get(run) ?? { from: progress.begun ? {} : options, last: '' };
      progress.runs.set(run, known);
      start(run, () => followContainer(cluster, pod, status.name, known, sink, clock, signal));
    }
  };
  const gone = (uid: string, name: string) => {
    progress.pods.delete(uid);
    for (const runs of [progress.runs, followed, waiting])
      for (const run of runs.keys()) if (run.startsWith(`${uid}/`)) runs.delete(run);
    sink.note(name, l10n.t('is gone'));
  };
  let told = '';
  const informer = new SharedInformer(pods, selection, {
    client: cluster.cluster.client,
    clock,
    random,
    onError: (error) => {
      // Asked again and again, and told once; that the cluster is away, its own state tells.
      const why = reasonOf(error);
      if (why === told || isUnavailable(error)) return;
      told = why;
      sink.note('', why);
    },
  });
  informer.addHandler({
    onAdd: look,
    onUpdate: look,
    onDelete: ({ metadata: { uid = '', name = '' } }) => gone(uid, name),
  });
  informer.synced(signal).then(
    () => {
      progress.begun = true;
      // Of those that were there over another connection.
      const here = new Set(informer.lister.list().map(({ metadata }) => metadata.uid));
      for (const [uid, name] of progress.pods) if (!here.has(uid)) gone(uid, name);
    },
    () => undefined,
  );
  await informer.run(signal);
  await Promise.all(reading);
}

function startedContainers({ status }: Pod): readonly ContainerStatus[] {
  const all = [
    ...(status.initContainerStatuses ?? []),
    ...(status.containerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  return all.filter(
    ({ state, containerID }) =>
      containerID !== undefined && containerID !== '' && state?.waiting === undefined,
  );
}

async function followContainer(
  cluster: OpenCluster,
  pod: Pod,
  container: string,
  progress: RunProgress,
  sink: LogSink,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = '' } = pod.metadata;
  const where = { namespace, name };
  for (;;) {
    const { from, last } = progress;
    const resume: LogsOptions = last === '' ? from : { sinceTime: last };
    try {
      for await (const lines of readLog(cluster, where, { ...resume, container, follow: true }, signal)) {
        // The line that was seen last comes again after a break. Later ones count as they come: the two outputs of a
        // container may be a little out of order, and one moment may have several lines.
        const fresh = last === '' ? lines : lines.filter(({ time }) => time === '' || time > last);
        for (const { time } of fresh) if (time > progress.last) progress.last = time;
        if (fresh.length > 0) await sink.lines(fresh);
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isUnavailable(error)) {
        sink.note(name, `${container}: ${reasonOf(error)}`);
        return;
      }
      await sleep(clock, retryMs, signal).catch(() => undefined);
      if (signal.aborted) return;
    }
  }
}

/** The lines of one log, in the pieces they come in. */
export async function* readLog(
  cluster: OpenCluster,
  pod: ObjectName,
  options: LogsOptions & { readonly container: string },
  signal: AbortSignal,
): AsyncIterable<readonly LogLine[]> {
  const splitter = new LineSplitter();
  const line = (raw: string): LogLine => {
    const space = raw.indexOf(' ');
    const time = space < 0 ? raw : raw.slice(0, space);
    const timed = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(time);
    const text = timed ? (space < 0 ? '' : raw.slice(space + 1)) : raw;
    return { pod: pod.name, container: options.container, time: timed ? time : '', text };
  };
  const { containers } = cluster.cluster;
  for await (const chunk of containers.logs({ signal }, pod, { ...options, timestamps: true })) {
    const lines = splitter.push(chunk);
    if (lines.length > 0) yield lines.map(line);
  }
  const rest = splitter.end();
  if (rest.length > 0) yield rest.map(line);
}
