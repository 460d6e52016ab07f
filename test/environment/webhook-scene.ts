import { expect } from 'vitest';
import { expectEventually } from '../expectations/eventually.ts';
import { createRestApi } from './rest.ts';
import type { RestApi } from './rest.ts';
import { createWebhookServer } from './webhook-server.ts';
import type { Answer, Asked, WebhookServer } from './webhook-server.ts';

const registration = '/apis/admissionregistration.k8s.io/v1';
export const configMaps = '/api/v1/namespaces/default/configmaps';
export const onConfigMaps = {
  operations: ['*'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
};

/** A whole API over REST, and a server of webhooks that it asks. */
export class WebhookScene implements AsyncDisposable {
  readonly rest: RestApi;
  readonly server: WebhookServer;
  /** Paths of what goes after the test. */
  readonly made: string[] = [];
  #count = 0;

  private constructor(rest: RestApi, server: WebhookServer) {
    this.rest = rest;
    this.server = server;
  }

  static async create(): Promise<WebhookScene> {
    return new WebhookScene(
      await createRestApi({ rbac: true }),
      await createWebhookServer(['hooks.default.svc']),
    );
  }

  /** Forgets what a test made and asked. */
  async clear(): Promise<void> {
    for (const path of this.made.splice(0)) await this.rest.send('DELETE', path);
    // What a webhook does wrong is a 500 here as it is upstream, and no failure of the server.
    this.rest.errors.length = 0;
    this.server.asked.length = 0;
  }

  /** A webhook of the test's server: of ConfigMaps, unless told otherwise. */
  hook(name: string, answer: Answer | ((asked: Asked) => Answer), more: object = {}) {
    this.server.answer(`/${name}`, answer);
    return {
      name: `${name}.example.com`,
      clientConfig: { url: this.server.url(`/${name}`), caBundle: this.server.caBundle },
      rules: [onConfigMaps],
      // Not the probes by which the test learns that the server goes by a configuration.
      objectSelector: { matchExpressions: [{ key: 'marker', operator: 'DoesNotExist' }] },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...more,
    };
  }

  /** Creates a configuration, and waits until the server goes by it. */
  async configure(kind: 'Mutating' | 'Validating', ...webhooks: object[]): Promise<void> {
    const name = `test-${++this.#count}`;
    const plural = `${kind.toLowerCase()}webhookconfigurations`;
    const marker = this.hook(
      `marker-${this.#count}`,
      { allowed: true },
      { objectSelector: { matchLabels: { marker: name } } },
    );
    await this.create(`${registration}/${plural}`, { metadata: { name }, webhooks: [marker, ...webhooks] });
    this.made.push(`${registration}/${plural}/${name}`);
    const probe = { metadata: { generateName: 'probe-', labels: { marker: name } } };
    await expectEventually(this.rest.api.clock, async () => {
      await this.rest.send('POST', `${configMaps}?dryRun=All`, { body: JSON.stringify(probe) });
      expect(this.server.asked.some(({ path }) => path === `/marker-${this.#count}`)).toBe(true);
    });
    this.server.asked.length = 0;
  }

  async send(method: string, path: string, body?: object, contentType?: string) {
    const answer = await this.rest.send(method, path, {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      contentType,
    });
    return { ...answer.json(), code: answer.code, warning: answer.headers['warning'] };
  }

  /** That a webhook's mistake fails a creation, and nothing else: a 500 that says all this, and a server that lives. */
  async expectFailed(name: string, ...says: readonly string[]): Promise<void> {
    const refused = await this.send('POST', configMaps, this.configMap(name));
    expect(refused).toMatchObject({ code: 500, reason: 'InternalError' });
    for (const text of says) expect(refused.message).toContain(text);
    expect((await this.rest.send('GET', '/livez')).code).toBe(200);
  }

  async create(path: string, body: object) {
    const answer = await this.send('POST', path, body);
    expect(answer).toMatchObject({ code: 201 });
    return answer;
  }

  configMap(name: string, more: object = {}) {
    this.made.push(`${configMaps}/${name}`);
    return { metadata: { name }, ...more };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rest[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
