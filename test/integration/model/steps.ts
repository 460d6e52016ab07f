import { array, boolean, constantFrom, dictionary, integer, oneof, record, uniqueArray } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Conditions, Container, Fields } from './fields.ts';

interface Write {
  readonly name: string;
  /** Whose field manager. */
  readonly manager: string;
  readonly dryRun: boolean;
}

/** Whether a write names the revision it is about: the present one, one that is gone, or none. */
export type Revision = 'fresh' | 'stale' | 'none';

export type WriteStep =
  | (Write & { readonly kind: 'create'; readonly fields: Fields })
  | (Write & { readonly kind: 'update'; readonly fields: Fields; readonly revision: Revision })
  | (Write & { readonly kind: 'apply'; readonly fields: Fields; readonly force: boolean })
  | (Write & { readonly kind: 'merge'; readonly patch: Patch; readonly revision: Revision })
  | (Write & { readonly kind: 'strategic'; readonly patch: Patch; readonly without: string | undefined })
  | (Write & { readonly kind: 'json'; readonly operation: Operation })
  | (Write & { readonly kind: 'hold' | 'release' })
  | (Write & {
      readonly kind: 'update status' | 'merge status' | 'strategic status';
      readonly conditions: Conditions;
    })
  | (Write & { readonly kind: 'apply status'; readonly conditions: Conditions; readonly force: boolean })
  | (Write & { readonly kind: 'scale'; readonly replicas: number })
  | (Write & {
      readonly kind: 'delete';
      readonly revision: Revision;
      readonly uid: Revision;
      readonly graceSeconds: number | undefined;
    })
  | { readonly kind: 'delete many'; readonly colour: string; readonly dryRun: boolean };

/** In labels and nodeSelector null takes away. */
export interface Patch {
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly replicas?: number;
  readonly nodeSelector?: Readonly<Record<string, string | null>>;
  readonly containers?: readonly Container[];
}

export type Operation =
  | { readonly op: 'paint'; readonly was: string; readonly colour: string }
  | { readonly op: 'unlabel'; readonly label: string }
  | { readonly op: 'append'; readonly container: Container }
  | { readonly op: 'replicas'; readonly replicas: number };

export type WatchStep =
  /** Begins a watch: after a revision between the first and now, with what there is, or with that and a mark. */
  | {
      readonly kind: 'watch';
      readonly selection: number;
      readonly begin: 'after' | 'anything' | 'all' | 'marked';
      readonly since: number;
    }
  /** Ends one of the watches, and goes on from what it was told last. */
  | { readonly kind: 'resume'; readonly which: number };

export type Step = WriteStep | WatchStep;

// Few names and values, so that writers meet.
const colour = constantFrom('red', 'green', 'blue');
const replicas = integer({ min: 1, max: 3 });
const few = constantFrom('1', '2');
const write = {
  name: constantFrom('a', 'a', 'b'),
  manager: constantFrom('kim', 'robin'),
  dryRun: constantFrom(false, false, false, true),
};

/** A record in which each of these may be left out. */
function some<T extends object>(fields: { [K in keyof T]-?: Arbitrary<NonNullable<T[K]>> }) {
  return record(fields, { requiredKeys: [] }) as unknown as Arbitrary<T>;
}

const optionalOf = {
  args: array(constantFrom('serve', 'log'), { minLength: 1, maxLength: 2 }),
  env: dictionary(constantFrom('X', 'Y'), few, { minKeys: 1, maxKeys: 2 }),
  ports: oneof(
    record({ '80': constantFrom('http', 'web') }),
    record({ '80': constantFrom('http', 'web'), '443': constantFrom('tls', 'ssl') }),
  ),
};
const image = constantFrom('web:1', 'web:2');
const containerName = constantFrom('main', 'side');
const container = record(
  { name: containerName, image, ...optionalOf },
  { requiredKeys: ['name', 'image'] },
) as Arbitrary<Container>;
/** Without an image it is only good beside what has one. */
const partOfContainer = record(
  { name: containerName, image, ...optionalOf },
  { requiredKeys: ['name'] },
) as Arbitrary<Container>;
const named = { selector: ({ name }: Container) => name, minLength: 1, maxLength: 2 };

const labels = some<Record<string, string>>({ colour, size: few });
const nodeSelector = dictionary(constantFrom('disk', 'zone'), few, { minKeys: 1, maxKeys: 2 });
const whole: Arbitrary<Fields> = record(
  { labels, replicas, nodeSelector, containers: uniqueArray(container, named) },
  { requiredKeys: ['labels', 'containers'] },
) as Arbitrary<Fields>;
const part: Arbitrary<Fields> = some<Fields>({
  labels,
  replicas,
  nodeSelector,
  containers: uniqueArray(partOfContainer, named),
});
const wanted = oneof({ weight: 3, arbitrary: whole }, { weight: 2, arbitrary: part });
const takingAway = <T>(value: Arbitrary<T>) => oneof({ weight: 3, arbitrary: value }, constantFrom(null));
const patch = (one: Arbitrary<Container>) =>
  some<Patch>({
    labels: some<Record<string, string | null>>({
      colour: takingAway(colour),
      size: takingAway(few),
    } as never),
    replicas,
    nodeSelector: dictionary(constantFrom('disk', 'zone'), takingAway(few), { minKeys: 1, maxKeys: 2 }),
    containers: uniqueArray(one, named),
  });
const revision = constantFrom('fresh', 'fresh', 'none', 'stale');
const force = boolean();
const conditions = some<Record<string, string>>({
  Available: constantFrom('True', 'False'),
  Progressing: constantFrom('True', 'Unknown'),
});
const operation = oneof(
  { weight: 2, arbitrary: record({ op: constantFrom('paint'), was: colour, colour }) },
  record({ op: constantFrom('unlabel'), label: constantFrom('colour', 'size') }),
  record({ op: constantFrom('append'), container }),
  record({ op: constantFrom('replicas'), replicas }),
);

const writeSteps = [
  { weight: 4, arbitrary: record({ kind: constantFrom('create'), ...write, fields: wanted }) },
  { weight: 4, arbitrary: record({ kind: constantFrom('update'), ...write, fields: wanted, revision }) },
  { weight: 10, arbitrary: record({ kind: constantFrom('apply'), ...write, fields: wanted, force }) },
  {
    weight: 3,
    arbitrary: record({ kind: constantFrom('merge'), ...write, patch: patch(container), revision }),
  },
  {
    weight: 4,
    arbitrary: record({
      kind: constantFrom('strategic'),
      ...write,
      patch: patch(partOfContainer),
      without: constantFrom(undefined, undefined, 'main', 'side'),
    }),
  },
  { weight: 3, arbitrary: record({ kind: constantFrom('json'), ...write, operation }) },
  { weight: 2, arbitrary: record({ kind: constantFrom('hold', 'release'), ...write }) },
  {
    weight: 3,
    arbitrary: record({
      kind: constantFrom('update status', 'merge status', 'strategic status'),
      ...write,
      conditions,
    }),
  },
  { weight: 3, arbitrary: record({ kind: constantFrom('apply status'), ...write, conditions, force }) },
  { weight: 2, arbitrary: record({ kind: constantFrom('scale'), ...write, replicas }) },
  {
    weight: 2,
    arbitrary: record({
      kind: constantFrom('delete'),
      ...write,
      revision: constantFrom('none', 'none', 'fresh', 'stale'),
      uid: constantFrom('none', 'none', 'fresh', 'stale'),
      graceSeconds: constantFrom(0, 30, undefined),
    }),
  },
  { weight: 1, arbitrary: record({ kind: constantFrom('delete many'), colour, dryRun: write.dryRun }) },
];

/** As many as there are of `selections`. */
export const selectionCount = 4;

const watchSteps = [
  {
    weight: 3,
    arbitrary: record({
      kind: constantFrom('watch'),
      selection: integer({ min: 0, max: selectionCount - 1 }),
      begin: constantFrom('after', 'after', 'anything', 'all', 'marked'),
      since: integer({ min: 0, max: 100 }),
    }),
  },
  { weight: 2, arbitrary: record({ kind: constantFrom('resume'), which: integer({ min: 0, max: 100 }) }) },
];

export const step = oneof(...writeSteps, ...watchSteps) as unknown as Arbitrary<Step>;
