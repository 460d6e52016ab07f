import type { KubernetesObject } from '../api/object.ts';
import { resourcesOf, storedVersion } from '../api/scheme.ts';
import type { KindDeclaration, Scheme } from '../api/scheme.ts';
import type { Clock } from '../machinery/clock.ts';
import { untilAborted } from '../machinery/signals.ts';
import type { Random } from '../machinery/random.ts';
import type { KeyValueStore } from '../storage/storage.ts';
import { ResourceStore } from './resource-store.ts';
import type { Strategy } from './strategy.ts';

export interface RegistryOptions {
  readonly scheme: Scheme;
  readonly store: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
  /** By "group/plural"; kinds without one are generic. */
  readonly strategies: ReadonlyMap<string, Strategy>;
  /** Whether this process alone writes to the store; false with several cores on one etcd. */
  readonly soleWriter?: boolean | undefined;
  readonly freeze?: ((object: KubernetesObject) => KubernetesObject) | undefined;
  /** Failures that are got over without the client noticing: for a log. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

interface Running {
  readonly store: ResourceStore;
  readonly stop: AbortController;
}

const generic: Strategy = {};

/** The stores of all kinds that are kept, one for each; it follows the scheme as custom kinds come and go. */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #stores = new Map<string, Running>();
  readonly #ignoreScheme: () => void;
  #signal: AbortSignal | undefined;
  /** Those that run, with those whose kinds are not served any more and which come to their end. */
  readonly #running = new Map<Running, Promise<void>>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#follow(options.scheme.all());
    this.#ignoreScheme = options.scheme.onChange((touched) => this.#follow(touched));
  }

  /** Where the objects of a kind are kept; undefined for kinds that are only asked (reviews) or not served. */
  storeOf({ group, plural, conversion }: KindDeclaration): ResourceStore | undefined {
    return this.#stores.get(keyOf({ group: conversion?.group ?? group, plural }))?.store;
  }

  /** The store of a kind that is certainly kept. */
  storeFor({ group, plural }: Pick<KindDeclaration, 'group' | 'plural'>): ResourceStore {
    const running = this.#stores.get(keyOf({ group, plural }));
    if (running === undefined) throw new Error(`Cannot find the store of "${plural}" in group "${group}"`);
    return running.store;
  }

  /**
   * The store of a kind whether it is served or not, until it is disposed of: of a kind that no version is served
   * of, objects may still be there.
   */
  borrow(declaration: KindDeclaration): { readonly store: ResourceStore } & Disposable {
    const present = this.storeOf(declaration);
    if (present !== undefined) return { store: present, [Symbol.dispose]: () => undefined };
    const running = this.#open(declaration);
    return { store: running.store, [Symbol.dispose]: () => running.stop.abort() };
  }

  /** Keeps all watch caches up to date until `signal` aborts. Call it once. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const running of this.#stores.values()) this.#start(running);
    await untilAborted(signal);
    this.#ignoreScheme();
    for (const { stop } of this.#running.keys()) stop.abort(signal.reason);
    await Promise.all(this.#running.values());
  }

  /** Resolves when every store can be read. */
  async ready(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#stores.values()].map(({ store }) => store.loaded(signal)));
  }

  #follow(touched: readonly KindDeclaration[]): void {
    for (const { group, plural } of resourcesOf(touched)) {
      const key = keyOf({ group, plural });
      const kept = storedVersion(this.#options.scheme.versionsOf(group, plural).filter(isKept));
      const present = this.#stores.get(key);
      if (kept === undefined) {
        present?.stop.abort();
        this.#stores.delete(key);
      } else if (present === undefined) {
        this.#stores.set(key, this.#open(kept));
      } else if (kept.custom !== present.store.declaration.custom) {
        present.store.redeclare(asStored(kept));
      }
    }
  }

  #open(declaration: KindDeclaration): Running {
    const { strategies, store, clock, random, soleWriter = true, freeze, onError } = this.#options;
    const strategy = strategies.get(keyOf(declaration)) ?? generic;
    const running = {
      store: new ResourceStore({
        declaration: asStored(declaration),
        strategy,
        store,
        clock,
        random,
        soleWriter,
        freeze,
        onError,
      }),
      stop: new AbortController(),
    };
    if (this.#signal !== undefined) this.#start(running);
    return running;
  }

  #start(running: Running): void {
    const { store, stop } = running;
    if (this.#signal === undefined) return;
    if (this.#signal.aborted) stop.abort(this.#signal.reason);
    const done = store
      .run(stop.signal)
      .catch((error: unknown) => this.#options.onError?.(error))
      .finally(() => this.#running.delete(running));
    this.#running.set(running, done);
  }
}

function isKept(declaration: KindDeclaration): boolean {
  return isStored(declaration) && declaration.conversion === undefined;
}

/** A custom kind is kept in one version, which need not be one that is served. */
function asStored(declaration: KindDeclaration): KindDeclaration {
  const { custom } = declaration;
  if (custom === undefined || custom.storageVersion === declaration.version) return declaration;
  return { ...declaration, version: custom.storageVersion };
}

/** Whether objects of the kind are kept, in this form or another. What cannot be watched is only asked or read. */
export function isStored({ verbs }: KindDeclaration): boolean {
  return verbs.includes('watch');
}

function keyOf({ group, plural }: Pick<KindDeclaration, 'group' | 'plural'>): string {
  return `${group}/${plural}`;
}
