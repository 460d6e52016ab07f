import type { DockerClient } from './client.ts';
import { RuntimeError } from '../runtime.ts';
import { jsonLines } from './json-lines.ts';
import { pauseProgram } from './pause-program.ts';
import { tarArchive } from './tar.ts';

/** The tag changes with the program, so that an old image is never taken for a new one. */
export const pauseImage = 'wheelhouse/pause:1';

/** Makes the pause image when asked; askers at the same time share one import. */
export class PauseImage {
  readonly #client: DockerClient;
  #underWay: Promise<void> | undefined;

  constructor(client: DockerClient) {
    this.#client = client;
  }

  make(signal: AbortSignal): Promise<void> {
    this.#underWay ??= this.#import(signal).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #import(signal: AbortSignal): Promise<void> {
    const { quickMs, changeMs } = this.#client.deadlines;
    const version = await this.#client.call(
      { action: "read Docker's version", deadlineMs: quickMs, signal },
      (docker) => docker.version(),
    );
    const archive = pauseArchive(version.Arch);
    await this.#client.call(
      { action: `import image "${pauseImage}"`, deadlineMs: changeMs, signal },
      async (docker, abortSignal) => {
        const [repo, tag] = pauseImage.split(':');
        // Imported, not built: one call, no builder and no base image. The types of dockerode know no Buffer here.
        const reply = await docker.importImage(archive as unknown as string, {
          repo,
          tag,
          changes: 'ENTRYPOINT ["/pause"]',
          abortSignal,
        });
        for await (const line of jsonLines(reply as unknown as AsyncIterable<Buffer>)) {
          const { error } = line as { readonly error?: string };
          if (error !== undefined) throw new Error(error);
        }
      },
    );
  }
}

/** The image's one layer. Throws "start-failed" on a processor the program was not written for. */
export function pauseArchive(architecture: string): Buffer {
  if (architecture !== 'amd64' && architecture !== 'arm64') {
    const words = `there is no pause program for "${architecture}", only for amd64 and arm64`;
    throw new RuntimeError('start-failed', `Cannot make image "${pauseImage}": ${words}`);
  }
  return tarArchive([{ kind: 'file', path: 'pause', mode: 0o755, content: pauseProgram(architecture) }]);
}
