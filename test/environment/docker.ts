import Docker from 'dockerode';
import { label } from '../../node-agent/runtime/docker/labels.ts';
import { whyNoTestImages } from './images.ts';
import { isEverythingRequired } from './required.ts';

/**
 * Why tests with the machine's Docker cannot run, for the skip message; undefined when they can. Throws instead where
 * nothing may be skipped.
 */
export async function whyNoDocker(): Promise<string | undefined> {
  const why = await findWhyNoDocker();
  if (why !== undefined && isEverythingRequired())
    throw new Error(`Nothing can be tested with Docker: ${why}`);
  return why;
}

async function findWhyNoDocker(): Promise<string | undefined> {
  const images = whyNoTestImages();
  if (images !== undefined) return images;
  try {
    await new Docker({ socketPath: '/var/run/docker.sock' }).ping();
    return undefined;
  } catch (error) {
    return `Docker does not answer: ${(error as Error).message}`;
  }
}

/** Removes whatever a test left behind under its owner's name. */
export async function removeEverythingOf(owner: string, socketPath = '/var/run/docker.sock'): Promise<void> {
  const docker = new Docker({ socketPath });
  const left = await docker.listContainers({ all: true, filters: { label: [`${label.owner}=${owner}`] } });
  for (const { Id } of left) await docker.getContainer(Id).remove({ force: true, v: true });
}
