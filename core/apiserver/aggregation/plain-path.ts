import { badRequest } from '../../api/errors.ts';

/**
 * A path of these parts that no server reads as other parts: a name with a slash in it, which some take for two, would
 * be a way around what was authorized.
 */
export function plainPath(parts: readonly string[]): string {
  const odd = parts.find((part) => part === '' || part === '.' || part === '..' || /[/\\\0]/.test(part));
  if (odd !== undefined) throw badRequest(`a path with the part ${JSON.stringify(odd)} cannot be handed on`);
  return `/${parts.map(encodeURIComponent).join('/')}`;
}
