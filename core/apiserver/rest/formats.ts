import { writeYaml } from '../../machinery/yaml.ts';
import type { Exchange } from './exchange.ts';
import type { Representation } from './negotiation.ts';

/** How a document is written. */
export type Format = Pick<Representation, 'format' | 'pretty'>;

const indentation = 2;

/** Sends a document, which is given as JSON without a space too many; `jsonType` is what JSON is called here. */
export function sendInFormat(
  exchange: Exchange,
  code: number,
  json: Buffer | string,
  { format, pretty }: Format,
  jsonType = 'application/json',
): void {
  if (format === 'yaml') return exchange.send(code, 'application/yaml', writeYaml(read(json)));
  exchange.send(code, jsonType, pretty ? writePretty(read(json)) : json);
}

export function writePretty(value: unknown): string {
  return JSON.stringify(value, undefined, indentation);
}

function read(json: Buffer | string): unknown {
  return JSON.parse(json.toString());
}

/** The pieces of a document with one long list in it. */
export interface ListWriter {
  readonly contentType: string;
  /** Whether to write an item takes long enough that others should have their turn now and then. */
  readonly isSlow: boolean;
  /** Everything before the first item. */
  readonly head: string;
  /** Of its JSON. */
  item(json: Buffer): Buffer;
  readonly between: Buffer;
  /** Everything behind the last item. */
  readonly tail: string;
}

/** `member` is the list's name, and `others` is what else the document has. */
export function listWriter(
  { format, pretty }: Format,
  others: Readonly<Record<string, unknown>>,
  member: string,
  isEmpty: boolean,
): ListWriter {
  if (format === 'yaml') return yamlWriter(others, member, isEmpty);
  if (pretty) return prettyWriter(others, member, isEmpty);
  return {
    contentType: 'application/json',
    isSlow: false,
    head: `${JSON.stringify(others).slice(0, -1)},"${member}":[`,
    item: (json) => json,
    between: Buffer.from(','),
    tail: ']}\n',
  };
}

function prettyWriter(
  others: Readonly<Record<string, unknown>>,
  member: string,
  isEmpty: boolean,
): ListWriter {
  const inner = ' '.repeat(2 * indentation);
  return {
    contentType: 'application/json',
    isSlow: true,
    head: `${writePretty(others).slice(0, -'\n}'.length)},\n${' '.repeat(indentation)}"${member}": [`,
    // No string of JSON goes over several lines.
    item: (json) => Buffer.from(`\n${writePretty(read(json))}`.replaceAll('\n', `\n${inner}`)),
    between: Buffer.from(','),
    tail: isEmpty ? ']\n}\n' : `\n${' '.repeat(indentation)}]\n}\n`,
  };
}

/** Members in the order of their names, as everywhere. */
function yamlWriter(others: Readonly<Record<string, unknown>>, member: string, isEmpty: boolean): ListWriter {
  const part = (isPart: (name: string) => boolean) => {
    const members = Object.entries(others).filter(([name]) => isPart(name));
    return members.length === 0 ? '' : writeYaml(Object.fromEntries(members));
  };
  return {
    contentType: 'application/yaml',
    isSlow: true,
    head: `${part((name) => name < member)}${member}:${isEmpty ? ' []' : ''}\n`,
    item: (json) => Buffer.from(writeYaml([read(json)])),
    between: Buffer.alloc(0),
    tail: part((name) => name > member),
  };
}
