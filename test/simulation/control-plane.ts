import type { Pod } from '../../core/api/generated/core-v1.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { Resource } from '../../core/api/resource.ts';
import type { Client } from '../../core/client/client.ts';
import { QueuedEventRecorder } from '../../core/client/events.ts';
import { createInformerFactory, type InformerFactory } from '../../core/client/informer-factory.ts';
import { createControllers, type ControllerSettings } from '../../core/controllers/controllers.ts';
import { Manager, type Runnable } from '../../core/controllers/runtime/manager.ts';
import { seededRandom } from '../../core/machinery/random.ts';
import type { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { Scheduler } from '../../core/scheduler/scheduler.ts';
import { createTestApi, type TestApi } from '../environment/api.ts';
import { SimulatedKubelets, type SimulatedKubeletsOptions } from './kubelet.ts';

export interface ControlPlaneOptions {
  readonly seed?: number;
  /** How many nodes there are from the start; 3 unless given. */
  readonly nodes?: number;
  readonly kubelets?: Pick<SimulatedKubeletsOptions, 'startMs' | 'stopMs' | 'isBroken'>;
  readonly settings?: ControllerSettings;
  /** What controllers and scheduler see of the API: the place for faults. */
  readonly wrapClient?: (client: Client) => Client;
}

/** Controllers and scheduler of one process, which may be stopped and started anew over the same API. */
interface Managers {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  readonly scheduler: Scheduler;
}

/** A whole control plane in process under a stepped clock: the real API, controllers and scheduler; simulated agents. */
export class ControlPlane implements AsyncDisposable {
  readonly testApi: TestApi;
  /** Without the faults. */
  readonly client: Client;
  readonly clock: SteppedClock;
  readonly kubelets: SimulatedKubelets;
  readonly nodeNames: readonly string[];
  /** What went wrong and was retried. */
  readonly errors: string[] = [];
  readonly #options: ControlPlaneOptions;
  readonly #agents = new AbortController();
  #agentsEnded: Promise<void> = Promise.resolve();
  #managers: Managers | undefined;
  #starts = 0;

  private constructor(testApi: TestApi, options: ControlPlaneOptions) {
    this.testApi = testApi;
    this.client = testApi.client;
    this.clock = testApi.clock;
    this.nodeNames = Array.from({ length: options.nodes ?? 3 }, (_, i) => `node-${i}`);
    this.#options = options;
    const informers = this.#informers(testApi.client);
    this.kubelets = new SimulatedKubelets({
      client: testApi.client,
      informers,
      clock: this.clock,
      ...options.kubelets,
    });
    this.#agentsEnded = new Manager(informers, [this.kubelets]).run(this.#agents.signal);
  }

  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const { seed = 1 } = options;
    const testApi = await createTestApi({ seed, controlled: true });
    const plane = new ControlPlane(testApi, options);
    for (const name of plane.nodeNames) await plane.kubelets.addNode(name);
    plane.startManagers();
    return plane;
  }

  get scheduler(): Scheduler {
    if (this.#managers === undefined) throw new Error('No scheduler runs: start the managers first');
    return this.#managers.scheduler;
  }

  startManagers(): void {
    if (this.#managers !== undefined) throw new Error('Controllers and scheduler run already');
    const client = this.#options.wrapClient?.(this.client) ?? this.client;
    const informers = this.#informers(client);
    const recorders: QueuedEventRecorder[] = [];
    const eventsOf = (component: string) => {
      const recorder = new QueuedEventRecorder({ client, clock: this.clock, component });
      recorders.push(recorder);
      return recorder;
    };
    const onError = (error: unknown, doing: string) => this.errors.push(`${doing}: ${String(error)}`);
    const { scheme } = this.testApi;
    // Every start draws anew: a restarted process does not repeat its predecessor's choices.
    const random = seededRandom((this.#options.seed ?? 1) * 1000 + this.#starts++);
    const dependencies = { client, informers, clock: this.clock, random, scheme, eventsOf, onError };
    const scheduler = new Scheduler({ ...dependencies, events: eventsOf('default-scheduler') });
    const controllers = createControllers(dependencies, this.#options.settings);
    const writers: Runnable[] = recorders.map((recorder) => ({
      name: 'events',
      run: (signal) => recorder.run(signal),
    }));
    const stop = new AbortController();
    const ended = new Manager(informers, [...controllers, scheduler, ...writers]).run(stop.signal);
    this.#managers = { stop, ended, scheduler };
  }

  async stopManagers(): Promise<void> {
    this.#managers?.stop.abort(new Error('The process ends'));
    await this.#managers?.ended;
    this.#managers = undefined;
  }

  async list<T extends KubernetesObject>(resource: Resource<T>, namespace?: string): Promise<readonly T[]> {
    const { items } = await this.client.list(resource, { namespace });
    return items;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopManagers();
    this.#agents.abort(new Error('The test ends'));
    await this.#agentsEnded;
    await this.testApi.close();
  }

  #informers(client: Client): InformerFactory {
    return createInformerFactory({
      client,
      clock: this.clock,
      random: seededRandom(this.#options.seed ?? 1),
    });
  }
}

export function isReadyPod(pod: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined &&
    pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}
