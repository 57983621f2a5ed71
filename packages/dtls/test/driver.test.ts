import { Reader, Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { HandshakeDriver } from '../src/handshake/driver.ts';
import type { HandshakeMessage } from '../src/handshake/reassembly.ts';
import { type Step, WAIT } from '../src/handshake/step.ts';
import { encodeHandshakeFragment } from '../src/messages/handshake-fragment.ts';
import { resolveOptions } from '../src/options.ts';
import { RecordWriter } from '../src/record/writer.ts';
import { Report } from '../src/report.ts';
import { options } from './helpers/pair.ts';

const ITEM = { contentType: 22, epoch: 0, type: 1, sequence: 0, body: new Uint8Array(10) } as const;

/** A driver over a handshake that answers each message with the next of these steps. */
function drive(start: Step, ...steps: Step[]) {
  const seen: HandshakeMessage[] = [];
  const calls: string[] = [];
  const report = new Report(undefined);
  report.tick(0);
  const driver: HandshakeDriver = new HandshakeDriver(
    resolveOptions(options('client', { handshakeTimeout: 1000 })),
    {
      start: () => start,
      handle: (message) => {
        seen.push(message);
        return steps.shift() ?? WAIT;
      },
    },
    {
      progress: () => calls.push('progress'),
      install: () => calls.push('install'),
      complete: () => calls.push('complete'),
      fail: () => {
        calls.push('fail');
        driver.stop(true);
      },
    },
    report,
  );
  const give = (type: number, sequence: number, epoch: 0 | 1 = 0): boolean =>
    driver.handleRecord(epoch, new Reader(encodeHandshakeFragment(type, sequence, new Uint8Array(4), 0, 4)), 'there');
  return { driver, report, seen, calls, give };
}

describe('HandshakeDriver', () => {
  it('sends what a start says, and limits the time from then on', () => {
    const { driver, report } = drive({ flight: [ITEM], timed: true });
    expect(driver.isUnderWay).toBe(false);
    driver.start();
    expect([driver.pending, driver.isUnderWay, driver.pollTimeout()]).toEqual([true, true, 100]);
    const slot = new Slot(100);
    driver.write(slot, 100, new RecordWriter());
    expect(slot.end).toBe(13 + 12 + 10);
    report.tick(100);
    expect(driver.handleTimeout()).toBe(false);
    expect([driver.pending, driver.retransmissions]).toEqual([true, 1]);
    report.tick(1000);
    expect(driver.handleTimeout()).toBe(true);
  });

  it('hands over messages in order, each once', () => {
    const { driver, seen, give, calls } = drive(WAIT);
    driver.start();
    expect(driver.isUnderWay).toBe(false);
    give(2, 1);
    give(1, 0);
    give(1, 0);
    expect(seen.map((message) => message.sequence)).toEqual([0, 1]);
    expect(calls).toEqual(['progress', 'progress']);
    expect(driver.isUnderWay).toBe(true);
  });

  it('takes Finished under keys only, and nothing else there', () => {
    const { seen, give, report } = drive(WAIT);
    give(20, 0, 0);
    give(1, 0, 1);
    expect(seen).toEqual([]);
    expect(report.dropped.handshake).toBe(2);
    give(20, 0, 1);
    expect(seen.length).toBe(1);
  });

  it('says when keys were installed, once', () => {
    const { give, calls } = drive(WAIT, { keys: {} as NonNullable<Step['keys']> });
    expect(give(1, 0)).toBe(true);
    expect(give(1, 1)).toBe(false);
    expect(calls).toEqual(['progress', 'install', 'progress']);
  });

  it('repeats the last flight after completion only if it was ours', () => {
    for (const [flight, repeats] of [
      [[ITEM], 1],
      [undefined, 0],
    ] as const) {
      const { driver, give, calls, report } = drive(WAIT, {
        complete: true,
        ...(flight === undefined ? {} : { flight }),
      });
      give(1, 0);
      expect(calls).toEqual(['progress', 'complete']);
      driver.write(new Slot(100), 100, new RecordWriter());
      report.tick(500);
      give(1, 0);
      expect(driver.repetitions).toBe(repeats);
      expect(driver.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
      give(1, 1);
      expect(report.dropped.handshake).toBe(1);
    }
  });

  it('stops at a failure, whatever else is in the record', () => {
    const failure = { alert: 40, error: Object.assign(new Error('no'), { code: 'NO' }) };
    const { driver, seen, calls } = drive(WAIT, { failure });
    const fragment = (sequence: number): Uint8Array => encodeHandshakeFragment(1, sequence, new Uint8Array(1), 0, 1);
    driver.handleRecord(0, new Reader(Uint8Array.from([...fragment(0), ...fragment(1)])), 'there');
    expect(calls).toEqual(['progress', 'fail']);
    expect(seen.length).toBe(1);
    expect(driver.pending).toBe(false);
  });

  it('writes in epoch 1 from the flight that begins it', () => {
    const { driver, give } = drive(WAIT, { flight: [ITEM] }, { flight: [{ ...ITEM, epoch: 1 }] });
    give(1, 0);
    expect(driver.writeEpoch).toBe(0);
    give(1, 1);
    expect(driver.writeEpoch).toBe(1);
  });
});
