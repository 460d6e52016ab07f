/**
 * Replaces `$(NAME)` by what `lookUp` gives; a name it does not know stays as written, `$$` is a plain `$`
 * (upstream: third_party/forked/golang/expansion).
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  let result = '';
  let from = 0;
  for (let at = text.indexOf('$'); at >= 0 && at + 1 < text.length; at = text.indexOf('$', from)) {
    result += text.slice(from, at);
    const next = text[at + 1];
    const end = next === '(' ? text.indexOf(')', at + 2) : -1;
    if (end >= 0) {
      const name = text.slice(at + 2, end);
      result += lookUp(name) ?? `$(${name})`;
      from = end + 1;
    } else {
      result += next === '$' ? '$' : `$${next}`;
      from = at + 2;
    }
  }
  return result + text.slice(from);
}
