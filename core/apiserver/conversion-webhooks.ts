import type { Lookup } from '../admission/lookup.ts';
import { WebhookClient } from '../admission/webhooks/client.ts';
import { endpointResolver } from '../admission/webhooks/endpoint.ts';
import type { CallWebhook } from '../apiextensions/conversion.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Random } from '../machinery/random.ts';

/** How core reaches the users' servers that convert custom resources: as it reaches those of admission. */
export class ConversionWebhooks {
  readonly call: CallWebhook;
  readonly #client: WebhookClient;

  constructor(lookup: Lookup, clock: Clock, random: Random) {
    const client = new WebhookClient(clock);
    const resolve = endpointResolver(lookup, random);
    this.#client = client;
    this.call = async (config, body, timeoutSeconds, signal) =>
      client.post({ endpoint: await resolve(config, signal), body, timeoutSeconds, signal });
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#client.close();
  }
}
