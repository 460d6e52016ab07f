import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../api/object.ts';
import { RecentWrites } from './recent-writes.ts';
import { StoredFormat, StoredObject } from './stored-object.ts';

const format = new StoredFormat('v1', 'ConfigMap');
const key = '/registry/core/configmaps/default/a';

const object: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
const value = format.encode(object);

function entry(modRevision: number, bytes = value) {
  return { key, value: Buffer.from(bytes), modRevision, createRevision: 1 };
}

function makeAt(revision: number) {
  return (sent: KubernetesObject) => new StoredObject(format, value, revision, sent);
}

function never(): StoredObject {
  throw new Error('Nothing is to be made');
}

describe('a write and what the watch tells of it', () => {
  test('are one stored object where the store answers first', () => {
    const recent = new RecentWrites();
    recent.sending(key, 5, value, object);
    expect(recent.toldOf(key, 7)).toBeUndefined();
    const stored = new StoredObject(format, value, 7, object);
    recent.committed(key, 7, stored);
    recent.answered(key);
    expect(recent.told(entry(7), never)).toBe(stored);
  });

  test('are one stored object where the watch is first, however often it tells', () => {
    const recent = new RecentWrites();
    recent.sending(key, 5, value, object);
    const told = recent.told(entry(7), makeAt(7));
    expect(told?.object).toBe(object);
    expect(recent.told(entry(7), never)).toBe(told);
    expect(recent.toldOf(key, 7)).toBe(told);
  });

  test('are forgotten once the cache is past them, not looked through at every write', () => {
    const recent = new RecentWrites();
    const write = (index: number) => {
      recent.committed(`/${index}`, index, new StoredObject(format, value, index, object));
      recent.sweep(500);
    };
    for (let index = 1; index <= 999; index++) write(index);
    expect(recent.told({ ...entry(1), key: '/1' }, never)).toBeDefined();
    write(1_000);
    expect(recent.told({ ...entry(1), key: '/1' }, never)).toBeUndefined();
    expect(recent.told({ ...entry(501), key: '/501' }, never)).toBeDefined();
  });

  test('are not taken for an equal write from before what is replaced', () => {
    const recent = new RecentWrites();
    recent.sending(key, 5, value, object);
    expect(recent.told(entry(5), never)).toBeUndefined();
    expect(recent.told(entry(3), never)).toBeUndefined();
    expect(recent.told(entry(6), makeAt(6))?.object).toBe(object);
  });

  test('are not taken for those of somebody else', () => {
    const recent = new RecentWrites();
    expect(recent.told(entry(6), never)).toBeUndefined();
    recent.sending(key, 5, value, object);
    const other = format.encode({ ...object, metadata: { name: 'a', labels: { by: 'another' } } });
    expect(recent.told(entry(6, other), never)).toBeUndefined();
    expect(recent.toldOf(key, 6)).toBeUndefined();
    recent.told(entry(7), makeAt(7));
    expect(recent.toldOf(key, 8)).toBeUndefined();
  });
});
