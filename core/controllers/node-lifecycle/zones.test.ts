import { describe, expect, test } from 'vitest';
import { node } from '../../../test/builders/index.ts';
import { Zones } from './zones.ts';

/** So many nodes of a zone that are ready, and so many that are lost. */
function add(zones: Zones, zone: string, ready: number, lost: number) {
  for (let i = 0; i < ready + lost; i++) {
    const builder = node().named(`${zone}-${i}`).inZone(zone);
    zones.set((i < ready ? builder : builder.withCondition('Ready', 'Unknown')).build());
  }
}

describe('giving up nodes', () => {
  test('goes one at a time, every ten seconds', () => {
    const zones = new Zones();
    add(zones, 'x', 8, 2);
    expect(zones.takeTurn('x-8', 1000)).toBe(0);
    expect(zones.takeTurn('x-9', 3000)).toBe(8000);
    expect(zones.takeTurn('x-9', 11_000)).toBe(0);
  });

  test('goes on in each zone by itself', () => {
    const zones = new Zones();
    add(zones, 'x', 8, 2);
    add(zones, 'y', 8, 2);
    expect([zones.takeTurn('x-8', 0), zones.takeTurn('y-8', 0)]).toEqual([0, 0]);
  });

  test('stops where most of a small zone is lost, and slows down in a large one', () => {
    const zones = new Zones();
    add(zones, 'small', 4, 6);
    add(zones, 'large', 40, 60);
    expect(zones.takeTurn('small-5', 0)).toBeUndefined();
    expect(zones.takeTurn('large-50', 0)).toBe(0);
    expect(zones.takeTurn('large-51', 0)).toBe(100_000);
  });

  test('goes on where one whole zone is lost, and stops when all are', () => {
    const zones = new Zones();
    add(zones, 'x', 0, 3);
    add(zones, 'y', 3, 0);
    expect(zones.takeTurn('x-0', 0)).toBe(0);
    add(zones, 'y', 0, 3);
    expect(zones.allDisrupted).toBe(true);
    expect(zones.takeTurn('x-1', 60_000)).toBeUndefined();
  });

  test('a node that is gone or moved no longer counts', () => {
    const zones = new Zones();
    add(zones, 'x', 1, 1);
    zones.delete('x-0');
    expect(zones.allDisrupted).toBe(true);
    zones.set(node().named('x-1').inZone('y').build());
    expect(zones.allDisrupted).toBe(false);
  });
});
