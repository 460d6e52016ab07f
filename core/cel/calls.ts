import { dottedName, rootOf } from './compilation.ts';
import type { CallNode, Compilation } from './compilation.ts';
import { dispatch } from './functions.ts';
import type { Overload } from './functions.ts';
import { checkLiteral } from './literals.ts';
import { compileMacro } from './macros.ts';
import { compileMessage } from './messages.ts';
import type { Code } from './program.ts';
import type { Scope } from './scope.ts';
import { spelled } from './syntax.ts';
import type { ASTNode } from './syntax.ts';
import { formatType } from './types.ts';
import type { Value } from './values.ts';

/** Calls of functions and methods, macros, and messages. */
export function compileCall(compiler: Compilation, node: CallNode, scope: Scope): Code {
  if (node.op === 'call' && node.args[0] === spelled.message) return compileMessage(compiler, node, scope);
  const macro = compileMacro(compiler, node, scope);
  if (macro !== undefined) return macro;
  if (node.op === 'call') return call(compiler, node, node.args[0], false, node.args[1], scope);
  const [method, receiver, args] = node.args;
  // "sets.contains(…)" is a function with a long name, unless somebody's variable is called "sets".
  const space = dottedName(receiver);
  const { functions } = compiler.vocabulary;
  if (
    space !== undefined &&
    scope.find(rootOf(receiver)) === undefined &&
    functions.knows(`${space}.${method}`, false)
  )
    return call(compiler, node, `${space}.${method}`, false, args, scope);
  return call(compiler, node, method, true, [receiver, ...args], scope);
}

function call(
  compiler: Compilation,
  node: ASTNode,
  name: string,
  isMember: boolean,
  nodes: readonly ASTNode[],
  scope: Scope,
): Code {
  // What is to be formatted is rarely of one type.
  const codes = nodes.map((part) =>
    name === 'format' && part.op === 'list'
      ? compiler.list(part.args, scope, true)
      : compiler.compile(part, scope),
  );
  const { functions } = compiler.vocabulary;
  if (!functions.knows(name, isMember))
    return compiler.fail(node, `undeclared reference to '${name}' (in container '')`);
  const types = codes.map(({ type }) => type);
  const resolution = functions.resolve(name, isMember, types);
  if (resolution === undefined) {
    const texts = types.map(formatType);
    const applied = isMember ? `${texts[0] ?? ''}.(${texts.slice(1).join(', ')})` : `(${texts.join(', ')})`;
    return compiler.fail(node, `found no matching overload for '${name}' applied to '${applied}'`);
  }
  const { overloads, result, isCertain } = resolution;
  checkLiteral(compiler, name, isMember, nodes, overloads);
  return { type: result, run: runner(codes, overloads, isCertain) };
}

function runner(codes: readonly Code[], overloads: readonly Overload[], isCertain: boolean): Code['run'] {
  const only = isCertain ? overloads[0] : undefined;
  return (frame) => {
    const values: Value[] = [];
    for (const code of codes) values.push(code.run(frame));
    const chosen = only ?? dispatch(overloads, values);
    frame.meter.charge(chosen.cost(...values));
    return chosen.spend === undefined ? chosen.call(...values) : chosen.spend(frame.meter, ...values);
  };
}
