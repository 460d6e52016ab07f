import type { Scheme } from '../../api/scheme.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { InformerFactory } from '../../client/informer-factory.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { Random } from '../../machinery/random.ts';
import type { RemoteKinds } from './remote-kinds.ts';

/** What every controller is given. */
export interface ControllerDependencies {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly random: Random;
  /** The kinds that are served, for controllers that deal with all of them. */
  readonly scheme: Scheme;
  /** What is served besides, by others; nothing unless given. */
  readonly remoteKinds?: RemoteKinds | undefined;
  /** A recorder that signs as the component, such as "deployment-controller". */
  readonly eventsOf: (component: string) => EventRecorder;
  readonly onError?: ((error: unknown, doing: string) => void) | undefined;
}
