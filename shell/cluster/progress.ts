/** Tells people what takes time. On a terminal the step that runs is one moving line; elsewhere each step is a line. */
export interface Progress {
  /** Runs a step under a title; the title's line ends with how long it took, or with the failure. */
  step<T>(title: string, work: (update: (detail: string) => void) => Promise<T>): Promise<T>;
  say(text: string): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
/** Steps quicker than this show no time. */
const worthTimingMs = 500;

export function createProgress(output: NodeJS.WriteStream): Progress {
  const live = output.isTTY && process.env['TERM'] !== 'dumb';
  const write = (text: string) => output.write(text);

  return {
    say: (text) => write(`${text}\n`),
    async step(title, work) {
      const startedMs = performance.now();
      let detail = '';
      let frame = 0;
      const draw = () => {
        const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
        const line = `${frames[frame++ % frames.length]} ${title}${detail === '' ? '' : `: ${detail}`} (${seconds} s)`;
        write(`\r\u001B[2K${line.slice(0, Math.max(20, (output.columns || 80) - 1))}`);
      };
      const timer = live ? setInterval(draw, frameMs) : undefined;
      const finish = (mark: string) => {
        clearInterval(timer);
        const tookMs = performance.now() - startedMs;
        const took = tookMs < worthTimingMs ? '' : ` (${(tookMs / 1000).toFixed(1)} s)`;
        write(`${live ? '\r\u001B[2K' : ''}${mark} ${title}${detail === '' ? '' : `: ${detail}`}${took}\n`);
      };
      try {
        const result = await work((text) => {
          detail = text;
        });
        finish('✓');
        return result;
      } catch (error) {
        finish('✗');
        throw error;
      }
    },
  };
}
