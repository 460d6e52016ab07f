import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, test, describe } from 'vitest';
import Docker from 'dockerode';
import { eventually, logText, readAll } from '../expectations/runtime.ts';
import { untilStopped, withDocker } from './runtime-scene.ts';

await withDocker('streams of Docker', (scene) => {
  const { runtime, signal } = scene;
  const docker = new Docker({ socketPath: '/var/run/docker.sock' });

  describe('exec', () => {
    test('tells output and error apart, and the exit code', async () => {
      const { containerId } = await scene.pod();
      const command = ['sh', '-c', 'echo to-out; echo to-err >&2; exit 42'];
      const process = await runtime.exec(containerId, { command, tty: false, stdin: false }, signal);
      const [stdout, stderr] = await Promise.all([readAll(process.stdout), readAll(process.stderr as never)]);
      expect([stdout, stderr, await process.exitCode]).toEqual(['to-out\n', 'to-err\n', 42]);
    });

    test('ends standard input without losing what is still to come', async () => {
      const { containerId } = await scene.pod();
      const options = {
        command: ['sh', '-c', 'cat; sleep 0.2; echo after the end'],
        tty: false,
        stdin: true,
      };
      const process = await runtime.exec(containerId, options, signal);
      process.stdin?.write('one\n');
      process.stdin?.end('two\n');
      expect(await readAll(process.stdout)).toBe('one\ntwo\nafter the end\n');
      expect(await process.exitCode).toBe(0);
    });

    test('carries every byte both ways', async () => {
      const { containerId } = await scene.pod();
      const sent = Buffer.alloc(8 << 20, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
      const process = await runtime.exec(containerId, { command: ['cat'], tty: false, stdin: true }, signal);
      process.stdin?.end(sent);
      const hash = createHash('sha256');
      for await (const chunk of process.stdout) hash.update(chunk as Buffer);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
      expect(await process.exitCode).toBe(0);
    });

    test('holds a process back that nobody reads', async () => {
      const { containerId } = await scene.pod();
      const options = {
        command: ['sh', '-c', 'yes | head -c 50000000; echo finished >&2'],
        tty: false,
        stdin: false,
      };
      const process = await runtime.exec(containerId, options, signal);
      let errors = '';
      process.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      const before = (await scene.shell(containerId, 'true')).exitCode;
      expect([before, errors]).toEqual([0, '']);
      expect(process.stdout.readableLength).toBeLessThan(1 << 20);
      let bytes = 0;
      for await (const chunk of process.stdout) bytes += (chunk as Buffer).length;
      expect([bytes, await process.exitCode, errors]).toEqual([50_000_000, 0, 'finished\n']);
    });

    test('gives a terminal its size, asked for before and after it runs', async () => {
      const { containerId } = await scene.pod();
      const process = await runtime.exec(containerId, { command: ['sh'], tty: true, stdin: true }, signal);
      process.resize(91, 31);
      let output = '';
      process.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await eventually(async () => {
        process.stdin?.write('stty size\r');
        expect(output).toContain('31 91\r\n');
      });
      process.resize(120, 40);
      await eventually(async () => {
        process.stdin?.write('stty size\r');
        expect(output).toContain('40 120\r\n');
      });
      process.stdin?.write('exit 3\r');
      expect(await process.exitCode).toBe(3);
    });

    test.each([true, false])('kills what it ran when the client goes away (terminal: %s)', async (tty) => {
      const { containerId } = await scene.pod();
      const client = new AbortController();
      const command = ['sh', '-c', 'echo up; sleep 4321; echo survived'];
      const process = await runtime.exec(containerId, { command, tty, stdin: false }, client.signal);
      await new Promise((resolve) => process.stdout.once('data', resolve));
      expect((await scene.shell(containerId, 'ps')).output).toContain('sleep 4321');
      client.abort(new Error('gone'));
      await expect(process.exitCode).rejects.toThrow('gone');
      await eventually(async () => {
        const { output } = await scene.shell(containerId, 'ps');
        expect(output).not.toContain('sleep 4321');
        expect(output).toContain('while true');
      });
    });

    test('says so when the program is not in the image', async () => {
      const { containerId } = await scene.pod();
      const process = await runtime.exec(
        containerId,
        { command: ['nowhere'], tty: false, stdin: false },
        signal,
      );
      expect(await readAll(process.stdout)).toMatch(/"nowhere": executable file not found/);
      expect([126, 127]).toContain(await process.exitCode);
    });

    test('of 20 at once each gets its own output', async () => {
      const { containerId } = await scene.pod();
      const outputs = await Promise.all(
        Array.from({ length: 20 }, (_, index) => scene.shell(containerId, `echo ${index}; exit ${index}`)),
      );
      expect(outputs.map(({ output, exitCode }) => [output, exitCode])).toEqual(
        Array.from({ length: 20 }, (_, index) => [`${index}\n`, index]),
      );
    });
  });

  describe('attach', () => {
    test('talks to the main process and tells its exit code', async () => {
      const { containerId } = await scene.pod(['sh', '-c', 'read line; echo "got $line"; exit 6'], {
        stdin: true,
        stdinOnce: true,
      });
      const process = await runtime.attach(containerId, { tty: false, stdin: true }, signal);
      process.stdin?.write('a word\n');
      expect(await readAll(process.stdout)).toBe('got a word\n');
      expect(await process.exitCode).toBe(6);
    });

    test('leaves the process running when the client goes away', async () => {
      const { containerId } = await scene.pod(untilStopped, { stdin: true, tty: true });
      const client = new AbortController();
      const process = await runtime.attach(containerId, { tty: true, stdin: true }, client.signal);
      process.resize(80, 24);
      client.abort(new Error('gone'));
      await expect(process.exitCode).rejects.toThrow('gone');
      expect(await scene.status(containerId)).toMatchObject({ state: 'running' });
    });
  });

  describe('a log', () => {
    test('has what went to both streams and follows until the container ends', async () => {
      const { containerId } = await scene.pod(['sh', '-c', 'echo one; echo two >&2; sleep 0.3; echo three']);
      const all = { follow: true, tailLines: undefined, sinceMs: undefined, timestamps: false };
      const text = await logText(runtime, containerId, signal, all);
      // Docker reads the two streams apart from each other.
      expect(text.split('\n').toSorted()).toEqual(['', 'one', 'three', 'two']);
    });

    test('dates a line once, however long it is', async () => {
      const { containerId } = await scene.pod([
        'sh',
        '-c',
        'head -c 100000 /dev/zero | tr "\\0" x; echo; echo next',
      ]);
      await scene.exited(containerId);
      const text = await logText(runtime, containerId, signal, { timestamps: true });
      const date = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z`;
      expect(text).toMatch(new RegExp(`^${date} x{100000}\n${date} next\n$`));
    });

    test('of a container with a terminal comes as it is', async () => {
      const { containerId } = await scene.pod(['sh', '-c', 'echo out; echo err >&2'], { tty: true });
      await scene.exited(containerId);
      expect(await logText(runtime, containerId, signal)).toBe('out\r\nerr\r\n');
    });

    test('can be read from a moment on', async () => {
      const { containerId } = await scene.pod(['sh', '-c', 'echo early; sleep 1.2; echo late']);
      const { startedAtMs } = await scene.exited(containerId);
      const sinceMs = (startedAtMs ?? 0) + 600;
      expect(await logText(runtime, containerId, signal, { sinceMs })).toBe('late\n');
    });

    test('can be read of one stream alone', async () => {
      const { containerId } = await scene.pod(['sh', '-c', 'echo out; echo err >&2']);
      await scene.exited(containerId);
      expect(await logText(runtime, containerId, signal, { stream: 'stdout' })).toBe('out\n');
      expect(await logText(runtime, containerId, signal, { stream: 'stderr' })).toBe('err\n');
    });

    test('that nobody reads on does not fill memory', async () => {
      const { containerId } = await scene.pod([
        'sh',
        '-c',
        'head -c 8000000 /dev/zero | tr "\\0" x; echo done',
      ]);
      await scene.exited(containerId);
      const all = { follow: false, tailLines: undefined, sinceMs: undefined, timestamps: false };
      let first = 0;
      for await (const data of runtime.logs(containerId, all, signal)) {
        first = data.length;
        break;
      }
      expect(first).toBeGreaterThan(0);
      let bytes = 0;
      for await (const data of runtime.logs(containerId, all, signal)) bytes += data.length;
      expect(bytes).toBe(8_000_005);
    });
  });

  describe('dial', () => {
    test.each([
      ['on every address', '0.0.0.0'],
      ['on the loopback of the Pod only', '127.0.0.1'],
    ])('reaches a program that listens %s', async (_, address) => {
      const { sandbox } = await scene.pod(['httpd', '-f', '-p', `${address}:8080`, '-h', '/etc']);
      const answer = await eventually(async () => {
        const connection = await runtime.dial(sandbox.id, 8080, signal);
        connection.end('GET /group HTTP/1.0\r\n\r\n');
        return readAll(connection);
      });
      expect(answer).toContain('root:x:0:');
    });

    test('keeps reading after its own end', async () => {
      const { sandbox } = await scene.pod();
      const { State } = await docker.getContainer(sandbox.id).inspect();
      const program = `
        const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
          let received = '';
          socket.on('data', (chunk) => (received += chunk));
          socket.on('end', () => socket.end(received.toUpperCase()));
        });
        server.listen(9000, '127.0.0.1', () => console.log('listening'));
      `;
      const server = spawn('nsenter', ['-t', String(State.Pid), '-n', process.execPath, '-e', program]);
      await once(server.stdout, 'data');
      const connection = await runtime.dial(sandbox.id, 9000, signal);
      connection.write('hello ');
      connection.end('there');
      expect(await readAll(connection)).toBe('HELLO THERE');
      server.kill('SIGKILL');
    });

    test('to a port where nobody listens tells every way that was tried', async () => {
      const { sandbox } = await scene.pod();
      await expect(runtime.dial(sandbox.id, 9, signal)).rejects.toMatchObject({
        reason: 'unavailable',
        message: expect.stringMatching(/port 9 .*172\.\S+:9.*127\.0\.0\.1:9.*::1:9/) as string,
      });
    });
  });

  test("statistics agree with Docker's own", async () => {
    const { containerId } = await scene.pod([
      'sh',
      '-c',
      'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 1000',
    ]);
    await eventually(async () => {
      const [ours] = await runtime.stats([containerId], signal);
      const theirs = await docker.getContainer(containerId).stats({ stream: false, 'one-shot': true });
      expect(ours?.cpuTotalNanoseconds).toBeGreaterThan(20_000_000);
      expect((ours?.cpuTotalNanoseconds ?? 0) / theirs.cpu_stats.cpu_usage.total_usage).toBeCloseTo(1, 1);
      const inactive =
        theirs.memory_stats.stats.total_inactive_file ?? theirs.memory_stats.stats.inactive_file;
      expect((ours?.memoryWorkingSetBytes ?? 0) / (theirs.memory_stats.usage - inactive)).toBeCloseTo(1, 0);
    });
  });

  test('an agent leaves no process behind that a client ran', async () => {
    const { containerId } = await scene.pod();
    const client = new AbortController();
    const process = await runtime.exec(
      containerId,
      { command: ['sleep', '8765'], tty: false, stdin: false },
      client.signal,
    );
    client.abort(new Error('at once'));
    await expect(process.exitCode).rejects.toThrow('at once');
    await eventually(async () =>
      expect((await scene.shell(containerId, 'ps')).output).not.toContain('sleep 8765'),
    );
  });
});
