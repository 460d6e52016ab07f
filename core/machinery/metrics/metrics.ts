export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown';

/** One line of what is told: the family's name, a suffix such as "_bucket", labels in order, and a number. */
export interface Sample {
  readonly suffix: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
}

/** Everything of one name. Counters end in "_total". */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  samples(): Iterable<Sample>;
}

/** A number that is added to: keep it, so that counting costs an addition and nothing else. */
export interface Count {
  value: number;
}

/** What happened, by labels. There are as many cells as combinations of values: they must come from a closed set. */
export class Counter implements MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type = 'counter';
  readonly #labels: readonly string[];
  readonly #cells = new Map<string, { readonly values: readonly string[]; readonly count: Count }>();

  constructor(name: string, help: string, labels: readonly string[]) {
    this.name = name;
    this.help = help;
    this.#labels = labels;
  }

  /** The count of these values of the labels, in their order. */
  of(...values: readonly string[]): Count {
    const key = values.join('\0');
    let cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, (cell = { values, count: { value: 0 } }));
    return cell.count;
  }

  *samples(): Generator<Sample> {
    for (const { values, count } of this.#cells.values())
      yield { suffix: '', labels: paired(this.#labels, values), value: count.value };
  }
}

/** How often values fell below each bound, and their sum. */
export class Distribution {
  readonly #bounds: readonly number[];
  /** One more than bounds: what is above all of them. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] as number)) at++;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += value;
  }

  *samples(labels: Sample['labels']): Generator<Sample> {
    let below = 0;
    for (const [at, count] of this.#counts.entries()) {
      below += count;
      const bound = this.#bounds[at];
      const le = bound === undefined ? '+Inf' : String(bound);
      yield { suffix: '_bucket', labels: [...labels, ['le', le]], value: below };
    }
    yield { suffix: '_sum', labels, value: this.#sum };
    yield { suffix: '_count', labels, value: below };
  }
}

/** Distributions by labels, with the same rule about their values as `Counter`. */
export class Histogram implements MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly #labels: readonly string[];
  readonly #bounds: readonly number[];
  readonly #cells = new Map<string, { readonly values: readonly string[]; readonly of: Distribution }>();

  constructor(name: string, help: string, labels: readonly string[], bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#labels = labels;
    this.#bounds = bounds;
  }

  of(...values: readonly string[]): Distribution {
    const key = values.join('\0');
    let cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, (cell = { values, of: new Distribution(this.#bounds) }));
    return cell.of;
  }

  *samples(): Generator<Sample> {
    for (const { values, of } of this.#cells.values()) yield* of.samples(paired(this.#labels, values));
  }
}

/** What is read when somebody asks: a value for each combination of the labels' values. */
export function read(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  labels: readonly string[],
  values: () => Iterable<readonly [value: number, ...labels: string[]]>,
): MetricFamily {
  return {
    name,
    help,
    type,
    *samples() {
      for (const [value, ...of] of values()) yield { suffix: '', labels: paired(labels, of), value };
    },
  };
}

function paired(labels: readonly string[], values: readonly string[]): Sample['labels'] {
  return labels.map((label, index) => [label, values[index] ?? ''] as const);
}
