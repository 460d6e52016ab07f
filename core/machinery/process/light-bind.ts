import { AsyncResource } from 'node:async_hooks';

type Bindable = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Makes `AsyncResource.bind` do without `asyncResource`, the deprecated property of what it returns (DEP0172). Node's
 * HTTP/2 client binds a function for each request, and in order to warn of that property Node makes functions whose
 * prototypes are functions of their own: V8 gives each of these a hidden class, which it keeps in the old generation, and
 * with it the prototype and all of the request until the next full collection. A quarter of what a gRPC call takes grew
 * old so, and a scavenge took eight times as long (Node 20.20). For a process that makes calls all the time.
 */
export function bindLightly(): void {
  Object.defineProperty(AsyncResource.prototype, 'bind', { value: bind });
}

/** `thisArg` unless given is what the bound function is called on. */
function bind(this: AsyncResource, fn: Bindable, thisArg?: unknown): Bindable {
  if (typeof fn !== 'function') throw new TypeError('Cannot bind what is no function');
  const call = (on: unknown, args: readonly unknown[]) => this.runInAsyncScope(fn, on, ...args);
  function bound(this: unknown, ...args: readonly unknown[]) {
    return call(thisArg === undefined ? this : thisArg, args);
  }
  return Object.defineProperty(bound, 'length', { value: fn.length, configurable: true });
}
