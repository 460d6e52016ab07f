const colors = ['green', 'blue', 'purple', 'yellow', 'orange'] as const;

export type ContextColor = (typeof colors)[number] | 'red';

/** The colour of a context: what the settings say of its name, otherwise always the same one of its own. */
export function contextColor(name: string, configured: Readonly<Record<string, string>>): ContextColor {
  for (const [pattern, color] of Object.entries(configured)) {
    if (matches(pattern, name) && isColor(color)) return color;
  }
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return colors[hash % colors.length] ?? 'green';
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

function isColor(text: string): text is ContextColor {
  return text === 'red' || colors.some((color) => color === text);
}
