/**
 * A status as the API stores it: counts of zero are left out, except those named in `kept`. A status that is compared
 * with the stored one must have that form, or it would be written again and again.
 */
export function omitZeros<T extends object>(status: T, ...kept: readonly (keyof T)[]): T {
  const entries = Object.entries(status).filter(
    ([name, value]) => value !== 0 || kept.includes(name as keyof T),
  );
  return Object.fromEntries(entries) as T;
}
