import { timed } from '../measure.ts';

const tickMs = 1;

/**
 * Sends so many requests a second for a while, whether or not earlier ones were answered, as clients do that know
 * nothing of each other. Resolves to how long each took, in milliseconds.
 */
export async function paced(
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
  send: (index: number) => Promise<unknown>,
): Promise<readonly number[]> {
  const total = perSecond * seconds;
  const sent: Promise<number>[] = [];
  const beganMs = performance.now();
  while (sent.length < total) {
    const due = Math.floor(((performance.now() - beganMs) / 1_000) * perSecond);
    while (sent.length < Math.min(due, total)) {
      const index = sent.length;
      sent.push(timed(() => send(index)));
    }
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  return Promise.all(sent);
}

/** So many workers, each sending its next request when the last was answered: as fast as it goes. */
export async function saturated(
  { workers, seconds }: { readonly workers: number; readonly seconds: number },
  send: (index: number) => Promise<unknown>,
): Promise<{ readonly perSecond: number; readonly times: readonly number[] }> {
  const times: number[] = [];
  let index = 0;
  const beganMs = performance.now();
  const endMs = beganMs + seconds * 1_000;
  const worker = async () => {
    while (performance.now() < endMs) times.push(await timed(() => send(index++)));
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return { perSecond: (times.length / (performance.now() - beganMs)) * 1_000, times };
}

/** `work` for 0, 1, … up to `total`, so many at a time. */
export async function inParallel(
  workers: number,
  total: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < total) await work(next++);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
