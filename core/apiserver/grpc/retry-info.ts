/** The trailer of the richer error model: a google.rpc.Status. */
export const detailsTrailer = 'grpc-status-details-bin';

const retryInfo = 'type.googleapis.com/google.rpc.RetryInfo';

/** google.rpc.Status {code = 1, message = 2, details = 3} with a google.rpc.RetryInfo {retry_delay = 1 {seconds = 1}}. */
export function encodeRetryInfo(code: number, message: string, seconds: number): Buffer {
  const info = field(1, Buffer.from([0x08, ...varint(seconds)]));
  const any = Buffer.concat([field(1, Buffer.from(retryInfo)), field(2, info)]);
  return Buffer.concat([Buffer.from([0x08, ...varint(code)]), field(2, Buffer.from(message)), field(3, any)]);
}

/** Of bytes or a message: wire type 2. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}
