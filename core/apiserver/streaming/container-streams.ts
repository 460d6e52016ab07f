import type { Duplex } from 'node:stream';
import { StatusError } from '../../api/errors.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { SessionOpenInit } from '../../api/generated/wheelhouse.ts';
import type { ObjectName } from '../../api/object.ts';
import {
  errorChannel,
  errorOf,
  inputChannel,
  outputChannel,
  type Session,
} from '../../api/sessions/session.ts';
import {
  exitCodeOf,
  type AttachOptions,
  type ContainerStreams,
  type ExecOptions,
  type LogsOptions,
  type RemoteProcess,
} from '../../api/streams.ts';
import type { Call, Verbs } from '../../api/verbs.ts';
import { systemRandom } from '../../machinery/random.ts';
import type { Random } from '../../machinery/random.ts';
import { checkAccess, mastersOnly, type Authorizer } from '../handlers/authorize.ts';
import { chooseContainer, nodeOf, requireAlive, requireLog, requireRunning } from './container-choice.ts';
import type { AdmitConnect, ConnectTarget } from './connect-admission.ts';
import { locate } from './proxy-locations.ts';
import type { ProxyDestination } from './proxy-locations.ts';
import { SessionDuplex } from './session-duplex.ts';
import type { SessionHub } from './session-hub.ts';

export interface ContainerStreamsDependencies {
  readonly verbs: Pick<Verbs, 'get' | 'list'>;
  readonly hub: Pick<SessionHub, 'open'>;
  /** The API's own; masters only unless given. */
  readonly authorizer?: Authorizer;
  readonly random?: Random;
  /** Every connection is fine without. */
  readonly admit?: AdmitConnect;
}

/** Streams as a server offers them. */
export interface ServedStreams extends ContainerStreams {
  /**
   * Rejects where no connection could be forwarded: front ends must know before they change the protocol. However
   * many connections come of it, it is one request: asked about, admitted and noted once.
   * @param ports those that are known yet: a client may name more of them later
   */
  openPortForward(call: Call, pod: ObjectName, ports: readonly number[]): Promise<DialPort>;
  /** A connection for a request that is handed on. */
  proxy(call: Call, destination: ProxyDestination, verb: string): Promise<Duplex>;
}

/** One more connection to a port of the Pod. */
export type DialPort = (port: number) => Promise<Duplex>;

/** Authorizes, looks up the Pod, chooses the container, and opens a session on the Pod's node. */
export function createContainerStreams(dependencies: ContainerStreamsDependencies): ServedStreams {
  return new HubStreams(dependencies);
}

type Subresource = 'log' | 'exec' | 'attach' | 'portforward';

class HubStreams implements ServedStreams {
  readonly #verbs: Pick<Verbs, 'get' | 'list'>;
  readonly #hub: Pick<SessionHub, 'open'>;
  readonly #authorizer: Authorizer;
  readonly #random: Random;
  readonly #admit: AdmitConnect;

  constructor(dependencies: ContainerStreamsDependencies) {
    const { verbs, hub, authorizer = mastersOnly, random = systemRandom } = dependencies;
    this.#admit = dependencies.admit ?? ((_call, _target, options) => Promise.resolve(options));
    this.#verbs = verbs;
    this.#hub = hub;
    this.#authorizer = authorizer;
    this.#random = random;
  }

  async *logs(call: Call, name: ObjectName, options: LogsOptions): AsyncIterable<Buffer> {
    const pod = await this.#pod(call, name, 'log');
    const container = chooseContainer(pod, options.container);
    const node = nodeOf(pod);
    requireLog(pod, container, options.previous ?? false);
    const open = { ...identity(pod, container), kind: { case: 'logs', value: options } } as const;
    const session = await this.#hub.open(node, open, `read the log of pod "${name.name}"`, call);
    try {
      yield* session.readable(outputChannel) as AsyncIterable<Buffer>;
    } finally {
      session.close(new StatusError('Timeout', 'The reader of the log has left').status);
    }
  }

  async exec(call: Call, name: ObjectName, options: ExecOptions): Promise<RemoteProcess> {
    if (options.command.length === 0) {
      throw new StatusError('BadRequest', 'you must specify at least one command for the container');
    }
    return this.#process(call, name, options, 'exec');
  }

  attach(call: Call, name: ObjectName, options: AttachOptions): Promise<RemoteProcess> {
    return this.#process(call, name, { ...options, command: [] }, 'attach');
  }

  async openPortForward(call: Call, name: ObjectName, ports: readonly number[]): Promise<DialPort> {
    ports.forEach(checkPort);
    const pod = await this.#pod(call, name, 'portforward');
    await this.#admit(call, connectTarget(name, 'portforward'), ports.length === 0 ? {} : { ports });
    const node = nodeOf(pod);
    requireRunning(pod);
    return async (port) => {
      checkPort(port);
      const open = { ...identity(pod, ''), kind: { case: 'portForward', value: port } } as const;
      const doing = `forward to port ${port} of pod "${name.name}"`;
      return new SessionDuplex(await this.#hub.open(node, open, doing, call));
    };
  }

  async portForward(call: Call, name: ObjectName, port: number): Promise<Duplex> {
    const dial = await this.openPortForward(call, name, [port]);
    return dial(port);
  }

  async proxy(call: Call, destination: ProxyDestination, verb: string): Promise<SessionDuplex> {
    const { resource, namespace, name } = destination;
    const target = { group: '', version: 'v1', resource, name, subresource: 'proxy' };
    await checkAccess(this.#authorizer, { ...target, namespace, user: call.user, verb }, call.tracker);
    await this.#admit(call, { resource, namespace, name, subresource: 'proxy' }, {});
    const reader = { verbs: this.#verbs, random: this.#random };
    const { node, open, doing } = await locate(reader, destination, call.signal);
    return new SessionDuplex(await this.#hub.open(node, open, doing, call));
  }

  async #process(
    call: Call,
    name: ObjectName,
    asked: ExecOptions,
    kind: 'exec' | 'attach',
  ): Promise<RemoteProcess> {
    const pod = await this.#pod(call, name, kind);
    const options = await this.#admitted(call, name, asked, kind);
    const container = chooseContainer(pod, options.container);
    const node = nodeOf(pod);
    requireAlive(pod);
    const open: SessionOpenInit = { ...identity(pod, container), kind: { case: kind, value: options } };
    const doing = kind === 'exec' ? `exec in pod "${name.name}"` : `attach to pod "${name.name}"`;
    return remoteProcess(await this.#hub.open(node, open, doing, call), options);
  }

  /** What admission makes of the wish for a process. */
  async #admitted(
    call: Call,
    name: ObjectName,
    asked: ExecOptions,
    kind: 'exec' | 'attach',
  ): Promise<ExecOptions> {
    const { stdin, tty, container, command } = asked;
    const wish: Partial<ExecOptions> & { stdout: boolean; stderr?: boolean } = {
      ...(stdin ? { stdin } : {}),
      stdout: true,
      ...(tty ? { tty } : { stderr: true }),
      ...(container === undefined ? {} : { container }),
      ...(kind === 'exec' ? { command } : {}),
    };
    const admitted = await this.#admit(call, connectTarget(name, kind), wish);
    return {
      stdin: admitted.stdin === true,
      tty: admitted.tty === true,
      container: admitted.container,
      command: admitted.command ?? [],
    };
  }

  /** The Pod, once the caller may use the subresource: whoever may exec need not be allowed to read Pods. */
  async #pod({ user, signal, tracker }: Call, pod: ObjectName, subresource: Subresource): Promise<Pod> {
    // Reading a log is a read; whatever reaches into the container needs "create", however it is asked for.
    const verb = subresource === 'log' ? 'get' : 'create';
    const { namespace = 'default', name } = pod;
    const target = { group: '', version: 'v1', resource: 'pods', namespace, name };
    await checkAccess(this.#authorizer, { ...target, user, verb, subresource }, tracker);
    return (await this.#verbs.get({ signal }, target)).object as Pod;
  }
}

function connectTarget(
  { namespace = 'default', name }: ObjectName,
  subresource: ConnectTarget['subresource'],
): ConnectTarget {
  return { resource: 'pods', namespace, name, subresource };
}

function remoteProcess(session: Session, { stdin, tty }: AttachOptions): RemoteProcess {
  const exitCode = session.closed.then((status) => {
    const code = exitCodeOf(status);
    if (code === undefined) throw errorOf(status);
    return code;
  });
  // Who only reads the output need not wait for the code.
  exitCode.catch(() => {});
  return {
    stdin: stdin ? session.writable(inputChannel) : undefined,
    stdout: session.readable(outputChannel),
    stderr: tty ? undefined : session.readable(errorChannel),
    resize: (columns, rows) => session.resize(columns, rows),
    exitCode,
  };
}

function identity({ metadata }: Pod, container: string): SessionOpenInit {
  return { namespace: metadata.namespace, pod: metadata.name, podUid: metadata.uid, container };
}

function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return;
  throw new StatusError('BadRequest', `Cannot forward to port ${port}: it is not between 1 and 65535`);
}
