import { broken } from './compilation.ts';
import type { CallNode, Compilation } from './compilation.ts';
import type { Code } from './program.ts';
import type { Scope } from './scope.ts';
import type { ASTNode } from './syntax.ts';
import { dyn } from './types.ts';
import type { Type } from './types.ts';

/** A message written out, such as `Object.spec{replicas: 3}`: a map that remembers what it is called. */
export function compileMessage(compiler: Compilation, node: CallNode, scope: Scope): Code {
  const [nameNode, mapNode] = node.args.at(-1) as readonly ASTNode[];
  if (nameNode?.op !== 'value' || mapNode?.op !== 'map')
    return compiler.fail(node, 'Syntax error: not a message');
  const name = String(nameNode.args).replaceAll(/\s/g, '');
  if (compiler.vocabulary.messages?.(name) !== true)
    return compiler.fail(node, `undeclared reference to '${name}' (in container '')`);
  const entries = compiler.entries(mapNode.args, scope);
  if (compiler.issues.length > 0) return broken;
  const anything = { type: dyn, key: '' };
  const type: Type = { kind: 'object', name, field: () => anything, nameOf: (key) => key };
  return { type, run: compiler.mapRun(entries, 40, name) };
}
