/**
 * Whether a test that cannot run has failed. Where every change is checked (.ci/run sets CI, as such services do) nobody
 * reads what was left out; elsewhere it is skipped, and says why.
 */
export function isEverythingRequired(): boolean {
  return !['', '0', 'false'].includes(process.env['CI'] ?? '');
}
