import type {
  Body,
  Call,
  CollectionTarget,
  Encoded,
  EncodedList,
  Patch,
  RequestTracker,
  Verbs,
} from '../../api/verbs.ts';
import { isObject } from '../../machinery/json.ts';
import { nextTurn } from '../../machinery/next-turn.ts';
import { readDocuments } from '../../machinery/yaml.ts';
import { parseBody } from '../handlers/body.ts';
import { maxEventBytes } from './event.ts';

/** Of the JSON of an object that was never bytes: counting them would cost as much as writing them. */
const usualObjectBytes = 4_096;

/** The verbs, telling whoever follows a request what was sent and what is answered. Nobody follows: no cost. */
export function trackedVerbs(verbs: Verbs): Verbs {
  return {
    async get(call, target, options) {
      return answered(call, await verbs.get(call, target, options));
    },
    async list(call, target, options) {
      return listed(call, target, await verbs.list(call, target, options));
    },
    watch(call, target, options) {
      const batches = verbs.watch(call, target, options);
      return call.tracker === undefined ? batches : followed(batches, call.tracker);
    },
    async create(call, target, body, options) {
      if (call.tracker !== undefined) sent(call.tracker, body);
      const created = await verbs.create(call, target, body, options);
      return call.tracker === undefined || target.name !== undefined
        ? answered(call, created)
        : made(call, created);
    },
    async update(call, target, body, options) {
      if (call.tracker !== undefined) sent(call.tracker, body);
      return answered(call, await verbs.update(call, target, body, options));
    },
    async patch(call, target, patch, options) {
      call.tracker?.requestBody(patch.bytes.length, () => patchValue(patch));
      return answered(call, await verbs.patch(call, target, patch, options));
    },
    async delete(call, target, options = {}) {
      call.tracker?.requestBody(0, () => deleteOptions(options));
      const result = await verbs.delete(call, target, options);
      answered(call, result.object);
      return result;
    },
    async deleteCollection(call, target, list, options = {}) {
      call.tracker?.requestBody(0, () => deleteOptions(options));
      return listed(call, target, await verbs.deleteCollection(call, target, list, options));
    },
  };
}

/** Once it is under way, a watch costs nothing more: its batches come straight from where they are made. */
function followed<T>(batches: AsyncIterable<T>, tracker: RequestTracker): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const inner = batches[Symbol.asyncIterator]();
      let asked = 0;
      return {
        next() {
          asked++;
          if (asked === 2) tracker.initialized();
          const next = inner.next();
          if (asked === 1) void begun(next, tracker);
          return next;
        },
        return: async () => (await inner.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}

async function begun(first: Promise<unknown>, tracker: RequestTracker): Promise<void> {
  const come = first.then(
    () => true,
    () => undefined,
  );
  // Long enough for a watch that is refused from what is known already.
  const quiet = nextTurn()
    .then(nextTurn)
    .then(() => false);
  const outcome = await Promise.race([come, quiet]);
  if (outcome === undefined) return;
  tracker.started(200);
  if (!outcome) tracker.initialized();
}

function sent(tracker: RequestTracker, body: Body): void {
  const sizeBytes = body.kind === 'bytes' ? body.bytes.length : usualObjectBytes;
  tracker.requestBody(sizeBytes, () =>
    orUndefined(() => parseBody(body, { fieldValidation: 'Ignore' }).value),
  );
}

function answered(call: Call, encoded: Encoded): Encoded {
  const { tracker } = call;
  if (tracker?.wantsResponse === true) tracker.responseBody(encoded.bytes.length, () => encoded.object);
  return encoded;
}

/** A name that was made, or stood in the body alone. */
function made(call: Call, encoded: Encoded): Encoded {
  const { namespace, name } = encoded.object.metadata ?? {};
  if (name !== undefined) call.tracker?.named(namespace === undefined ? { name } : { namespace, name });
  return answered(call, encoded);
}

function listed(call: Call, { group, version }: CollectionTarget, list: EncodedList): EncodedList {
  const { tracker } = call;
  if (tracker?.wantsResponse !== true) return list;
  let bytes = 0;
  for (const item of list.items) {
    bytes += item.bytes.length;
    // The event goes without it, and must not keep the list alive.
    if (bytes > maxEventBytes) break;
  }
  const items = bytes > maxEventBytes ? [] : list.items;
  tracker.responseBody(bytes, () => ({
    kind: `${items[0]?.object.kind ?? ''}List`,
    apiVersion: group === '' ? version : `${group}/${version}`,
    metadata: { resourceVersion: list.resourceVersion },
    items: items.map(({ object }) => object),
  }));
  return list;
}

function patchValue({ type, bytes }: Patch): unknown {
  const text = bytes.toString('utf8');
  return orUndefined(() => {
    if (type !== 'apply') return JSON.parse(text) as unknown;
    const [document] = readDocuments(text, { onDuplicateKey: () => {} });
    return document === undefined || !isObject(document.value) ? undefined : document.value;
  });
}

function deleteOptions(options: object): object {
  return { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options };
}

/** What is refused for being unreadable is not shown. */
function orUndefined(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
