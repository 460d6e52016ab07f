import {
  dns1035LabelProblems,
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '../../machinery/names.ts';
import { traversal } from '../cost.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Timestamp } from '../time.ts';
import { Items, Opaque, Optional } from '../values.ts';

class FormatValue extends Opaque {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly formatName: string;
  readonly problems: (text: string) => readonly string[];

  constructor(name: string, problems: (text: string) => readonly string[]) {
    super();
    this.formatName = name;
    this.problems = problems;
  }
}

/** With a dash at its end, as names have that something will be added to. */
const asPrefix = (problems: (text: string) => readonly string[]) => (text: string) =>
  problems(text.replace(/-$/, 'a'));
const matching = (pattern: RegExp, problem: string) => (text: string) =>
  pattern.test(text) ? [] : [problem];

const formats: Readonly<Record<string, (text: string) => readonly string[]>> = {
  dns1123Label: dns1123LabelProblems,
  dns1123Subdomain: dns1123SubdomainProblems,
  dns1035Label: dns1035LabelProblems,
  qualifiedName: qualifiedNameProblems,
  dns1123LabelPrefix: asPrefix(dns1123LabelProblems),
  dns1123SubdomainPrefix: asPrefix(dns1123SubdomainProblems),
  dns1035LabelPrefix: asPrefix(dns1035LabelProblems),
  labelValue: labelValueProblems,
  uri: (text) => (URL.canParse(text) || text.startsWith('/') ? [] : ['invalid URI']),
  uuid: matching(/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i, 'does not match the UUID format'),
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'invalid base64'),
  date: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? [] : ['invalid date']),
  datetime: (text) => (Timestamp.parse(text) === undefined ? ['invalid datetime'] : []),
};

const type = 'kubernetes.NamedFormat';

/** Formats by name (apiserver/pkg/cel/library/format.go). */
export const formatFunctions: readonly Overload[] = [
  ...Object.entries(formats).map(([name, problems]) => {
    const value = new FormatValue(name, problems);
    return overload(`format.${name}(): ${type}`, () => value);
  }),
  overload(`format.named(string): optional<${type}>`, (name: string) => {
    const problems = Object.hasOwn(formats, name) ? formats[name] : undefined;
    return problems === undefined ? Optional.none : new Optional(new FormatValue(name, problems));
  }),
  overload(
    `${type}.validate(string): optional<list<string>>`,
    ({ problems }: FormatValue, text: string) => {
      const found = problems(text);
      return found.length === 0 ? Optional.none : new Optional(new Items(found));
    },
    (_: FormatValue, text: string) => 20 + 5 * traversal(text.length),
  ),
];
