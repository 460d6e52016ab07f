import { StatusError } from '../errors.ts';
import type {
  AgentFrame,
  AgentFrameCaseInit,
  SessionOpen,
  SessionOpenInit,
} from '../generated/wheelhouse.ts';
import { FramePump } from './frame-pump.ts';
import { Session, type SessionRole } from './session.ts';

export interface SessionMuxOptions {
  readonly role: SessionRole;
  /** Resolves when there is room for the next message, and to false when the stream has ended. */
  readonly send: (message: Buffer) => Promise<boolean>;
  /** The agent's: a session was opened. */
  readonly onOpen?: (session: Session, open: SessionOpen) => void;
}

/** Far more than a node has use for: refuses a peer that opens without end. */
const maxSessions = 4_096;

/** All sessions of one stream. Whoever reads the stream hands in its frames and tells of its end. */
export class SessionMux {
  readonly #role: SessionRole;
  readonly #pump: FramePump;
  readonly #onOpen: ((session: Session, open: SessionOpen) => void) | undefined;
  readonly #sessions = new Map<number, Session>();
  #lastId = 0;
  #ended: StatusError | undefined;

  constructor({ role, send, onOpen }: SessionMuxOptions) {
    this.#role = role;
    this.#pump = new FramePump(send);
    this.#onOpen = onOpen;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The core's: asks the agent to open. `onClosed` is called once, when the session has ended in whatever way. */
  open(open: SessionOpenInit, onClosed: () => void = () => {}): Session {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#sessions.size >= maxSessions) {
      throw new StatusError('TooManyRequests', `Cannot open a session: ${maxSessions} are open on the node`);
    }
    const session = this.#add(++this.#lastId, onClosed);
    this.#pump.control({ session: session.id, kind: { case: 'open', value: open } });
    return session;
  }

  /** A frame about the connection itself. */
  control(kind: AgentFrameCaseInit): void {
    this.#pump.control({ session: 0, kind });
  }

  receive({ session: id, kind }: AgentFrame): void {
    if (kind === undefined || id === 0 || this.#ended !== undefined) return;
    if (kind.case === 'open') this.#opened(id, kind.value);
    // Frames of a session that this side has just closed are still on their way: they are nobody's.
    else this.#sessions.get(id)?.receive(kind);
  }

  /** The stream has ended: so have all sessions, with this error. */
  end(error: StatusError): void {
    this.#ended ??= error;
    for (const session of this.#sessions.values()) session.end(error.status);
  }

  #opened(id: number, open: SessionOpen): void {
    if (this.#onOpen === undefined || this.#sessions.has(id)) return;
    const session = this.#add(id);
    if (this.#sessions.size <= maxSessions) this.#onOpen(session, open);
    else session.close(new StatusError('TooManyRequests', 'Too many sessions are open on the node').status);
  }

  #add(id: number, onClosed: () => void = () => {}): Session {
    const session = new Session(id, this.#role, this.#pump, () => {
      this.#sessions.delete(id);
      onClosed();
    });
    this.#sessions.set(id, session);
    return session;
  }
}
