import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { processName } from './host.ts';

/** The state TCP_LISTEN in the kernel's tables (include/net/tcp_states.h). */
const listening = '0A';

/**
 * Which process listens on a TCP port of this machine, as `"NAME" (process PID)`; undefined where nobody does or the
 * kernel does not tell this user.
 */
export function portHolder(port: number): string | undefined {
  const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listenersOf(table, port)));
  if (sockets.size === 0) return undefined;
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
      const socket = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (socket === undefined || !sockets.has(socket)) continue;
      return `"${processName(Number(pid)) ?? 'unknown'}" (process ${pid})`;
    }
  }
  return undefined;
}

/** The inodes of the sockets that listen on the port, from a table of proc_net(5). */
function listenersOf(table: string, port: number): string[] {
  let text: string;
  try {
    text = readFileSync(`/proc/net/${table}`, 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local = '', , state, , , , , , inode = '']) =>
      state === listening && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [inode] : [],
    );
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Another user's process, or one that has just ended.
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
