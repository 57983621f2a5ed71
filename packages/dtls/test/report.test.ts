import { describe, expect, it } from 'vitest';
import { Report } from '../src/report.ts';

describe('Report', () => {
  it('keeps a clock that never goes back', () => {
    const report = new Report(undefined);
    report.tick(10);
    report.tick(5);
    expect(report.now).toBe(10);
  });

  it('gives out events in order, and limits those a peer can cause', () => {
    const report = new Report(undefined);
    for (let i = 0; i < 100; i++) report.alert('received', 1, i);
    report.event({ type: 'closed' });
    const events = [];
    for (let event = report.poll(); event !== undefined; event = report.poll()) events.push(event);
    expect(events.length).toBe(65);
    expect(events[0]).toMatchObject({ type: 'alert', description: 0 });
    expect(events.at(-1)).toEqual({ type: 'closed' });
  });

  it('counts what is dropped, and traces it with the time', () => {
    const traced: unknown[] = [];
    const report = new Report((event) => traced.push(event));
    report.tick(7);
    report.drop('forged');
    expect(report.dropped.forged).toBe(1);
    expect(traced).toEqual([{ time: 7, name: 'dtls:record-dropped', data: { reason: 'forged' } }]);
    expect([report.isTracing, new Report(undefined).isTracing]).toEqual([true, false]);
  });
});
