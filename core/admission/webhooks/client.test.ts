import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../machinery/clock.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { createWebhookServer } from '../../../test/environment/webhook-server.ts';
import type { WebhookServer } from '../../../test/environment/webhook-server.ts';
import { WebhookClient } from './client.ts';
import type { DialService } from './endpoint.ts';

const review = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: '1' } });

describe('the client of webhooks', () => {
  let server: WebhookServer;
  let dialled: Socket[];
  let client: WebhookClient;
  const dial: DialService = async () => {
    const socket = connect(server.port, '127.0.0.1');
    dialled.push(socket);
    return socket;
  };

  beforeEach(async () => {
    server = await createWebhookServer(['hooks.default.svc']);
    dialled = [];
    client = new WebhookClient(systemClock, dial);
  });
  afterEach(async () => {
    client.close();
    await server[Symbol.asyncDispose]();
  });

  function post(name = 'hooks', of = client): Promise<Buffer> {
    return of.post({
      endpoint: {
        url: new URL(`https://${name}.default.svc:8443/served`),
        service: { namespace: 'default', name, port: 8443 },
        ca: Buffer.from(server.caBundle, 'base64').toString(),
      },
      body: review,
      timeoutSeconds: 10,
      signal: undefined,
    });
  }

  test('believes a server by the name of its Service, wherever it is', async () => {
    expect(JSON.parse((await post()).toString())).toMatchObject({ response: { uid: '1' } });
    await expect(post('other')).rejects.toThrow(/failed to call webhook: Post .*other\.default\.svc/);
  });

  test('asks over the connection that it has', async () => {
    for (let asked = 0; asked < 5; asked++) await post();
    expect(dialled).toHaveLength(1);
    expect(server.asked).toHaveLength(5);
  });

  test('takes a new connection where the one it kept was cut', async () => {
    await post();
    const [kept] = dialled;
    kept?.resetAndDestroy();
    await post();
    expect(dialled).toHaveLength(2);
  });

  test('gives up on a server behind a connection that never answers', async () => {
    const clock = new SteppedClock();
    const waiting = new WebhookClient(clock, dial);
    const asked = new Promise<void>((resolve) => server.answer('/served', (_response, _asked) => resolve()));
    const refused = expect(post('hooks', waiting)).rejects.toThrow('context deadline exceeded');
    await asked;
    await clock.advanceAsync(10_000);
    await refused;
    waiting.close();
  });

  test.each<[string, (response: ServerResponse) => void, string]>([
    [
      'is endless',
      (response) => response.end(Buffer.alloc(50 * 1024 * 1024, 0x20)),
      'the response is larger than',
    ],
    [
      'leads elsewhere',
      (response) => response.writeHead(307, { location: 'https://127.0.0.1:1/' }).end(),
      'redirects are not followed (307 to "https://127.0.0.1:1/")',
    ],
    ['is cut off', (response) => response.destroy(), 'EOF'],
  ])('refuses an answer that %s', async (_what, answer, why) => {
    server.answer('/served', (response, _asked) => answer(response));
    await expect(post()).rejects.toThrow(why);
    server.answer('/served', { allowed: true });
    await post();
  });

  test('gives up on a connection that never comes about', async () => {
    const clock = new SteppedClock();
    const stuck = new WebhookClient(clock, () => new Promise(() => undefined));
    const refused = expect(post('hooks', stuck)).rejects.toThrow(
      'failed to call webhook: Post "https://hooks.default.svc:8443/served?timeout=10s": context deadline exceeded',
    );
    await clock.advanceAsync(10_000);
    await refused;
    stuck.close();
  });
});
