import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Deferred } from '../../../core/machinery/deferred.ts';
import { deferred } from '../../../core/machinery/deferred.ts';
import { coreEnvironment, coreNodeFlags } from '../../../shell/cluster/programs.ts';

type Handler = (argument: never) => unknown;
interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });

/** Another process of the bench, which answers calls by name. */
export interface Child extends AsyncDisposable {
  call<Result>(name: string, argument?: unknown): Promise<Result>;
}

/**
 * Starts a program of the bench (an entry point of .dev/bench.mjs) and waits until it serves calls. With
 * BENCH_PROFILE=folder it leaves a CPU profile there when it ends.
 */
export async function startChild(program: string, ...args: readonly string[]): Promise<Child> {
  const folder = process.env['BENCH_PROFILE'];
  const profile =
    folder === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${program}-${Date.now()}.cpuprofile`];
  // Core is measured as it is run.
  const isCore = program === 'api-server';
  const execArgv = [...(isCore ? coreNodeFlags : []), ...profile];
  const child = fork(fileURLToPath(new URL(`./${program}.mjs`, import.meta.url)), args, {
    execArgv,
    env: { ...process.env, ...(isCore ? coreEnvironment : {}) },
    serialization: 'advanced',
  });
  const waiting = new Map<number, Deferred<unknown>>();
  let next = 0;
  child.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) call?.reject(new Error(answer.error));
    else call?.resolve(answer.result);
  });
  child.once('exit', (code) => {
    for (const call of waiting.values()) call.reject(new Error(`"${program}" ended with ${code}`));
  });
  const call = <Result>(name: string, argument?: unknown): Promise<Result> => {
    const id = next++;
    const answer = deferred<unknown>();
    waiting.set(id, answer);
    child.send({ id, name, argument } satisfies Question);
    return answer.promise as Promise<Result>;
  };
  await call('ready');
  return {
    call,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** The other end: answers calls until the parent has gone, then tidies up and ends. */
export function serveCalls(handlers: Readonly<Record<string, Handler>>, end: () => Promise<void>): void {
  const answer = async ({ id, name, argument }: Question): Promise<Answer> => {
    try {
      if (name === 'ready') return { id, result: undefined };
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`There is no call "${name}"`);
      return { id, result: await handler(argument as never) };
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (question: Question) => {
    void answer(question).then((reply) => process.send?.(reply));
  });
  process.once('disconnect', () => {
    void end().finally(() => process.exit(0));
  });
}
