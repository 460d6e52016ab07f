import { formatPath, isObject, type JsonObject } from './json.ts';
import { nearestName } from './nearest-name.ts';
import { describeValue, scalarProblem } from './scalar-formats.ts';
import type { ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts';

export type ViolationReason = 'unknown' | 'type' | 'required' | 'enum' | 'format' | 'depth';

/** One thing in a value that its schema does not allow. */
export interface Violation {
  /** Such as `spec.containers[0].image`; "" is the value itself. */
  readonly path: string;
  readonly reason: ViolationReason;
  /** What stands there; undefined when something is missing. */
  readonly value: unknown;
  /** Says what is wrong and, where it can be guessed, what was meant. Does not repeat the path. */
  readonly message: string;
}

export interface ValidateOptions {
  /** Unknown fields are let pass (fieldValidation=Ignore). */
  readonly ignoreUnknown?: boolean;
  /** Stop after so many; 100 unless given. Bounds the work a hostile value can cause. */
  readonly maxViolations?: number;
  /** Levels of nesting; 512 unless given. */
  readonly maxDepth?: number;
}

/**
 * Compares a JSON value with its schema, in time linear in its size; never throws. A null member counts as
 * absent, as when Go decodes it; a null value in a map of strings is the empty string.
 */
export function validate(schema: Schema, value: unknown, options: ValidateOptions = {}): Violation[] {
  const walk = new Walk(options);
  walk.check(schema, value);
  return walk.violations;
}

class Walk {
  readonly violations: Violation[] = [];
  readonly #path: (string | number)[] = [];
  readonly #ignoreUnknown: boolean;
  readonly #maxViolations: number;
  readonly #maxDepth: number;

  constructor({ ignoreUnknown = false, maxViolations = 100, maxDepth = 512 }: ValidateOptions) {
    this.#ignoreUnknown = ignoreUnknown;
    this.#maxViolations = maxViolations;
    this.#maxDepth = maxDepth;
  }

  check(schema: Schema, value: unknown): void {
    if (this.#path.length > this.#maxDepth) {
      this.#report('depth', value, `is nested more than ${this.#maxDepth} levels deep`);
      return;
    }
    switch (schema.kind) {
      case 'object':
        return this.#checkObject(schema, value);
      case 'list':
        return this.#checkList(schema, value);
      case 'map':
        return this.#checkMap(schema, value);
      case 'scalar':
        return this.#checkScalar(schema, value);
      case 'any':
        if (schema.whenObject !== undefined && isObject(value)) this.#checkObject(schema.whenObject, value);
        return;
    }
  }

  get #full(): boolean {
    return this.violations.length >= this.#maxViolations;
  }

  #checkObject(schema: ObjectSchema, value: unknown): void {
    if (!isObject(value))
      return this.#report('type', value, `must be an object, not ${describeValue(value)}`);
    for (const key in value) {
      if (this.#full) return;
      const member = value[key];
      if (member === undefined) continue;
      const field = schema.fields.get(key);
      if (field !== undefined) {
        if (member !== null) this.#checkAt(key, field.schema, member);
      } else if (!schema.preserveUnknown && !this.#ignoreUnknown) {
        this.#reportAt(key, 'unknown', member, unknownFieldMessage(key, schema));
      }
    }
    this.#checkRequired(schema, value);
  }

  #checkRequired(schema: ObjectSchema, value: JsonObject): void {
    for (const field of schema.fields.values()) {
      if (!field.required || field.default !== undefined) continue;
      const member = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
      if (member === undefined || member === null)
        this.#reportAt(field.name, 'required', undefined, 'is required');
    }
  }

  #checkList(schema: ListSchema, value: unknown): void {
    if (!Array.isArray(value))
      return this.#report('type', value, `must be a list, not ${describeValue(value)}`);
    for (let index = 0; index < value.length && !this.#full; index++)
      this.#checkAt(index, schema.items, value[index]);
  }

  #checkMap(schema: MapSchema, value: unknown): void {
    if (!isObject(value))
      return this.#report('type', value, `must be an object, not ${describeValue(value)}`);
    for (const key in value) {
      if (this.#full) return;
      const member = value[key];
      if (member === null && isString(schema.values)) continue;
      if (member !== undefined) this.#checkAt(key, schema.values, member);
    }
  }

  #checkScalar(schema: ScalarSchema, value: unknown): void {
    const problem = scalarProblem(schema.type, value);
    if (problem !== undefined) return this.#report(problem.reason, value, problem.message);
    if (schema.values === undefined || schema.values.includes(value as string)) return;
    const supported = schema.values.map((text) => JSON.stringify(text)).join(', ');
    const meant = typeof value === 'string' ? nearestName(value, schema.values) : undefined;
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
    this.#report('enum', value, `must be one of ${supported}, not ${describeValue(value)}${hint}`);
  }

  #checkAt(step: string | number, schema: Schema, value: unknown): void {
    this.#path.push(step);
    this.check(schema, value);
    this.#path.pop();
  }

  #reportAt(step: string | number, reason: ViolationReason, value: unknown, message: string): void {
    this.#path.push(step);
    this.#report(reason, value, message);
    this.#path.pop();
  }

  #report(reason: ViolationReason, value: unknown, message: string): void {
    if (!this.#full) this.violations.push({ path: formatPath(this.#path), reason, value, message });
  }
}

function unknownFieldMessage(key: string, schema: ObjectSchema): string {
  const meant = nearestName(key, schema.fields.keys());
  return meant === undefined
    ? 'is an unknown field'
    : `is an unknown field; did you mean ${JSON.stringify(meant)}?`;
}

function isString(schema: Schema): boolean {
  return schema.kind === 'scalar' && schema.type === 'string';
}
