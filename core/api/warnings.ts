/** Of one request, while it is answered: more than are ever told. */
export const mostWarningsKept = 1_000;
/** Each is a header of its own. */
const mostWarnings = 64;
/** All warnings of one request together, in bytes. */
const mostBytes = 4 * 1024;
/** One warning, in characters, where they are too many to be whole. */
const shortLength = 256;

/**
 * What is told of a request's warnings: each once, and whole while all of them fit; otherwise each cut short, and as
 * many as fit then (apiserver/pkg/endpoints/filters/warning.go).
 */
export function boundedWarnings(texts: Iterable<string>): readonly string[] {
  const distinct = [...new Set(texts)].filter((text) => text !== '').slice(0, mostWarnings);
  const size = (some: readonly string[]) => some.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (size(distinct) <= mostBytes) return distinct;
  const short = distinct.map((text) => text.slice(0, shortLength));
  let bytes = 0;
  return short.filter((text) => (bytes += Buffer.byteLength(text)) <= mostBytes);
}
