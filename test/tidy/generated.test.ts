import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { generateWireFiles } from '../../core/api/proto/generate.ts';
import { generateFiles } from '../../core/api/schema/generate.ts';

const api = resolve(import.meta.dirname, '../../core/api');

test.each([...generateFiles(), ...generateWireFiles(join(api, 'proto'))])(
  'core/api/generated/%s is what its source says (npm run generate)',
  (name, text) => {
    expect(readFileSync(join(api, 'generated', name), 'utf8')).toBe(text);
  },
);
