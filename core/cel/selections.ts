import { read } from './syntax.ts';
import type { ASTNode } from './syntax.ts';

/** Whether an expression reads a member of a variable by its name, such as `claims.email`. @throws CelCompileError */
export function selects(expression: string, variable: string, member: string): boolean {
  return finds(read(expression).root, variable, member);
}

const selecting: ReadonlySet<string> = new Set(['.', '.?', '[]', '[?]']);

function finds(node: unknown, variable: string, member: string): boolean {
  if (Array.isArray(node)) return node.some((part) => finds(part, variable, member));
  if (!isNode(node)) return false;
  const { op, args } = node;
  if (selecting.has(op) && Array.isArray(args)) {
    const [operand, name] = args as readonly unknown[];
    if (isNode(operand) && operand.op === 'id' && operand.args === variable && textOf(name) === member)
      return true;
  }
  return finds(args, variable, member);
}

function textOf(name: unknown): unknown {
  return isNode(name) && name.op === 'value' ? name.args : name;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
