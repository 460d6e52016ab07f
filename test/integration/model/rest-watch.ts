import type { IncomingMessage } from 'node:http';
import { expect } from 'vitest';
import type { Deployment } from '../../../core/api/generated/apps-v1.ts';
import type { RestApi } from '../../environment/rest.ts';
import type { History, Told } from './history.ts';
import { selections, withoutRevision } from './history.ts';
import { collection } from './requests.ts';
import type { WatchStep } from './steps.ts';

export type Begin = Extract<WatchStep, { kind: 'watch' }>['begin'];

interface Line {
  readonly type: string;
  readonly object: Deployment;
}

/** A watch over REST, which may be ended and go on from what it was told last. */
export class RestWatch {
  readonly #rest: RestApi;
  readonly #selection: number;
  readonly #begin: Begin;
  readonly #since: number;
  readonly #told: Told[] = [];
  /** The revision that the mark at the end of the first list names, and how many events came before it. */
  #mark: { readonly revision: number; readonly count: number } | undefined;
  /** From where it would go on; 0 before anything says so. */
  #place = 0;
  #message: IncomingMessage | undefined;
  /** What was ended from this side, so that its end is no failure. */
  readonly #left = new Set<IncomingMessage>();
  #isResuming = false;
  #reading: Promise<void> = Promise.resolve();
  #awaited: { readonly revision: number; readonly resolve: () => void } | undefined;

  private constructor(rest: RestApi, selection: number, begin: Begin, since: number) {
    this.#rest = rest;
    this.#selection = selection;
    this.#begin = begin;
    this.#since = since;
  }

  /** Begins after a revision, or with what there is, which is nothing older than that revision. */
  static async open(rest: RestApi, selection: number, begin: Begin, since: number): Promise<RestWatch> {
    const watch = new RestWatch(rest, selection, begin, since);
    if (begin === 'after') watch.#place = since;
    await watch.#open(
      {
        after: { resourceVersion: String(since) },
        anything: { resourceVersion: '0' },
        all: {},
        marked: {
          sendInitialEvents: 'true',
          resourceVersionMatch: 'NotOlderThan',
          allowWatchBookmarks: 'true',
        },
      }[begin],
    );
    return watch;
  }

  /** Where it has a place to go on from. */
  async resume(): Promise<void> {
    // The first events of a list are in no order of revisions: only a list that has ended is a place.
    const hasPlace = this.#begin === 'after' || this.#mark !== undefined;
    if (!hasPlace || this.#isResuming) return;
    this.#isResuming = true;
    await this.leave();
    await this.#open({ resourceVersion: String(this.#place) });
    this.#isResuming = false;
  }

  async #open(query: Readonly<Record<string, string>>): Promise<void> {
    const all = new URLSearchParams({ watch: 'true', ...selections[this.#selection]?.query, ...query });
    const message = await this.#rest.open('GET', `${collection}?${all.toString()}`);
    if (message.statusCode !== 200)
      throw new Error(`Cannot watch with ${all.toString()}: ${message.statusCode}`);
    this.#message = message;
    this.#reading = this.#read(message);
    // Who checks the watch is told of it.
    this.#reading.catch(() => undefined);
  }

  async #read(message: IncomingMessage): Promise<void> {
    let rest = '';
    message.setEncoding('utf8');
    try {
      for await (const chunk of message as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#note(JSON.parse(line) as Line);
      }
    } catch (error) {
      if (!this.#left.has(message)) throw error;
    }
  }

  /** Ends it as a client does that goes away. */
  async leave(): Promise<void> {
    if (this.#message !== undefined) this.#left.add(this.#message);
    this.#message?.destroy();
    await this.#reading;
  }

  #note({ type, object }: Line): void {
    if (type === 'ERROR') throw new Error(`The watch failed: ${JSON.stringify(object)}`);
    const revision = Number(object.metadata.resourceVersion);
    if (type === 'BOOKMARK') {
      const isEnd = object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
      if (isEnd) this.#mark = { revision, count: this.#told.length };
    } else {
      this.#told.push({ type, revision, object: withoutRevision(object) });
    }
    this.#place = Math.max(this.#place, revision);
    if (this.#awaited?.revision === revision) this.#awaited.resolve();
  }

  /** Checks all that it was told up to a revision, which it must be told of. Answers with how much that was. */
  async check(history: History, end: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#awaited = { revision: end, resolve };
      if (this.#told.some(({ revision }) => revision === end)) resolve();
      this.#reading.then(() => reject(new Error('The watch ended')), reject);
    });
    await this.leave();
    const expected = this.#expected(history);
    // In short first: that is what a person reads.
    expect(this.#told.map(inShort)).toEqual(expected.map(inShort));
    expect(this.#told).toEqual(expected);
    return this.#told.length;
  }

  #expected(history: History): Told[] {
    const matches = (object: Deployment) => selections[this.#selection]?.matches(object) ?? false;
    if (this.#begin === 'after') return history.after(this.#since, matches);
    const from = (revision: number) => [
      ...history
        .at(revision, matches)
        .map((kept) => ({ type: 'ADDED', revision: kept.revision, object: withoutRevision(kept.object) })),
      ...history.after(revision, matches),
    ];
    if (this.#mark !== undefined) {
      expect(this.#mark.count).toBe(history.at(this.#mark.revision, matches).length);
      return from(this.#mark.revision);
    }
    // Without a mark nobody says which revision the first list was of; it is one, and not too old.
    const notBefore = this.#begin === 'anything' ? 0 : this.#since;
    const candidates = [0, this.#since, ...history.revisions].filter((revision) => revision >= notBefore);
    const told = this.#told.map(inShort).join();
    const fitting = candidates.find((revision) => from(revision).map(inShort).join() === told);
    return from(fitting ?? this.#since);
  }
}

const inShort = ({ revision, type }: Told) => `${revision} ${type}`;
