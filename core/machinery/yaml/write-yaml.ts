import { isObject, type JsonObject } from '../json.ts';
import { compareKeys } from './key-order.ts';
import { formatNumber } from './resolve-scalar.ts';
import { writeString } from './write-string.ts';

/**
 * Writes a JSON value as kubectl prints it (sigs.k8s.io/yaml on go-yaml v2): keys sorted, lists not indented
 * under their key, quotes only where the text would otherwise mean something else, lines folded after column 80.
 * Ends with a line break.
 */
export function writeYaml(value: unknown): string {
  const writer = new Writer();
  writer.writeRoot(value);
  return writer.text;
}

class Writer {
  #parts: string[] = [];

  get text(): string {
    return this.#parts.join('');
  }

  writeRoot(value: unknown): void {
    if (isNonEmptyObject(value)) this.#writeMap(value, 0);
    else if (isNonEmptyList(value)) this.#writeList(value, 0);
    else this.#parts.push(`${scalarText(value, 0, 0)}\n`);
  }

  /** The members at `indent` columns; the cursor stands there already. */
  #writeMap(map: JsonObject, indent: number): void {
    const keys = sortedKeys(map);
    keys.forEach((key, index) => {
      if (index > 0) this.#parts.push(' '.repeat(indent));
      const text = writeString(key, { indent, column: indent, key: true });
      // Go writes long keys, and those that take several lines, in the explicit form.
      const explicit = text.length > 128 || text.includes('\n');
      if (explicit)
        this.#parts.push(
          `? ${writeString(key, { indent: indent + 2, column: indent + 2 })}\n${' '.repeat(indent)}`,
        );
      else this.#parts.push(text);
      this.#writeMember(map[key], indent, indent + (explicit ? 0 : text.length) + 2);
    });
  }

  #writeMember(value: unknown, indent: number, column: number): void {
    if (isNonEmptyObject(value)) {
      this.#parts.push(`:\n${' '.repeat(indent + 2)}`);
      this.#writeMap(value, indent + 2);
    } else if (isNonEmptyList(value)) {
      this.#parts.push(`:\n${' '.repeat(indent)}`);
      this.#writeList(value, indent);
    } else {
      this.#parts.push(`: ${scalarText(value, indent + 2, column)}\n`);
    }
  }

  #writeList(list: readonly unknown[], indent: number): void {
    list.forEach((item, index) => {
      this.#parts.push(index > 0 ? `${' '.repeat(indent)}- ` : '- ');
      if (isNonEmptyObject(item)) this.#writeMap(item, indent + 2);
      else if (isNonEmptyList(item)) this.#writeList(item, indent + 2);
      else this.#parts.push(`${scalarText(item, indent + 2, indent + 2)}\n`);
    });
  }
}

function sortedKeys(map: JsonObject): string[] {
  const keys = Object.keys(map)
    .filter((key) => map[key] !== undefined)
    .sort();
  // Names of fields, letters only, are in order already; labels and file names may not be.
  return keys.every((key) => /^[A-Za-z]+$/.test(key)) ? keys : keys.sort(compareKeys);
}

function scalarText(value: unknown, indent: number, column: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, { indent, column });
    case 'number':
      return Number.isFinite(value) ? formatNumber(value) : 'null';
    case 'boolean':
      return String(value);
    default:
      if (Array.isArray(value)) return '[]';
      return isObject(value) ? '{}' : 'null';
  }
}

function isNonEmptyObject(value: unknown): value is JsonObject {
  return isObject(value) && Object.values(value).some((member) => member !== undefined);
}

function isNonEmptyList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}
