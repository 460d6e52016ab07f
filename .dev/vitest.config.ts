import { defineConfig } from 'vitest/config';

const root = new URL('..', import.meta.url).pathname;
/**
 * Installs and starts what tests with real parts need. Those parts keep their own time, so a test is tried twice, and
 * one that needed it is named (second-try-reporter.mjs).
 */
const realParts = { globalSetup: [`${root}test/environment/machine.ts`], retry: 1 };

/** Tests are told apart by folder: beside the code they are unit tests, in `test/` they cross parts. */
export default defineConfig({
  root,
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      project('unit', ['{core,shell,node-agent,vscode-extension}/**/*.test.ts'], 60_000),
      project('tidy', ['test/tidy/**/*.test.ts'], 60_000),
      project('conformance', ['test/conformance/**/*.test.ts'], 60_000, realParts),
      project('integration', ['test/integration/**/*.test.ts'], 60_000, realParts),
      project('simulation', ['test/simulation/**/*.test.ts'], 120_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000, { ...realParts, fileParallelism: false }),
      project('editor', ['test/editor/**/*.test.ts'], 120_000, {
        globalSetup: [`${root}test/environment/machine.ts`, `${root}test/editor/setup.ts`],
        retry: 1,
        fileParallelism: false,
      }),
    ],
  },
});

function project(name: string, include: string[], testTimeout: number, more: object = {}) {
  return { root, test: { name, include, testTimeout, hookTimeout: testTimeout, ...more } };
}
