import { builtInModel } from '../schema/built-in.ts';
import { fetchSnapshot, modelOf, readSnapshot, type SchemaSource } from '../schema/cluster-schemas.ts';
import { withKinds } from '../schema/custom-kinds.ts';
import type { KindInfo, SchemaModel } from '../schema/schema-model.ts';

/** Where what clusters said is kept. Both may reject. */
export interface SnapshotStore {
  read(cluster: string): Promise<string | undefined>;
  write(cluster: string, snapshot: string): Promise<void>;
}

export interface SchemaHolderOptions {
  readonly store: SnapshotStore;
  /** Called after every change of the model. */
  readonly onChange: () => void;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * The schemas in force: those of the cluster, or what it said last when it does not answer, or the built-in ones; and
 * on top the kinds that files define.
 */
export class SchemaHolder {
  readonly #options: SchemaHolderOptions;
  readonly #fileKinds = new Map<string, readonly KindInfo[]>();
  #base: SchemaModel = builtInModel();
  #model: SchemaModel = this.#base;
  #cluster: string | undefined;
  #discovered = '';

  constructor(options: SchemaHolderOptions) {
    this.#options = options;
  }

  get model(): SchemaModel {
    return this.#model;
  }

  /** From now on the schemas of this cluster count, as they were kept; undefined for none. */
  async follow(cluster: string | undefined): Promise<void> {
    if (cluster === this.#cluster) return;
    this.#cluster = cluster;
    this.#discovered = '';
    if (cluster === undefined) {
      this.#become(builtInModel());
      return;
    }
    const text = await this.#options.store.read(cluster).catch((error: unknown) => {
      this.#options.onError(error, `read the schemas of "${cluster}"`);
      return undefined;
    });
    // Whoever answered in the meantime knows better.
    if (this.#cluster !== cluster || this.#discovered !== '') return;
    const snapshot = text === undefined ? undefined : readSnapshot(text);
    this.#become(snapshot === undefined ? builtInModel() : modelOf(snapshot, 'cache'));
  }

  /** Asks the cluster that is followed; what it serves changes when definitions come and go. */
  async refresh(source: SchemaSource, signal: AbortSignal): Promise<void> {
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    try {
      const snapshot = await fetchSnapshot(source, signal);
      const text = JSON.stringify(snapshot);
      if (this.#cluster !== cluster || text === this.#discovered) return;
      this.#discovered = text;
      this.#become(modelOf(snapshot, 'cluster'));
      await this.#options.store.write(cluster, text);
    } catch (error) {
      if (!signal.aborted) this.#options.onError(error, `ask "${cluster}" for its schemas`);
    }
  }

  /** Kinds that a file defines; none when it is gone. */
  setFileKinds(file: string, kinds: readonly KindInfo[]): void {
    const before = this.#fileKinds.get(file) ?? [];
    if (before.length === kinds.length && before.every((kind, index) => kind === kinds[index])) return;
    if (kinds.length === 0) this.#fileKinds.delete(file);
    else this.#fileKinds.set(file, kinds);
    this.#become(this.#base);
  }

  #become(base: SchemaModel): void {
    this.#base = base;
    this.#model = withKinds(base, [...this.#fileKinds.values()].flat());
    this.#options.onChange();
  }
}
