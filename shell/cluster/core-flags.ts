/** What `wh up` tells core by itself. */
const own: ReadonlySet<string> = new Set([
  'data-dir',
  'etcd-endpoints',
  'etcd-peer-port',
  'etcd-port',
  'listen',
  'local-node',
  'rest-listen',
  'store',
]);

/**
 * Which flags a cluster's core gets: those given, without empty ones, in place of those it had; or those it had, where
 * none is given. Throws where one is no flag, is not a person's to choose, or would have to change while core runs.
 */
export function chooseCoreFlags(
  given: readonly string[],
  before: readonly string[],
  running: boolean,
): readonly string[] {
  if (given.length === 0) return before;
  const chosen = given.filter((flag) => flag !== '');
  for (const flag of chosen) {
    const name = /^--([a-z][a-z-]*)=/.exec(flag)?.[1];
    if (name === undefined) throw new Error(`"${flag}" is no flag of core: write --core-flag=--NAME=VALUE`);
    if (own.has(name)) throw new Error(`--${name} is chosen by "up" itself`);
  }
  const same = chosen.length === before.length && chosen.every((flag, i) => flag === before[i]);
  if (running && !same) throw new Error('Cannot change the flags of core while it runs: "wh down" first');
  return chosen;
}
