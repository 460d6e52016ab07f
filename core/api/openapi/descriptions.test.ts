import { expect, test } from 'vitest';
import { objectSchemaOf, schemaOf } from '../schema/schemas.ts';
import texts from './descriptions.json' with { type: 'json' };

test('every description is of a type that there is', () => {
  for (const type of Object.keys(texts.types)) expect(() => schemaOf(type)).not.toThrow();
});

test('every description is of a field that its type has', () => {
  const strangers = Object.keys(texts.fields).filter((name) => {
    const dot = name.lastIndexOf('.');
    return !objectSchemaOf(name.slice(0, dot)).fields.has(name.slice(dot + 1));
  });
  expect(strangers).toEqual([]);
});
