import { PassThrough, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { deferred } from '../../../core/machinery/deferred.ts';
import { sleep } from '../../../core/machinery/clock.ts';
import type { Clock } from '../../../core/machinery/clock.ts';
import type { ExecOptions, ProcessStreams } from '../runtime.ts';
import { play } from './program.ts';
import type { Environment, Run } from './program.ts';

/**
 * Answers an exec: a command that can be played is, a bare shell reads lines and plays each, anything else gets a
 * line that says that nothing runs here, and exit code 0, so that probes by command succeed.
 */
export function simulatedProcess(
  clock: Clock,
  options: ExecOptions,
  environment: Environment,
  signal: AbortSignal,
): ProcessStreams {
  const stdout = new PassThrough();
  const stderr = options.tty ? undefined : new PassThrough();
  const lines = new InputLines(options.tty ? (text) => stdout.write(text) : undefined);
  const newline = options.tty ? '\r\n' : '\n';
  const stdin = options.stdin ? lines.writable() : undefined;
  if (!options.stdin) lines.end();

  const aborted = deferred<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const exitCode = Promise.race([runToEnd(), aborted.promise]).finally(() => {
    signal.removeEventListener('abort', onAbort);
    stdout.end();
    stderr?.end();
    lines.end();
  });
  exitCode.catch(() => {});
  return { stdin, stdout, stderr, resize: () => {}, exitCode };

  function runToEnd(): Promise<number> {
    const [program, ...args] = options.command;
    const isShell = /(^|\/)(sh|ash|bash)$/.test(program ?? '') && args.length === 0;
    return isShell ? shell() : show(play(options.command, environment) ?? unknown(options.command));
  }

  async function shell(): Promise<number> {
    let lastCode = 0;
    stdout.write(
      `simulated: no container runs here; echo, hostname, env, sleep and exit are played${newline}`,
    );
    for (;;) {
      if (options.tty) stdout.write('/ # ');
      const line = await lines.next();
      if (line === undefined) return lastCode;
      const argv = line.trim().split(/\s+/);
      if (argv[0] === '') continue;
      lastCode = await show(play(['sh', '-c', line], environment) ?? unknown(argv));
      if (argv[0] === 'exit') return lastCode;
    }
  }

  async function show(run: Run): Promise<number> {
    for (const { stream, text } of run.output) {
      const target = stream === 'stderr' ? (stderr ?? stdout) : stdout;
      target.write(`${text}${newline}`);
    }
    if (run.lastsMs === undefined) return aborted.promise;
    if (run.lastsMs > 0) await sleep(clock, run.lastsMs, signal);
    return run.exitCode;
  }
}

function unknown(argv: readonly string[]): Run {
  const text = `simulated: "${argv.join(' ')}" does not run here`;
  return { output: [{ stream: 'stderr', text }], lastsMs: 0, exitCode: 0 };
}

/** Lines of standard input; with a terminal, typed characters are echoed and Backspace, ^C and ^D mean what they do. */
class InputLines {
  readonly #echo: ((text: string) => void) | undefined;
  readonly #decoder = new StringDecoder('utf8');
  readonly #lines: string[] = [];
  #line = '';
  #ended = false;
  #changed = deferred();

  constructor(echo: ((text: string) => void) | undefined) {
    this.#echo = echo;
  }

  writable(): Writable {
    return new Writable({
      write: (chunk: Buffer, _, done) => {
        for (const character of this.#decoder.write(chunk)) this.#take(character);
        done();
      },
      final: (done) => {
        if (this.#line !== '') this.#finishLine();
        this.end();
        done();
      },
    });
  }

  end(): void {
    this.#ended = true;
    this.#changed.resolve();
  }

  /** Undefined at the end of input. */
  async next(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#ended) {
      this.#changed = deferred();
      await this.#changed.promise;
    }
    return this.#lines.shift();
  }

  #take(character: string): void {
    if (character === '\r' || character === '\n') {
      this.#echo?.('\r\n');
      this.#finishLine();
    } else if (this.#echo !== undefined && (character === '\x7f' || character === '\b')) {
      if (this.#line !== '') this.#echo('\b \b');
      this.#line = this.#line.slice(0, -1);
    } else if (this.#echo !== undefined && character === '\x03') {
      this.#echo('^C\r\n');
      this.#line = '';
      this.#finishLine();
    } else if (this.#echo !== undefined && character === '\x04') {
      if (this.#line === '') this.end();
    } else {
      this.#echo?.(character);
      this.#line += character;
    }
  }

  #finishLine(): void {
    this.#lines.push(this.#line);
    this.#line = '';
    this.#changed.resolve();
  }
}
