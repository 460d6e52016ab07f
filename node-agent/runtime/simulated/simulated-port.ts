import { Duplex } from 'node:stream';

/**
 * A port of a simulated Pod: takes a request and answers over HTTP that it is simulated, so that probes over TCP and
 * HTTP succeed and a person who forwards the port reads what it is.
 */
export function simulatedPort(pod: string, port: number): Duplex {
  const body = `simulated: no container runs behind port ${port} of Pod ${pod}\n`;
  const head = ['HTTP/1.1 200 OK', 'Content-Type: text/plain', `Content-Length: ${Buffer.byteLength(body)}`];
  let request = '';
  let answered = false;
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      request = (request + chunk.toString('latin1')).slice(-4_096);
      if (request.includes('\r\n\r\n')) answer();
      done();
    },
    final(done) {
      if (!answered) stream.push(null);
      done();
    },
  });
  return stream;

  function answer(): void {
    if (answered) return;
    answered = true;
    stream.push(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`);
    stream.push(null);
  }
}
