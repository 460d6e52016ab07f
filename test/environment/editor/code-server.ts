import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runProgram } from '../../../shell/cluster/host.ts';
import type { EditorPrograms } from './install.ts';

export interface CodeServerOptions {
  /** For settings, extensions and logs; made when it is missing. */
  readonly directory: string;
  readonly vsix: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Folders must be trusted before the cluster is reached; otherwise every folder is. */
  readonly workspaceTrust?: boolean;
}

const startTimeoutMs = 60_000;
const stopGraceMs = 5_000;

/** Quiet, the same on every machine, and with a terminal that is text in the page. */
const baseSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.colorTheme': 'Default Dark Modern',
  'terminal.integrated.gpuAcceleration': 'off',
  'window.menuBarVisibility': 'compact',
  'editor.minimap.enabled': false,
  // What a test types is what is there.
  '[yaml]': { 'editor.autoIndent': 'none' },
  'editor.autoIndent': 'none',
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'files.autoSave': 'off',
  'git.enabled': false,
  'extensions.ignoreRecommendations': true,
  'explorer.confirmDelete': false,
  'security.workspace.trust.startupPrompt': 'never',
  'remote.autoForwardPorts': false,
  // Otherwise the process that runs extensions looks for open ports every two seconds, with programs of its own.
  'remote.autoForwardPortsSource': 'output',
  'telemetry.telemetryLevel': 'off',
};

/** A real VS Code with a real extension host, served to a browser on loopback. */
export class CodeServer {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Installs the packed extension and starts the server on a free port. */
  static async start(programs: EditorPrograms, options: CodeServerOptions): Promise<CodeServer> {
    const { directory, vsix, settings = {}, workspaceTrust = false } = options;
    const data = join(directory, 'data');
    mkdirSync(join(data, 'User'), { recursive: true });
    const all = { ...baseSettings, ...settings };
    writeFileSync(join(data, 'User/settings.json'), JSON.stringify(all, undefined, 2));
    const places = ['--user-data-dir', data, '--extensions-dir', join(directory, 'extensions')];
    const env = {
      ...options.env,
      // Set where the tests run inside an editor's terminal, whose window would answer instead.
      VSCODE_IPC_HOOK_CLI: '',
      XDG_CONFIG_HOME: join(directory, 'config'),
    };
    const install = [programs.codeServer, ...places, '--install-extension', vsix];
    await runProgram(process.execPath, install, { env, timeoutMs: startTimeoutMs });
    const child = spawn(
      process.execPath,
      [
        programs.codeServer,
        ...places,
        '--bind-addr',
        '127.0.0.1:0',
        '--auth',
        'none',
        '--disable-telemetry',
        '--disable-update-check',
        '--disable-getting-started-override',
        ...(workspaceTrust ? [] : ['--disable-workspace-trust']),
      ],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const log = createWriteStream(join(directory, 'code-server.log'));
    child.stderr.pipe(log);
    const url = await listening(child);
    return new CodeServer(url, child);
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('code-server does not run');
    return this.#process.pid;
  }

  /** Resolves when it has ended, with its extension hosts. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), stopGraceMs);
    await ended;
    clearTimeout(timer);
  }
}

/** The address it prints; "localhost", because the editor's cookies want a name. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const printed: string[] = [];
    const fail = (why: string) =>
      reject(new Error(`code-server ${why}; it printed:\n${printed.slice(-20).join('\n')}`));
    const timer = setTimeout(() => fail('did not start in time'), startTimeoutMs);
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    if (child.stdout === null) return fail('has no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed.push(line);
      if (printed.length > 100) printed.shift();
      const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(`http://localhost:${port}/`);
    });
  });
}
