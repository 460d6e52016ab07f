import type { Compilation } from './compilation.ts';
import { stepCosts } from './cost.ts';
import { CelError, noSuchOverload } from './errors.ts';
import type { Code, Frame } from './program.ts';
import type { Scope } from './scope.ts';
import type { ASTNode } from './syntax.ts';
import { bool, formatType, isDynamic } from './types.ts';
import type { Value } from './values.ts';

/** True where any is, whatever becomes of the others. */
export function compileOr(compiler: Compilation, node: ASTNode, scope: Scope): Code {
  return decide(operands(compiler, node, '||', scope), true);
}

/** False where any is, whatever becomes of the others. */
export function compileAnd(compiler: Compilation, node: ASTNode, scope: Scope): Code {
  return decide(operands(compiler, node, '&&', scope), false);
}

/** Chains may be long: they are read without going deeper at each link. */
function operands(
  compiler: Compilation,
  node: ASTNode,
  operator: '||' | '&&',
  scope: Scope,
): readonly Code[] {
  const nodes: ASTNode[] = [];
  let rest = node;
  while (rest.op === operator) {
    nodes.push(rest.args[1]);
    rest = rest.args[0];
  }
  nodes.push(rest);
  return nodes.toReversed().map((operand) => {
    const code = compiler.compile(operand, scope);
    if (code.type.kind === 'bool' || isDynamic(code.type)) return code;
    return compiler.fail(operand, `expected type 'bool' but found '${formatType(code.type)}'`);
  });
}

function decide(codes: readonly Code[], deciding: boolean): Code {
  const runs = codes.map(({ run }) => run);
  return {
    type: bool,
    run: (frame) => {
      let problem: unknown;
      for (const run of runs) {
        const value = attempt(run, frame);
        if (value === deciding) return deciding;
        if (value instanceof CelError) problem ??= value;
        else if (value !== !deciding) problem ??= noSuchOverload();
      }
      if (problem !== undefined) throw problem;
      return !deciding;
    },
  };
}

/** A value, or what went wrong with it; spending too much is nobody's to absorb. */
export function attempt(run: Code['run'], frame: Frame): Value | CelError {
  try {
    return run(frame);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    frame.meter.charge(stepCosts.error);
    return error;
  }
}
