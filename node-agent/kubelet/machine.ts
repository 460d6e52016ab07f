import { createHash } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';

/** What this machine is, read once. */
export interface MachineFacts {
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
}

/** What this machine is short of. */
export interface Pressure {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly processes: boolean;
}

/** Below this much free memory the node is under pressure (upstream's default hard eviction threshold). */
const minFreeMemoryBytes = 100 * 2 ** 20;
const minFreeDiskShare = 0.05;
const minFreeProcessShare = 0.05;

export const noPressure: Pressure = { memory: false, disk: false, processes: false };

export async function readMachine(): Promise<MachineFacts> {
  const machineId = await firstLine('/etc/machine-id');
  const bootId = await firstLine('/proc/sys/kernel/random/boot_id');
  const uuid = await firstLine('/sys/class/dmi/id/product_uuid');
  return {
    machineId,
    // Where the firmware tells none, something that stays the same serves.
    systemUuid: uuid === '' ? derivedUuid(machineId || hostname()) : uuid.toLowerCase(),
    bootId,
  };
}

/** Reads the machine's present shortages; what cannot be read counts as sufficient. */
export async function readPressure(dataDirectory: string): Promise<Pressure> {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(await text('/proc/meminfo'))?.[1];
  const disk = await statfs(dataDirectory).catch(() => undefined);
  const threads = /\d+\/(\d+)/.exec(await text('/proc/loadavg'))?.[1];
  const limit = Number(await firstLine('/proc/sys/kernel/pid_max'));
  return {
    memory: available !== undefined && Number(available) * 1024 < minFreeMemoryBytes,
    disk: disk !== undefined && disk.bavail / disk.blocks < minFreeDiskShare,
    processes: threads !== undefined && limit > 0 && (limit - Number(threads)) / limit < minFreeProcessShare,
  };
}

/** The first address other machines may reach this one by, IPv4 before IPv6; loopback where there is no other. */
export function hostAddresses(): readonly string[] {
  const all = Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|veth|cni|wh-)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const v4 = all.find(({ family }) => family === 'IPv4')?.address;
  const v6 = all.find(({ family }) => family === 'IPv6')?.address;
  const found = [v4, v6].filter((address) => address !== undefined);
  return found.length === 0 ? ['127.0.0.1'] : found;
}

async function text(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}

async function firstLine(path: string): Promise<string> {
  return (await text(path)).trim();
}

function derivedUuid(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
