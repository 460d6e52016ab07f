import { readFileSync } from 'node:fs';
import { JsonPathError } from '../../core/api/custom/json-path.ts';
import { parseCustomColumns, parseCustomColumnsFile } from '../../core/printers/custom-columns.ts';
import type { ChosenColumn } from '../../core/printers/custom-columns.ts';
import { JsonPathTemplate } from '../../core/printers/json-path-template.ts';
import { UsageError } from './command.ts';
import type { Flag, Flags } from './command.ts';

export type OutputFormat =
  | { readonly kind: 'table'; readonly wide: boolean }
  | { readonly kind: 'yaml' | 'json' | 'name' }
  | { readonly kind: 'jsonpath'; readonly template: JsonPathTemplate; readonly asJson: boolean }
  | { readonly kind: 'custom-columns'; readonly columns: readonly ChosenColumn[] };

export const outputFlags: readonly Flag[] = [
  {
    name: 'output',
    short: 'o',
    type: 'string',
    help: 'Output format',
    choices: [
      'wide',
      'yaml',
      'json',
      'name',
      'jsonpath=',
      'jsonpath-as-json=',
      'jsonpath-file=',
      'custom-columns=',
      'custom-columns-file=',
    ],
  },
];

/** Throws `UsageError` where a path or a file cannot be read. */
export function outputFormat(flags: Flags): OutputFormat {
  const text = flags.string('output');
  switch (text) {
    case undefined:
      return { kind: 'table', wide: false };
    case 'wide':
      return { kind: 'table', wide: true };
    case 'yaml':
    case 'json':
    case 'name':
      return { kind: text };
  }
  const equals = text.indexOf('=');
  try {
    return formatOf(text.slice(0, equals), text.slice(equals + 1));
  } catch (error) {
    if (error instanceof JsonPathError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function formatOf(name: string, argument: string): OutputFormat {
  switch (name) {
    case 'jsonpath':
    case 'jsonpath-as-json':
      if (argument === '') throw new UsageError('template format specified but no template given');
      return {
        kind: 'jsonpath',
        template: JsonPathTemplate.parse(argument),
        asJson: name === 'jsonpath-as-json',
      };
    case 'jsonpath-file':
      return { kind: 'jsonpath', template: JsonPathTemplate.parse(fileText(argument)), asJson: false };
    case 'custom-columns':
      return { kind: 'custom-columns', columns: parseCustomColumns(argument) };
    case 'custom-columns-file':
      return { kind: 'custom-columns', columns: parseCustomColumnsFile(fileText(argument)) };
    default:
      throw new UsageError(`unable to match a printer suitable for the output format "${name}"`);
  }
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`error reading template ${path}: ${(cause as Error).message}`, { cause });
  }
}
