import { bindLightly } from '../../core/machinery/process/light-bind.ts';
import { measureApi } from './api.ts';
import { measureCustomResources } from './custom-resources.ts';
import { measureExpressions } from './expressions.ts';
import { measureGrpc } from './grpc.ts';
import { measureIdentity } from './identity.ts';
import { measureLogs } from './logs.ts';
import { measureMainJob } from './main-job.ts';
import { measureManifests } from './manifests.ts';
import { tableOf } from './measure.ts';
import type { Measurement } from './measure.ts';
import { measureTree } from './tree.ts';

/** The suites, by the name that chooses one: `npm run bench -- main-job`. */
const suites: Readonly<Record<string, () => Promise<readonly Measurement[]>>> = {
  api: measureApi,
  'custom-resources': measureCustomResources,
  expressions: measureExpressions,
  grpc: measureGrpc,
  identity: measureIdentity,
  logs: measureLogs,
  'main-job': measureMainJob,
  manifests: measureManifests,
  tree: measureTree,
};

/** Exit code 1 when a limit was missed. */
export async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !Object.hasOwn(suites, name));
  if (unknown !== undefined) {
    console.error(`There is no suite "${unknown}"; there are ${Object.keys(suites).join(', ')}`);
    return 1;
  }
  // The clients are here: what their garbage collector stops for would be measured as the server's time.
  bindLightly();
  const measurements: Measurement[] = [];
  for (const [name, suite] of Object.entries(suites)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.log(`Measuring ${name} …`);
    measurements.push(...(await suite()));
  }
  console.log(`\n${tableOf(measurements)}`);
  return measurements.some(({ holds }) => holds === false) ? 1 : 0;
}
