/** One member of an archive. Directories and links carry no content. */
export type TarEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string };

const blockBytes = 512;
const typeFlags = { file: '0', symlink: '2', directory: '5' } as const;

/**
 * A POSIX ustar archive (IEEE 1003.1, pax interchange format, "ustar"), owned by root and dated at the epoch so
 * that the same entries always give the same bytes. Enough to hand an image's one layer to Docker.
 *
 * Throws RangeError when a path or target is longer than the 100 bytes ustar gives it without a prefix.
 */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = entry.kind === 'file' ? entry.content : Buffer.alloc(0);
    const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes);
    return [header(entry, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

function header(entry: TarEntry, sizeBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  text(block, entry.path, 0, 100);
  octal(block, entry.kind === 'symlink' ? 0o777 : entry.mode, 100, 8);
  octal(block, 0, 108, 8);
  octal(block, 0, 116, 8);
  octal(block, sizeBytes, 124, 12);
  octal(block, 0, 136, 12);
  // The checksum is the sum of the header's bytes with its own field read as spaces.
  block.fill(' ', 148, 156);
  block.write(typeFlags[entry.kind], 156, 'latin1');
  if (entry.kind === 'symlink') text(block, entry.target, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function text(block: Buffer, value: string, offset: number, length: number): void {
  if (Buffer.byteLength(value) > length) {
    throw new RangeError(`Cannot archive "${value}": a path may have at most ${length} bytes`);
  }
  block.write(value, offset, 'utf8');
}

function octal(block: Buffer, value: number, offset: number, length: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1');
}
