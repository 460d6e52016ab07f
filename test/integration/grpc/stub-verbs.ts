import { notFound } from '../../../core/api/errors.ts';
import type { KubernetesObject } from '../../../core/api/object.ts';
import type {
  Body,
  Call,
  CollectionTarget,
  DeleteOptions,
  DeleteResult,
  Encoded,
  EncodedList,
  GetOptions,
  ListOptions,
  ObjectTarget,
  Patch,
  PatchOptions,
  Verbs,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../../core/api/verbs.ts';

/** Records what arrives and answers what the test put there: the transport is under test here, not the API. */
export class StubVerbs implements Verbs {
  readonly calls: { verb: string; target: CollectionTarget; options: unknown; call: Call; body?: string }[] =
    [];
  readonly objects = new Map<string, Encoded>();
  listed: EncodedList = { items: [], resourceVersion: '1' };
  /** What a watch sends; it ends with the generator or the signal. */
  events: (signal: AbortSignal) => AsyncIterable<readonly WatchEvent[]> = async function* () {};
  /** Runs before every answer: to wait, warn or throw. */
  before: (call: Call) => unknown = () => undefined;

  async get(call: Call, target: ObjectTarget, options?: GetOptions): Promise<Encoded> {
    await this.#record('get', call, target, options);
    const found = this.objects.get(target.name);
    if (found === undefined) throw notFound({ group: target.group, plural: target.resource }, target.name);
    return found;
  }

  async list(call: Call, target: CollectionTarget, options?: ListOptions): Promise<EncodedList> {
    await this.#record('list', call, target, options);
    return this.listed;
  }

  async *watch(call: Call, target: CollectionTarget, options: WatchOptions) {
    await this.#record('watch', call, target, options);
    yield* this.events(call.signal ?? new AbortController().signal);
  }

  async create(call: Call, target: CollectionTarget, body: Body, options?: WriteOptions): Promise<Encoded> {
    await this.#record('create', call, target, options, body);
    return encoded(parse(body));
  }

  async update(call: Call, target: ObjectTarget, body: Body, options?: WriteOptions): Promise<Encoded> {
    await this.#record('update', call, target, options, body);
    return encoded(parse(body));
  }

  async patch(call: Call, target: ObjectTarget, patch: Patch, options?: PatchOptions): Promise<Encoded> {
    await this.#record('patch', call, target, { type: patch.type, ...options });
    return encoded(JSON.parse(patch.bytes.toString()) as KubernetesObject);
  }

  async delete(call: Call, target: ObjectTarget, options?: DeleteOptions): Promise<DeleteResult> {
    await this.#record('delete', call, target, options);
    return { object: encoded({ metadata: { name: target.name } }), gone: true };
  }

  async deleteCollection(
    call: Call,
    target: CollectionTarget,
    list?: ListOptions,
    options?: DeleteOptions,
  ): Promise<EncodedList> {
    await this.#record('deleteCollection', call, target, { list, options });
    return this.listed;
  }

  async #record(verb: string, call: Call, target: CollectionTarget, options: unknown, body?: Body) {
    const text = body?.kind === 'bytes' ? { body: body.bytes.toString() } : {};
    this.calls.push({ verb, target, options, call, ...text });
    await this.before(call);
  }
}

export function encoded(object: KubernetesObject): Encoded {
  return {
    object,
    bytes: Buffer.from(JSON.stringify(object)),
    resourceVersion: object.metadata.resourceVersion ?? '',
  };
}

/** An object of about `bytes` bytes. */
export function sized(name: string, bytes: number, resourceVersion = '1'): Encoded {
  return encoded({
    metadata: { name, resourceVersion, annotations: { filler: 'x'.repeat(Math.max(0, bytes - 100)) } },
  });
}

function parse(body: Body): KubernetesObject {
  if (body.kind === 'object') return body.object as KubernetesObject;
  return JSON.parse(body.bytes.toString()) as KubernetesObject;
}
