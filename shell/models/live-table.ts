import type { KubernetesObject } from '../../core/api/object.ts';
import { SharedInformer } from '../../core/client/informer.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { printerOf } from '../../core/printers/printers.ts';
import { severityOf } from '../../core/printers/severity.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import type { Cluster } from '../../core/client/cluster.ts';
import { quoteWord } from '../commands/words.ts';
import type { PaneAction, PaneCell, PaneColumn, PaneModel, PaneRow, PaneState } from '../panes/pane-model.ts';

/** A kind as a live pane: the columns of `get`, kept up to date by a watch that starts with the first reader. */
export class LiveTable implements PaneModel {
  readonly title: string;
  readonly columns: readonly PaneColumn[];
  readonly #resource: ServedResource;
  readonly #cluster: Cluster;
  readonly #namespace: string | undefined;
  readonly #rows = new Map<string, PaneRow>();
  readonly #listeners = new Set<() => void>();
  #array: readonly PaneRow[] | undefined;
  #stop: AbortController | undefined;
  #state: PaneState = { kind: 'connecting' };

  /** Without a namespace, rows come from all of them and begin with theirs. */
  constructor(cluster: Cluster, resource: ServedResource, namespace: string | undefined) {
    this.#cluster = cluster;
    this.#resource = resource;
    this.#namespace = namespace;
    this.title = resource.plural.charAt(0).toUpperCase() + resource.plural.slice(1);
    this.columns = [...(this.#showsNamespace ? [namespaceColumn] : []), ...paneColumns(resource)];
  }

  get #showsNamespace(): boolean {
    return this.#resource.namespaced && this.#namespace === undefined;
  }

  get state(): PaneState {
    return this.#state;
  }

  rows(): readonly PaneRow[] {
    this.#array ??= [...this.#rows.values()];
    return this.#array;
  }

  subscribe(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    if (this.#stop === undefined) this.#start();
    return () => {
      this.#listeners.delete(onChange);
      if (this.#listeners.size > 0) return;
      this.#stop?.abort();
      this.#stop = undefined;
    };
  }

  #start(): void {
    const stop = new AbortController();
    this.#stop = stop;
    const informer = new SharedInformer(
      this.#resource,
      this.#namespace === undefined ? {} : { namespace: this.#namespace },
      {
        client: this.#cluster.client,
        clock: systemClock,
        random: systemRandom,
        onError: (error) => this.#lost(error instanceof Error ? error.message : String(error)),
      },
    );
    informer.addHandler({
      onAdd: (object) => this.#set(object),
      onUpdate: (object) => this.#set(object),
      onDelete: ({ metadata }) => {
        this.#rows.delete(metadata.uid ?? '');
        this.#changed();
      },
    });
    const stopListening = this.#cluster.onStateChange((state) => {
      if (state === 'unavailable') this.#lost('core does not answer');
      else if (state === 'ready' && informer.hasSynced) this.#live();
    });
    stop.signal.addEventListener('abort', stopListening, { once: true });
    informer.synced(stop.signal).then(
      () => this.#live(),
      () => undefined,
    );
    void informer.run(stop.signal);
  }

  #set(object: KubernetesObject): void {
    this.#rows.set(object.metadata.uid ?? '', new ObjectRow(object, this.#resource, this.#showsNamespace));
    this.#changed();
  }

  #live(): void {
    this.#state = { kind: 'live' };
    this.#notify();
  }

  #lost(reason: string): void {
    if (this.#state.kind === 'stale') return;
    this.#state = { kind: 'stale', sinceMs: Date.now(), reason };
    this.#notify();
  }

  #changed(): void {
    this.#array = undefined;
    // A change that arrives is proof of a connection.
    if (this.#state.kind === 'stale') this.#state = { kind: 'live' };
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

const namespaceColumn: PaneColumn = { name: 'NAMESPACE', priority: 1 };

function paneColumns(resource: ServedResource): readonly PaneColumn[] {
  return printerOf(resource)
    .columns.filter(({ priority }) => priority === 0)
    .map(({ name, isNumeric }, index) => ({
      name: name.toUpperCase(),
      // A narrow pane keeps what an object is called and how it is.
      priority: index === 0 ? 0 : name === 'Status' ? 1 : index + 1,
      ...(isNumeric ? { align: 'right' as const } : {}),
    }));
}

class ObjectRow implements PaneRow {
  readonly id: string;
  readonly #object: KubernetesObject;
  readonly #resource: ServedResource;
  readonly #showsNamespace: boolean;

  constructor(object: KubernetesObject, resource: ServedResource, showsNamespace: boolean) {
    this.id = object.metadata.uid ?? '';
    this.#object = object;
    this.#resource = resource;
    this.#showsNamespace = showsNamespace;
  }

  cells(nowMs: number): readonly PaneCell[] {
    const { columns, row } = printerOf(this.#resource);
    const shown = row(this.#object, nowMs).flatMap((cell, index) =>
      columns[index]?.priority === 0 ? [cellOf(String(cell ?? ''), columns[index].name)] : [],
    );
    return this.#showsNamespace ? [{ text: this.#object.metadata.namespace ?? '' }, ...shown] : shown;
  }

  order(column: number): string | number {
    const cells = this.cells(Date.now());
    const name = [
      ...(this.#showsNamespace ? ['NAMESPACE'] : []),
      ...paneColumns(this.#resource).map((c) => c.name),
    ][column];
    // The newest first under AGE, whatever unit is shown.
    if (name === 'AGE') return -Date.parse(this.#object.metadata.creationTimestamp ?? '');
    return cells[column]?.text ?? '';
  }

  command(action: PaneAction): string | undefined {
    const { namespace, name = '' } = this.#object.metadata;
    const isPod = this.#resource.kind === 'Pod';
    const object = `${this.#resource.singular || this.#resource.plural} ${quoteWord(name)}`;
    const where = namespace === undefined ? '' : ` -n ${quoteWord(namespace)}`;
    switch (action) {
      case 'describe':
        return `describe ${object}${where}`;
      case 'yaml':
        return `get ${object}${where} -o yaml`;
      case 'delete':
        return `delete ${object}${where}`;
      case 'logs':
        return isPod ? `logs ${quoteWord(name)}${where} --tail=200` : undefined;
      case 'previous-logs':
        return isPod ? `logs ${quoteWord(name)}${where} --tail=200 --previous` : undefined;
      case 'shell':
        return isPod ? `exec -it ${quoteWord(name)}${where} -- /bin/sh` : undefined;
      default:
        return undefined;
    }
  }
}

/** Colours states by what they ask of the reader; everything but states stays plain. */
function cellOf(text: string, column: string): PaneCell {
  return column === 'Status' ? { text, severity: severityOf(text) } : { text };
}
