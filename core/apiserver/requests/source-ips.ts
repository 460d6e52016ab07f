import { isIP } from 'node:net';

/**
 * Where a request comes from: what proxies on the way say, then the address of the connection. Only the last can be
 * believed (apimachinery/pkg/util/net: SourceIPs).
 */
export function sourceIps(
  forwardedFor: string | undefined,
  realIp: string | undefined,
  connection: string | undefined,
): readonly string[] {
  const found = (forwardedFor ?? '')
    .split(',', mostHops)
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
  for (const last of [realIp?.trim(), plain(connection)])
    if (last !== undefined && isIP(last) !== 0 && found.at(-1) !== last) found.push(last);
  return found;
}

const mostHops = 32;

/** IPv4 as seen by a socket of both families. */
function plain(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') === true ? address.slice('::ffff:'.length) : address;
}
