import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../core/machinery/clock.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';

/** What a webhook was asked, and where. */
export interface Asked {
  readonly path: string;
  readonly apiVersion: string;
  readonly request: {
    readonly uid: string;
    readonly name: string;
    readonly operation: string;
    readonly object: { readonly metadata?: Readonly<Record<string, unknown>> } & Readonly<
      Record<string, unknown>
    >;
  } & Readonly<Record<string, unknown>>;
}

/** Members of the response; a function answers by itself. */
export type Answer = Readonly<Record<string, unknown>> | ((response: ServerResponse, asked: Asked) => void);

/** A user's own server of webhooks, on loopback. What it answers is set by path; it allows what nothing was set for. */
export interface WebhookServer extends AsyncDisposable {
  readonly port: number;
  /** In base64, as configurations have it. */
  readonly caBundle: string;
  readonly asked: Asked[];
  answer(path: string, answer: Answer | ((asked: Asked) => Answer)): void;
  url(path: string): string;
}

export async function createWebhookServer(names: readonly string[] = []): Promise<WebhookServer> {
  const ca = await makePair({ name: 'webhook-ca', subject: 'CN=webhook-ca', use: 'ca' }, systemClock);
  const pair = await makePair(
    { name: 'webhook', subject: 'CN=webhook', use: 'server', addresses: ['127.0.0.1', ...names], signer: ca },
    systemClock,
  );
  const answers = new Map<string, (asked: Asked) => Answer>();
  const asked: Asked[] = [];
  const server = createServer({ key: pair.key, cert: pair.cert }, (message, response) => {
    void read(message).then((text) => {
      const path = (message.url ?? '').split('?')[0] ?? '';
      const review = { path, ...(JSON.parse(text) as Omit<Asked, 'path'>) };
      asked.push(review);
      const answer = answers.get(path)?.(review) ?? { allowed: true };
      if (typeof answer === 'function') answer(response, review);
      else respond(response, review, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    caBundle: Buffer.from(ca.cert).toString('base64'),
    asked,
    answer(path, answer) {
      // A function of one argument makes answers, one of two is an answer.
      const make = typeof answer === 'function' && answer.length < 2;
      answers.set(path, make ? (answer as (asked: Asked) => Answer) : () => answer as Answer);
    },
    url: (path) => `https://127.0.0.1:${port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export function respond(response: ServerResponse, { apiVersion, request }: Asked, members: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({ apiVersion, kind: 'AdmissionReview', response: { uid: request.uid, ...members } }),
  );
}

/** As webhooks write patches. */
export function patch(...operations: object[]): Readonly<Record<string, unknown>> {
  const text = Buffer.from(JSON.stringify(operations)).toString('base64');
  return { allowed: true, patchType: 'JSONPatch', patch: text };
}

async function read(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
