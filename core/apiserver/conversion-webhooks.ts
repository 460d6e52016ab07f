import { WebhookClient } from '../admission/webhooks/client.ts';
import { endpointOf } from '../admission/webhooks/endpoint.ts';
import type { DialService } from '../admission/webhooks/endpoint.ts';
import type { CallWebhook } from '../apiextensions/conversion.ts';
import type { Clock } from '../machinery/clock.ts';

/** How core reaches the users' servers that convert custom resources: as it reaches those of admission. */
export class ConversionWebhooks {
  readonly call: CallWebhook;
  readonly #client: WebhookClient;

  constructor(clock: Clock, dial: DialService) {
    const client = new WebhookClient(clock, dial);
    this.#client = client;
    this.call = async (config, body, timeoutSeconds, signal) =>
      client.post({ endpoint: endpointOf(config), body, timeoutSeconds, signal });
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#client.close();
  }
}
