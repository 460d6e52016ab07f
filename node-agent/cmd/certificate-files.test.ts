import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { certificatesOf, onCertificateReplaced } from './certificate-files.ts';

test('a certificate that is replaced is told of once, and read anew', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wheelhouse-files-'));
  const file = (name: string) => join(directory, name);
  const put = (name: string, text: string) => {
    writeFileSync(file(`${name}.new`), text);
    renameSync(file(`${name}.new`), file(name));
  };
  for (const name of ['ca', 'cert', 'key']) put(name, `first ${name}`);
  const files = { ca: file('ca'), cert: file('cert'), key: file('key') };
  const shown = certificatesOf(files);
  const stop = new AbortController();
  let told = 0;
  const replaced = new Promise<void>((resolve) => {
    onCertificateReplaced(files, stop.signal, () => {
      told++;
      resolve();
    });
  });
  expect(String(shown.cert)).toBe('first cert');
  put('cert', 'first cert');
  put('key', 'second key');
  put('cert', 'second cert');
  await replaced;
  expect(told).toBe(1);
  expect([String(shown.cert), String(shown.key), String(shown.ca)]).toEqual([
    'second cert',
    'second key',
    'first ca',
  ]);
  stop.abort();
  rmSync(directory, { recursive: true, force: true });
});
