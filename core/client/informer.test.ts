import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gone, StatusError } from '../api/errors.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { seededRandom } from '../machinery/random.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import type { ListOptions, WatchOptions } from '../api/verbs.ts';
import type { Handle, ObjectEvent, ObjectList, Source } from './client.ts';
import { ParsedObject } from './encoded.ts';
import { createInformerFactory, type InformerFactory } from './informer-factory.ts';
import type { Informer } from './informer.ts';

const pods: Resource<KubernetesObject> = {
  group: '',
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  namespaced: true,
};

function pod(name: string, revision: number, uid = `uid-${name}`, owner?: string): KubernetesObject {
  const owners =
    owner === undefined ? undefined : [{ apiVersion: 'v1', kind: 'Owner', name: owner, uid: owner }];
  return {
    metadata: { namespace: 'default', name, uid, resourceVersion: String(revision), ownerReferences: owners },
  };
}

type Event = ObjectEvent<KubernetesObject>;

/** A server whose every answer the test gives by hand; it only records what was asked. */
class ScriptedServer implements Source {
  readonly asked: string[] = [];
  lists: (ObjectList<KubernetesObject> | Error)[] = [];
  #events: (readonly Event[] | Error | 'end')[] = [];
  #wake = () => {};

  async listHandles<T extends KubernetesObject>(
    _resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<ObjectList<Handle<T>>> {
    this.asked.push(`list ${options.resourceVersion ?? 'newest'}`);
    const answer = this.lists.shift() ?? new StatusError('ServiceUnavailable', 'nothing scripted');
    if (answer instanceof Error) throw answer;
    return { ...answer, items: (answer.items as readonly T[]).map((object) => new ParsedObject(object)) };
  }

  async *watchHandles<T extends KubernetesObject>(
    _resource: Resource<T>,
    options: WatchOptions & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly ObjectEvent<Handle<T>>[]> {
    this.asked.push(`watch ${options.resourceVersion}`);
    options.signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!options.signal.aborted) {
      const next = this.#events.shift();
      if (next === 'end') return;
      if (next instanceof Error) throw next;
      if (next !== undefined) yield next.map((event) => handed(event as ObjectEvent<T>));
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  send(...batches: (readonly Event[] | Error | 'end')[]): void {
    this.#events.push(...batches);
    this.#wake();
  }
}

function handed<T extends KubernetesObject>(event: ObjectEvent<T>): ObjectEvent<Handle<T>> {
  return event.type === 'BOOKMARK' ? event : { type: event.type, object: new ParsedObject(event.object) };
}

function list(revision: number, ...items: KubernetesObject[]): ObjectList<KubernetesObject> {
  return { items, resourceVersion: String(revision), continue: undefined, remainingItemCount: undefined };
}

function event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): Event {
  return { type, object };
}

describe('an informer', () => {
  let server: ScriptedServer;
  let clock: SteppedClock;
  let stop: AbortController;
  let running: Promise<void> | undefined;
  let factory: InformerFactory;
  let informer: Informer<KubernetesObject>;
  let seen: string[];
  let errors: string[];

  beforeEach(() => {
    server = new ScriptedServer();
    clock = new SteppedClock();
    stop = new AbortController();
    seen = [];
    errors = [];
    factory = createInformerFactory({
      client: server,
      clock,
      random: seededRandom(1),
      onError: (error, doing) => errors.push(`${doing}: ${(error as Error).message}`),
    });
    informer = factory.informer(pods);
    informer.addHandler(recorder(seen));
    running = undefined;
  });

  afterEach(async () => {
    stop.abort();
    await running;
  });

  const settle = (ms = 0) => clock.advanceAsync(ms);
  const start = async (...lists: ScriptedServer['lists']) => {
    server.lists = lists;
    running = factory.run(stop.signal);
    await settle();
  };

  test('lists, then watches from the revision of the list', async () => {
    await start(list(5, pod('a', 3), pod('b', 4)));
    server.send([event('MODIFIED', pod('a', 6)), event('ADDED', pod('c', 7)), event('DELETED', pod('b', 8))]);
    await settle();
    expect(server.asked).toEqual(['list 0', 'watch 5']);
    expect(seen).toEqual(['+a@3', '+b@4', 'a@3>6', '+c@7', '-b@8']);
    expect(informer.lister.list('default').map((object) => object.metadata.name)).toEqual(['a', 'c']);
  });

  test('resumes a broken watch where it was, bookmarks included', async () => {
    await start(list(5));
    server.send([event('ADDED', pod('a', 6))], new StatusError('ServiceUnavailable', 'the core went away'));
    await settle(200);
    server.send([{ type: 'BOOKMARK', resourceVersion: '50', initialEventsEnd: false }], 'end');
    await settle(200);
    expect(server.asked).toEqual(['list 0', 'watch 5', 'watch 6', 'watch 50']);
    expect(seen).toEqual(['+a@6']);
    expect(errors).toEqual(['watch pods: the core went away']);
  });

  test('reports only the difference after its revision expired', async () => {
    await start(list(5, pod('same', 1), pod('changed', 2), pod('lost', 3), pod('remade', 4, 'first')));
    seen.length = 0;
    server.lists = [
      list(90, pod('same', 1), pod('changed', 80), pod('remade', 85, 'second'), pod('new', 88)),
    ];
    server.send(gone('too old resource version: 5 (60)'));
    await settle(200);
    expect(server.asked).toEqual(['list 0', 'watch 5', 'list 5', 'watch 90']);
    expect(seen).toEqual(['changed@2>80', '-remade@4', '+remade@85', '+new@88', '-lost@3']);
  });

  test('asks the store itself after a list was refused', async () => {
    await start(
      new StatusError('Timeout', 'Too large resource version: 9, current: 5'),
      list(5, pod('a', 5)),
    );
    await settle(200);
    expect(server.asked).toEqual(['list 0', 'list newest', 'watch 5']);
    expect(informer.hasSynced).toBe(true);
  });

  test('waits longer with every failure in a row', async () => {
    await start();
    for (const waitMs of [150, 300, 600]) {
      const before = server.asked.length;
      await settle(waitMs);
      expect(server.asked.length).toBe(before + 1);
    }
    expect(informer.hasSynced).toBe(false);
  });

  test('does not spin when the server ends every watch at once', async () => {
    await start(list(5));
    server.send(...Array.from({ length: 50 }, () => 'end' as const));
    await settle(1_000);
    expect(server.asked.length).toBeLessThan(8);
  });

  test('tells a late handler what is known, and keeps going when another one throws', async () => {
    informer.addHandler({
      onAdd: () => {
        throw new Error('a handler broke');
      },
    });
    await start(list(5, pod('a', 3)));
    const late: string[] = [];
    const remove = informer.addHandler(recorder(late));
    server.send([event('ADDED', pod('b', 6))]);
    await settle();
    remove();
    server.send([event('ADDED', pod('c', 7))]);
    await settle();
    expect(seen).toEqual(['+a@3', '+b@6', '+c@7']);
    expect(late).toEqual(['+a@3', '+b@6']);
    expect(errors[0]).toBe('handle a change of pods: a handler broke');
  });

  test('finds objects by owner and by indexes of its users, as they change', async () => {
    await start(list(5, pod('a', 3, 'a', 'set-1'), pod('b', 4, 'b', 'set-2')));
    const byInitial = informer.index('initial', (object) => [object.metadata.name?.[0] ?? '']);
    expect(informer.lister.byOwner('set-1')).toHaveLength(1);
    server.send([event('MODIFIED', pod('a', 6, 'a', 'set-2')), event('ADDED', pod('bb', 7))]);
    await settle();
    expect(informer.lister.byOwner('set-1')).toEqual([]);
    expect(informer.lister.byOwner('set-2').map((object) => object.metadata.name)).toEqual(['b', 'a']);
    expect(byInitial.get('b').map((object) => object.metadata.name)).toEqual(['b', 'bb']);
    server.send([event('DELETED', pod('b', 8)), event('DELETED', pod('bb', 9))]);
    await settle();
    expect([...byInitial.values()]).toEqual(['a']);
  });

  test('stops waiting for its first list when the signal aborts', async () => {
    const impatient = new AbortController();
    await start();
    const waiting = informer.synced(impatient.signal);
    impatient.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

function recorder(seen: string[]) {
  const name = (object: KubernetesObject) => `${object.metadata.name}@${object.metadata.resourceVersion}`;
  return {
    onAdd: (object: KubernetesObject) => void seen.push(`+${name(object)}`),
    onUpdate: (object: KubernetesObject, previous: KubernetesObject) =>
      void seen.push(`${name(previous)}>${object.metadata.resourceVersion}`),
    onDelete: (last: KubernetesObject) => void seen.push(`-${name(last)}`),
  };
}
