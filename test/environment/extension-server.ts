import { createServer } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../../core/machinery/clock.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import type { KeyPair } from '../../core/machinery/pki/make-certificate.ts';

/** What it was asked, as it came. */
export interface AskedOfExtension {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface ExtensionServer extends AsyncDisposable {
  readonly port: number;
  /** For an APIService's caBundle. */
  readonly caBundle: string;
  /** Requests for objects; those of the aggregator itself are left out. */
  readonly asked: AskedOfExtension[];
  /** Names of fortunes in namespaces other than "default"; those can be deleted. */
  readonly elsewhere: Map<string, Set<string>>;
  /** Sends an event to whoever watches; resolves when somebody does. */
  announce(event: object): Promise<void>;
  /** Answers everything with this code, until it is undefined again. */
  failing: number | undefined;
}

export const fortunesGroup = 'fortunes.example.com';
const groupVersion = `${fortunesGroup}/v1alpha1`;
const base = `/apis/${groupVersion}`;

const fortune = (name: string, namespace = 'default') => ({
  apiVersion: groupVersion,
  kind: 'Fortune',
  metadata: { name, namespace, uid: `uid-of-${name}`, creationTimestamp: '2030-01-01T00:00:00Z' },
  spec: { text: `the fortune of ${name}` },
});

const listOf = (...items: readonly object[]) => ({
  kind: 'FortuneList',
  apiVersion: groupVersion,
  metadata: { resourceVersion: '7' },
  items,
});

const verbs = ['create', 'delete', 'get', 'list', 'watch'];
const discovery = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: [
    {
      name: 'fortunes',
      singularName: 'fortune',
      namespaced: true,
      kind: 'Fortune',
      verbs,
      shortNames: ['ft'],
    },
    { name: 'fortunes/tell', singularName: '', namespaced: true, kind: 'Fortune', verbs: ['get'] },
  ],
};

const definition = 'com.example.fortunes.v1alpha1.Fortune';
const schema = {
  type: 'object',
  description: 'Fortune is what will be.',
  properties: {
    spec: { type: 'object', properties: { text: { type: 'string', description: 'What will be.' } } },
  },
  'x-kubernetes-group-version-kind': [{ group: fortunesGroup, kind: 'Fortune', version: 'v1alpha1' }],
};

const openApi2 = {
  swagger: '2.0',
  info: { title: 'Fortunes', version: 'v1' },
  paths: {
    [`${base}/fortunes`]: {
      get: { responses: { 200: { schema: { $ref: `#/definitions/${definition}` } } } },
    },
    '/apis/other.example.com/v1/others': { get: {} },
  },
  definitions: { [definition]: schema, 'io.k8s.Other': { type: 'string' } },
};

const openApi3 = {
  openapi: '3.0.0',
  info: openApi2.info,
  paths: {},
  components: { schemas: { [definition]: schema } },
};

/** An API server of a user's: HTTPS that believes the front proxy, discovery, OpenAPI, lists, watches and a stream. */
export async function startExtensionServer(frontProxyCa: KeyPair): Promise<ExtensionServer> {
  const signer = await makePair({ name: 'ca', subject: 'CN=fortunes-ca', use: 'ca' }, systemClock);
  const pair = await makePair(
    { name: 'server', subject: 'CN=fortunes', use: 'server', addresses: ['fortunes.default.svc'], signer },
    systemClock,
  );
  const asked: AskedOfExtension[] = [];
  const watchers = new Set<ServerResponse>();
  let watched = () => {};
  const sockets = new Set<Duplex>();
  const server = createServer({
    ...pair,
    ca: frontProxyCa.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const extension: ExtensionServer = {
    get port() {
      return (server.address() as AddressInfo).port;
    },
    caBundle: signer.cert.toString('base64'),
    asked,
    elsewhere: new Map(),
    failing: undefined,
    async announce(event) {
      while (watchers.size === 0) await new Promise<void>((resolve) => (watched = resolve));
      for (const watcher of watchers) watcher.write(`${JSON.stringify(event)}\n`);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers, rawHeaders } = request;
    let body = '';
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
    const send = (code: number, value: unknown) => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const subject = (request.socket as TLSSocket).getPeerCertificate().subject;
    if (subject.CN !== 'front-proxy-client') return send(401, { kind: 'Status', code: 401 });
    if (extension.failing !== undefined) return send(extension.failing, { kind: 'Status' });
    const { pathname, searchParams } = new URL(url, 'https://extension');
    if (headers['x-remote-user'] !== 'system:kube-aggregator')
      asked.push({ method, url, headers, rawHeaders, body });
    const own = `${base}/namespaces/default/fortunes`;
    if (pathname === base) return send(200, discovery);
    if (pathname === '/openapi/v2') return send(200, openApi2);
    if (pathname === '/openapi/v3')
      return send(200, { paths: { [base.slice(1)]: { serverRelativeURL: `/openapi/v3${base}?hash=A1` } } });
    if (pathname === `/openapi/v3${base}`) return send(200, openApi3);
    if (pathname === `${own}/away`) {
      response.writeHead(302, { location: 'https://elsewhere.example.com/' });
      response.end();
      return;
    }
    if (pathname === `${own}/mute`) return;
    if (method === 'POST') return send(201, JSON.parse(body));
    if (pathname === own || pathname === `${base}/fortunes`) {
      if (searchParams.get('watch') === 'true') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.flushHeaders();
        watchers.add(response);
        response.once('close', () => watchers.delete(response));
        watched();
        return;
      }
      return send(200, listOf(fortune('good'), fortune('bad')));
    }
    const [, namespace = '', name] = /\/namespaces\/([^/]+)\/fortunes(?:\/([^/]+))?$/.exec(pathname) ?? [];
    const there = extension.elsewhere.get(namespace);
    if (there !== undefined && name === undefined && method === 'GET')
      return send(200, listOf(...[...there].map((each) => fortune(each, namespace))));
    if (name !== undefined && there?.delete(name) === true && method === 'DELETE')
      return send(200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
    if (pathname.startsWith(`${own}/`)) return send(200, fortune(pathname.slice(own.length + 1)));
    send(404, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 });
  }

  server.on('request', (request, response) => void answer(request, response));
  // It says back what it is told.
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    asked.push({
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: '',
    });
    if (request.url?.includes('/mute/') === true) return;
    if (request.url?.includes('/bad/') === true) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      return;
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.write(head);
    socket.pipe(socket);
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return extension;
}
