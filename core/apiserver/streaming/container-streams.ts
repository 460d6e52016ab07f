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
import { chooseContainer, nodeOf, requireAlive, requireLog, requireRunning } from './container-choice.ts';
import { SessionDuplex } from './session-duplex.ts';
import type { SessionHub } from './session-hub.ts';

/** Looks up the Pod, chooses the container, and opens a session on the Pod's node. */
export function createContainerStreams(
  verbs: Pick<Verbs, 'get'>,
  hub: Pick<SessionHub, 'open'>,
): ContainerStreams {
  return new HubStreams(verbs, hub);
}

class HubStreams implements ContainerStreams {
  readonly #verbs: Pick<Verbs, 'get'>;
  readonly #hub: Pick<SessionHub, 'open'>;

  constructor(verbs: Pick<Verbs, 'get'>, hub: Pick<SessionHub, 'open'>) {
    this.#verbs = verbs;
    this.#hub = hub;
  }

  async *logs(call: Call, name: ObjectName, options: LogsOptions): AsyncIterable<Buffer> {
    const pod = await this.#pod(call, name);
    const container = chooseContainer(pod, options.container);
    const node = nodeOf(pod);
    requireLog(pod, container, options.previous ?? false);
    const open = { ...identity(pod, container), kind: { case: 'logs', value: options } } as const;
    const session = await this.#hub.open(node, open, `read the log of pod "${name.name}"`, call.signal);
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

  async portForward(call: Call, name: ObjectName, port: number): Promise<SessionDuplex> {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new StatusError('BadRequest', `Cannot forward to port ${port}: it is not between 1 and 65535`);
    }
    const pod = await this.#pod(call, name);
    const node = nodeOf(pod);
    requireRunning(pod);
    const open = { ...identity(pod, ''), kind: { case: 'portForward', value: port } } as const;
    const doing = `forward to port ${port} of pod "${name.name}"`;
    return new SessionDuplex(await this.#hub.open(node, open, doing, call.signal));
  }

  async #process(
    call: Call,
    name: ObjectName,
    options: ExecOptions,
    kind: 'exec' | 'attach',
  ): Promise<RemoteProcess> {
    const pod = await this.#pod(call, name);
    const container = chooseContainer(pod, options.container);
    const node = nodeOf(pod);
    requireAlive(pod);
    const open: SessionOpenInit = { ...identity(pod, container), kind: { case: kind, value: options } };
    const doing = kind === 'exec' ? `exec in pod "${name.name}"` : `attach to pod "${name.name}"`;
    return remoteProcess(await this.#hub.open(node, open, doing, call.signal), options);
  }

  async #pod(call: Call, { namespace, name }: ObjectName): Promise<Pod> {
    const target = { group: '', version: 'v1', resource: 'pods', namespace: namespace ?? 'default', name };
    return (await this.#verbs.get(call, target)).object as Pod;
  }
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
