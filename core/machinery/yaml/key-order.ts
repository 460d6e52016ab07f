const digit = /\p{Nd}/u;
const letter = /\p{L}/u;

/**
 * The order in which go-yaml v2 writes keys (sorter.go): letters by code point, runs of digits by their number,
 * and other characters before letters. It is not transitive ("1a" < "9" < "10" < "1a"), so what upstream prints
 * varies from run to run there; sort the keys by code point first to have one result.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const left = Array.from(a);
  const right = Array.from(b);
  for (let at = 0; at < left.length && at < right.length; at++) {
    const [x, y] = [left[at] as string, right[at] as string];
    if (x === y) continue;
    const xIsLetter = letter.test(x);
    const yIsLetter = letter.test(y);
    if (xIsLetter && yIsLetter) return byCodePoint(x, y);
    if (xIsLetter || yIsLetter) return xIsLetter ? 1 : -1;
    return compareNumbers(left, right, at) || byCodePoint(x, y);
  }
  return left.length - right.length;
}

/** Compares the numbers that stand at `from`, then their lengths; 0 where neither is longer. */
function compareNumbers(left: readonly string[], right: readonly string[], from: number): number {
  let [x, y] = [0n, 0n];
  if (left[from] === '0' || right[from] === '0') {
    // Zeros after other digits are part of a larger number: let their place count.
    for (let at = from - 1; at >= 0 && digit.test(left[at] as string); at--) {
      if (left[at] === '0') continue;
      x = 1n;
      y = 1n;
      break;
    }
  }
  let [xEnd, yEnd] = [from, from];
  for (; xEnd < left.length && digit.test(left[xEnd] as string); xEnd++)
    x = x * 10n + digitValue(left[xEnd] as string);
  for (; yEnd < right.length && digit.test(right[yEnd] as string); yEnd++)
    y = y * 10n + digitValue(right[yEnd] as string);
  if (x !== y) return x < y ? -1 : 1;
  return xEnd - yEnd;
}

function digitValue(char: string): bigint {
  return BigInt(Number(char) || 0);
}

function byCodePoint(a: string, b: string): number {
  return (a.codePointAt(0) as number) - (b.codePointAt(0) as number);
}
