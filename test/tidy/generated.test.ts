import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { generateFiles } from '../../core/api/schema/generate.ts';

const folder = resolve(import.meta.dirname, '../../core/api/generated');

test.each([...generateFiles()])(
  'core/api/generated/%s is what the facts say (npm run generate)',
  (name, text) => {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  },
);
