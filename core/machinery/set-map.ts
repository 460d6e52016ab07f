/** Adds a value to the set of a key; true where the key is new. */
export function addTo<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): boolean {
  const values = map.get(key);
  if (values === undefined) map.set(key, new Set([value]));
  else values.add(value);
  return values === undefined;
}

/** Takes a value out of the set of a key, which goes with its last one; false where the value was not there. */
export function deleteFrom<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): boolean {
  const values = map.get(key);
  if (values?.delete(value) !== true) return false;
  if (values.size === 0) map.delete(key);
  return true;
}
