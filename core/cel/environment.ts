import { Compiler } from './compiler.ts';
import type { Vocabulary } from './compilation.ts';
import { CostBudget } from './cost.ts';
import { CelCompileError, CelCostError, CelError, formatIssues } from './errors.ts';
import { FunctionTable } from './functions.ts';
import { authorizerFunctions } from './library/authorizer.ts';
import { formatFunctions } from './library/formats.ts';
import { ipFunctions } from './library/ip.ts';
import { jsonPatchFunctions } from './library/json-patch.ts';
import { listFunctions } from './library/lists.ts';
import { optionalFunctions } from './library/optionals.ts';
import { quantityFunctions } from './library/quantity.ts';
import { regexFunctions } from './library/regex.ts';
import { semverFunctions } from './library/semver.ts';
import { setFunctions } from './library/sets.ts';
import { standardFunctions } from './library/standard.ts';
import { stringFunctions } from './library/strings.ts';
import { timeFunctions } from './library/time.ts';
import { urlFunctions } from './library/url.ts';
import { Frame } from './program.ts';
import type { CelBindings, Code, Variable } from './program.ts';
import { read } from './syntax.ts';
import { accepts, formatType } from './types.ts';
import type { Type } from './types.ts';
import type { Value } from './values.ts';

/** Every function that upstream's newest environment has (apiserver/pkg/cel/environment/base.go). */
const functions = new FunctionTable([
  ...standardFunctions,
  ...timeFunctions,
  ...stringFunctions,
  ...regexFunctions,
  ...listFunctions,
  ...setFunctions,
  ...optionalFunctions,
  ...urlFunctions,
  ...quantityFunctions,
  ...ipFunctions,
  ...semverFunctions,
  ...formatFunctions,
  ...jsonPatchFunctions,
  ...authorizerFunctions,
]);

const maxKnown = 1024;

export interface CelEnvironmentOptions {
  /** Messages that may be written out, such as `Object.spec{…}`. */
  readonly messages?: (name: string) => boolean;
}

/** What the expressions of one kind of rule may use; compiles each once. */
export class CelEnvironment {
  readonly #vocabulary: Vocabulary;
  /** The newest programs, by their text and type; the oldest makes room. */
  readonly #programs = new Map<string, CelProgram>();

  /** @param variables their types by name */
  constructor(variables: Readonly<Record<string, Type>>, { messages }: CelEnvironmentOptions = {}) {
    this.#vocabulary = {
      variables: Object.entries(variables).map(([name, type]) => ({ name, type })),
      functions,
      messages,
    };
  }

  /** An environment with more variables. */
  with(variables: Readonly<Record<string, Type>>): CelEnvironment {
    const own = Object.fromEntries(this.#vocabulary.variables.map(({ name, type }) => [name, type]));
    const { messages } = this.#vocabulary;
    return new CelEnvironment({ ...own, ...variables }, messages === undefined ? {} : { messages });
  }

  /**
   * @param result types that the expression may have; any without
   * @throws CelCompileError
   */
  compile(expression: string, ...result: readonly Type[]): CelProgram {
    const key = `${result.map(formatType).join('|')}\n${expression}`;
    const known = this.#programs.get(key);
    if (known !== undefined) {
      // What is used stays.
      this.#programs.delete(key);
      this.#programs.set(key, known);
      return known;
    }
    const program = this.#compile(expression, result);
    if (this.#programs.size >= maxKnown) this.#programs.delete(this.#programs.keys().next().value as string);
    this.#programs.set(key, program);
    return program;
  }

  #compile(expression: string, result: readonly Type[]): CelProgram {
    const { root, offsetOf } = read(expression);
    const compiler = new Compiler(this.#vocabulary);
    const code = compiler.compile(root, compiler.root);
    if (compiler.issues.length > 0) {
      const issues = compiler.issues.map(({ offset, message }) => ({ offset: offsetOf(offset), message }));
      throw new CelCompileError(`compilation failed: ${formatIssues(expression, issues)}`);
    }
    if (result.length > 0 && !result.some((type) => accepts(type, code.type, new Map()))) {
      const names = result.map(formatType);
      throw new CelCompileError(
        names.length === 1 ? `must evaluate to ${names[0]}` : `must evaluate to one of [${names.join(' ')}]`,
      );
    }
    return new CelProgram(this.#vocabulary.variables, code, compiler.used);
  }
}

/** A compiled expression. */
export class CelProgram {
  /** Of what it evaluates to, as far as that is known. */
  readonly type: Type;
  /** The variables that it names. */
  readonly uses: ReadonlySet<string>;
  readonly #variables: readonly Variable[];
  readonly #code: Code;

  constructor(variables: readonly Variable[], code: Code, uses: ReadonlySet<string>) {
    this.#variables = variables;
    this.#code = code;
    this.type = code.type;
    this.uses = uses;
  }

  /**
   * @param bindings what the variables stand for: data as JSON has it, or values
   * @param budget pays for it; what one evaluation may cost is limited there too
   * @throws CelError for an expression that came to an error, CelCostError for one that was too expensive
   */
  evaluate(bindings: CelBindings, budget: CostBudget = new CostBudget()): Value {
    const meter = budget.meter();
    try {
      return this.#code.run(new Frame(this.#variables, bindings, meter));
    } catch (error) {
      if (error instanceof CelError || error instanceof CelCostError) throw error;
      // What the machine itself cannot do, such as too long a text.
      if (error instanceof RangeError) throw new CelError(error.message, { cause: error });
      throw error;
    } finally {
      budget.settle(meter);
    }
  }
}
