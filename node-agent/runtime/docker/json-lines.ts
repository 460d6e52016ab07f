import { StringDecoder } from 'node:string_decoder';

const maxLineBytes = 1 << 20;

/** The JSON values of a stream with one per line, as Docker sends events and progress. Throws on a line of over 1 MiB. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineBytes)
      throw new Error(`Cannot read a line of over ${maxLineBytes} bytes from Docker`);
    for (const line of lines) {
      if (line.trim() !== '') yield JSON.parse(line);
    }
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}
