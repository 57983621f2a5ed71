import { ALERT } from '@kaon/dtls';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Alerts, UNAUTHENTICATED_ALERT_GRACE } from '../src/alerts.ts';
import { RecordWriter } from '../src/record/writer.ts';
import { hex } from './helpers/mangle.ts';

const fatal = { type: 'alert', level: 2, description: ALERT.decryptError } as const;
const close = { type: 'alert', level: 1, description: ALERT.closeNotify } as const;
const warning = { type: 'alert', level: 1, description: ALERT.noRenegotiation } as const;

describe('Alerts', () => {
  it('are written as records, as far as there is room', () => {
    const alerts = new Alerts();
    alerts.send(close, 0);
    alerts.send(fatal, 0);
    const slot = new Slot(20);
    const writer = new RecordWriter();
    alerts.write(slot, slot.limit, writer);
    expect(slot.bytes).toEqual(hex('15 fefd 0000 000000000000 0002 0100'));
    expect(alerts.pending).toBe(true);
    slot.reset();
    alerts.write(slot, slot.limit, writer);
    expect(slot.bytes).toEqual(hex('15 fefd 0000 000000000001 0002 0233'));
    expect(alerts.pending).toBe(false);
  });

  it('under the keys count at once', () => {
    const alerts = new Alerts();
    expect(alerts.receive(warning, true, 0)).toBe('ignore');
    expect(alerts.receive(close, true, 0)).toBe('close');
    expect(alerts.receive(fatal, true, 0)).toBe('fatal');
    expect(alerts.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('in the clear come true after a second without progress, counted from the first', () => {
    const alerts = new Alerts();
    expect(alerts.receive(warning, false, 0)).toBe('ignore');
    expect(alerts.receive(fatal, false, 100)).toBe('doubt');
    expect(alerts.receive(close, false, 900)).toBe('doubt');
    expect(alerts.pollTimeout()).toBe(100 + UNAUTHENTICATED_ALERT_GRACE);
    expect(alerts.handleTimeout(1099)).toBeUndefined();
    expect(alerts.handleTimeout(1100)).toBe(fatal);
    alerts.progress();
    expect(alerts.handleTimeout(5000)).toBeUndefined();
    expect(alerts.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });
});
