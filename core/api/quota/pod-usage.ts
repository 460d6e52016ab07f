import type { Container, Pod } from '../generated/core-v1.ts';
import { Quantity } from '../../machinery/quantity.ts';

/** Quantities by the name of what they are of. */
export type Amounts = Readonly<Record<string, string>>;

/**
 * What a Pod asks for and may use at most, all its containers together: those that run at the same time are added
 * up, and init containers count where one of them needs more than that (component-helpers/resource: PodRequests).
 */
export function podUsage({ spec }: { readonly spec: Pod['spec'] }): {
  readonly requests: Amounts;
  readonly limits: Amounts;
} {
  return {
    requests: total(spec, ({ resources }) => resources?.requests ?? {}),
    limits: total(spec, ({ resources }) => resources?.limits ?? {}),
  };
}

function total(spec: Pod['spec'], amountsOf: (container: Container) => Amounts): Amounts {
  let running = sum(spec.containers.map(amountsOf));
  let sidecars: Amounts = {};
  let starting: Amounts = {};
  for (const container of spec.initContainers ?? []) {
    const amounts = amountsOf(container);
    if (container.restartPolicy === 'Always') {
      sidecars = sum([sidecars, amounts]);
      starting = larger(starting, sidecars);
    } else starting = larger(starting, sum([sidecars, amounts]));
  }
  running = larger(sum([running, sidecars]), starting);
  return spec.overhead === undefined ? running : sum([running, spec.overhead]);
}

export function sum(all: readonly Amounts[]): Amounts {
  const result: Record<string, string> = {};
  for (const amounts of all)
    for (const [name, amount] of Object.entries(amounts))
      result[name] =
        result[name] === undefined
          ? amount
          : Quantity.parse(result[name]).add(Quantity.parse(amount)).toString();
  return result;
}

function larger(a: Amounts, b: Amounts): Amounts {
  const result: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const other = result[name];
    if (other === undefined || Quantity.parse(other).compare(Quantity.parse(amount)) < 0)
      result[name] = amount;
  }
  return result;
}
