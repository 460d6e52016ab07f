import { describe, expect, test } from 'vitest';
import type { Endpoint, EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { maxEndpointsPerSlice, planSlices } from './plan.ts';
import type { EndpointGroup } from './plan.ts';

const ports = [{ name: '', protocol: 'TCP' as const, port: 80 }];

function endpoint(index: number, ready = true): Endpoint {
  return { addresses: [`10.0.0.${index}`], conditions: { ready }, targetRef: { uid: `pod-${index}` } };
}

function endpoints(from: number, count: number): readonly Endpoint[] {
  return Array.from({ length: count }, (_, index) => endpoint(from + index));
}

function group(of: readonly Endpoint[]): EndpointGroup {
  return { addressType: 'IPv4', ports, endpoints: of };
}

function slice(name: string, of: readonly Endpoint[], onPorts = ports): EndpointSlice {
  return { metadata: { name }, addressType: 'IPv4', endpoints: of, ports: onPorts };
}

describe('slices', () => {
  test('hold at most a hundred endpoints each', () => {
    const { create } = planSlices([group(endpoints(0, 230))], []);
    expect(create.map(({ endpoints: some }) => some.length)).toEqual([100, 100, 30]);
  });

  test('are left alone when nothing changes, in whatever order the endpoints come', () => {
    const all = endpoints(0, 3);
    const plan = planSlices([group(all.toReversed())], [slice('a', all)]);
    expect(plan).toEqual({ create: [], update: [], remove: [] });
  });

  test('are written once when one endpoint changes and another comes', () => {
    const present = [slice('a', endpoints(0, 2)), slice('b', endpoints(2, 2))];
    const plan = planSlices(
      [group([endpoint(0), endpoint(1), endpoint(2, false), endpoint(3), endpoint(4)])],
      present,
    );
    expect(plan.create).toEqual([]);
    expect(plan.update.map(({ slice: { metadata } }) => metadata.name)).toEqual(['b']);
    expect(plan.update[0]?.endpoints).toEqual([endpoint(2, false), endpoint(3), endpoint(4)]);
  });

  test('go when they are empty, but for one', () => {
    const present = [slice('a', endpoints(0, 1)), slice('b', endpoints(1, 1))];
    const plan = planSlices([group([])], present);
    expect(plan.update).toEqual([{ slice: present[0], endpoints: [], changed: true }]);
    expect(plan.remove).toEqual([present[1]]);
  });

  test('on other ports are replaced', () => {
    const old = slice('a', endpoints(0, 1), [{ name: '', protocol: 'TCP', port: 8080 }]);
    const plan = planSlices([group(endpoints(0, 1))], [old]);
    expect(plan.remove).toEqual([old]);
    expect(plan.create).toEqual([group(endpoints(0, 1))]);
  });

  test('that are full take no more', () => {
    const full = endpoints(0, maxEndpointsPerSlice);
    const plan = planSlices([group([...full, endpoint(200)])], [slice('a', full)]);
    expect(plan.update).toEqual([]);
    expect(plan.create).toEqual([group([endpoint(200)])]);
  });
});
