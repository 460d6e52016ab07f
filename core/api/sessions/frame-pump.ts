import { AgentFrame, type AgentFrameInit } from '../generated/wheelhouse.ts';
import type { ChannelWritable } from './channels.ts';

interface DataSource {
  readonly session: number;
  readonly channel: number;
  readonly writable: ChannelWritable;
}

/**
 * Puts the frames of all sessions on one stream: what controls before what is data, and the channels with data in
 * turns, a frame each, so that no session waits for another one's bulk.
 */
export class FramePump {
  readonly #send: (message: Buffer) => Promise<boolean>;
  readonly #control: AgentFrameInit[] = [];
  readonly #ready = new Set<DataSource>();
  #running = false;

  /** `send` resolves when there is room for the next message, and to false when the stream has ended. */
  constructor(send: (message: Buffer) => Promise<boolean>) {
    this.#send = send;
  }

  control(frame: AgentFrameInit): void {
    this.#control.push(frame);
    this.#start();
  }

  /** The source may have something to take; it is asked when its turn comes. */
  ready(source: DataSource): void {
    this.#ready.add(source);
    this.#start();
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    // The stream's end is told to the sessions by whoever reads it.
    this.#run().catch(() => {});
  }

  async #run(): Promise<void> {
    try {
      for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
        if (await this.#send(AgentFrame.encode(frame))) continue;
        this.#control.length = 0;
        this.#ready.clear();
      }
    } finally {
      this.#running = false;
    }
  }

  #next(): AgentFrameInit | undefined {
    const control = this.#control.shift();
    if (control !== undefined) return control;
    for (const source of this.#ready) {
      this.#ready.delete(source);
      const data = source.writable.take();
      if (data === undefined) continue;
      this.#ready.add(source);
      const { session, channel } = source;
      return { session, kind: { case: 'data', value: { channel, data } } };
    }
    return undefined;
  }
}
