import { describe, expect, test } from 'vitest';
import { jsonLogger } from '../../machinery/logger.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { AuditLog } from './audit-log.ts';
import type { LineFile } from './audit-log.ts';
import { encodeEvent } from './event.ts';
import type { AuditEvent } from './event.ts';

const event = (auditId: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  level: 'Request',
  stage: 'ResponseComplete',
  auditId,
  attributes: { verb: 'get', path: '/a', uri: '/a?b', resource: undefined, longRunning: false },
  user: { name: 'ann', groups: [] },
  impersonatedUser: undefined,
  sourceIps: [],
  userAgent: undefined,
  named: undefined,
  responseStatus: { code: 200 },
  requestBody: undefined,
  responseBody: undefined,
  omitManagedFields: false,
  receivedMs: 0,
  stageMs: 1,
  annotations: new Map(),
  ...more,
});

/** A disk that can be full. */
class Disk implements LineFile {
  full = false;
  text = '';
  #rest = '';
  async append(lines: Buffer): Promise<void> {
    this.#rest += lines.toString();
    if (this.full) throw new Error('ENOSPC: no space left on device');
    this.text += this.#rest;
    this.#rest = '';
  }
  async close(): Promise<void> {}
  get ids(): string[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { auditID: string }).auditID);
  }
}

function scene(maxWaitingBytes?: number) {
  const clock = new SteppedClock();
  const disk = new Disk();
  const lines: string[] = [];
  const log = jsonLogger((line) => lines.push(line), clock);
  return {
    clock,
    disk,
    lines,
    sink: new AuditLog({ file: disk, path: 'audit.log', clock, log, maxWaitingBytes }),
  };
}

const lost = (sink: AuditLog) => [...(sink.families[0]?.samples() ?? [])][0]?.value;

describe('the audit log', () => {
  test('writes events in their order, a line each', async () => {
    const { sink, disk } = scene();
    for (let index = 0; index < 200; index++) sink.process(event(String(index)));
    await sink.written();
    expect(disk.ids).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
    expect(lost(sink)).toBe(0);
  });

  test('keeps what fits while the disk is full, says so, and loses nothing of that', async () => {
    const { sink, disk, clock, lines } = scene(10_000);
    disk.full = true;
    for (let index = 0; index < 100; index++) sink.process(event(String(index)));
    await clock.advanceAsync(5_000);
    expect(lines[0]).toContain('Audit events are lost');
    expect(lines.some((line) => line.includes('Cannot write the audit log') && line.includes('ENOSPC'))).toBe(
      true,
    );
    disk.full = false;
    await clock.advanceAsync(60_000);
    await sink.written();
    expect(disk.ids).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(lost(sink)).toBe(94);
    expect(lines.at(-1)).toContain('written again');
    // What follows has room again.
    sink.process(event('next'));
    await sink.written();
    expect(disk.ids.at(-1)).toBe('next');
  });

  test('does not complain of every event that is lost', () => {
    const { sink, lines, clock } = scene(0);
    for (let index = 0; index < 1_000; index++) sink.process(event('a'));
    expect(lines).toHaveLength(1);
    clock.advance(30_000);
    sink.process(event('a'));
    expect(lines).toHaveLength(2);
    expect(lost(sink)).toBe(1_001);
  });

  test('ends although the disk does not answer', async () => {
    const { sink, disk, clock } = scene();
    disk.append = () => new Promise(() => undefined);
    sink.process(event('a'));
    const closed = sink.close(1_000);
    await clock.advanceAsync(1_000);
    await clock.advanceAsync(1_000);
    await closed;
  });
});

describe('an event', () => {
  test('goes without its bodies where they are too large', () => {
    const body = { sizeBytes: 10, read: () => ({ data: 'x'.repeat(200_000) }) };
    const [small, large] = [{ sizeBytes: 10, read: () => ({ a: 1 }) }, body].map(
      (requestBody) =>
        JSON.parse(encodeEvent(event('a', { requestBody })).toString()) as Record<string, unknown>,
    );
    expect(small?.['requestObject']).toEqual({ a: 1 });
    expect(large).not.toHaveProperty('requestObject');
    expect(large?.['annotations']).toEqual({ 'audit.k8s.io/truncated': 'true' });
  });

  test('is one line whatever is in it', () => {
    const userAgent = `a\nb${'c'.repeat(2_000)}`;
    const line = encodeEvent(event('a', { userAgent })).toString();
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect((JSON.parse(line) as { userAgent: string }).userAgent).toHaveLength(1024 + '...TRUNCATED'.length);
  });

  test('leaves out what field managers own, of objects and of the items of lists', () => {
    const owned = { metadata: { name: 'a', managedFields: [{}] } };
    const responseBody = { sizeBytes: 10, read: () => ({ ...owned, items: [owned] }) };
    const plain = encodeEvent(event('a', { responseBody, omitManagedFields: true })).toString();
    expect(plain).not.toContain('managedFields');
    expect(encodeEvent(event('a', { responseBody })).toString()).toContain('managedFields');
  });
});
