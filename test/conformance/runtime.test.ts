import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { DockerRuntime } from '../../node-agent/runtime/docker/runtime.ts';
import { SimulatedRuntime } from '../../node-agent/runtime/simulated/runtime.ts';
import { removeEverythingOf, whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { runtimeCases } from './runtime-cases.ts';

const folder = await mkdtemp(join(tmpdir(), 'runtime-conformance-'));
runtimeCases('simulated', {
  open: () => Promise.resolve(new SimulatedRuntime({ stateFile: join(folder, 'pods.json') })),
  cleanUp: () => rm(folder, { recursive: true }),
});

const withoutDocker = await whyNoDocker();
if (withoutDocker === undefined) {
  const owner = `runtime-conformance-${process.pid}`;
  runtimeCases('docker', {
    async open() {
      await ensureTestImages();
      return new DockerRuntime({ owner });
    },
    cleanUp: () => removeEverythingOf(owner),
  });
} else {
  console.warn(`skipped: docker runtime: ${withoutDocker}`);
  describe('docker runtime', () => test.skip(withoutDocker, () => {}));
}
