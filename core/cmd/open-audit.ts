import { readFileSync } from 'node:fs';
import { AuditLog } from '../apiserver/audit/audit-log.ts';
import { Auditor } from '../apiserver/audit/auditor.ts';
import { defaultPolicy } from '../apiserver/audit/default-policy.ts';
import { readPolicy } from '../apiserver/audit/policy.ts';
import type { AuditPolicy } from '../apiserver/audit/policy.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import type { MetricFamily } from '../machinery/metrics/metrics.ts';
import type { Random } from '../machinery/random.ts';
import { RotatingFile } from '../machinery/rotating-file.ts';
import { readDocuments } from '../machinery/yaml.ts';
import type { AuditOptions } from './options.ts';

export interface OpenAudit {
  readonly auditor: Auditor;
  readonly families: readonly MetricFamily[];
  close(): Promise<void>;
}

const megabyte = 1024 * 1024;
const dayMs = 24 * 3_600_000;
const closeGraceMs = 2_000;

/** Undefined where nothing is to be noted. Throws when the policy cannot be used. */
export function openAudit(
  { logPath, policyFile, maxSizeMegabytes, maxBackups, maxAgeDays }: AuditOptions,
  clock: Clock,
  random: Random,
  log: Logger,
): OpenAudit | undefined {
  if (logPath === undefined) return undefined;
  const policy = policyFile === undefined ? defaultPolicy : policyOf(policyFile);
  const file = new RotatingFile({
    path: logPath,
    maxBytes: maxSizeMegabytes * megabyte,
    maxBackups,
    maxAgeMs: maxAgeDays * dayMs,
    clock,
  });
  const sink = new AuditLog({ file, path: logPath, clock, log });
  const auditor = new Auditor({ policy, sink, clock, random });
  return {
    auditor,
    families: [...auditor.families, ...sink.families],
    close: () => sink.close(closeGraceMs),
  };
}

function policyOf(path: string): AuditPolicy {
  try {
    const documents = readDocuments(readFileSync(path, 'utf8'));
    if (documents.length !== 1) throw new Error(`it has ${documents.length} documents instead of one`);
    return readPolicy(documents[0]?.value);
  } catch (cause) {
    throw new Error(`Cannot use the audit policy "${path}": ${(cause as Error).message}`, { cause });
  }
}
