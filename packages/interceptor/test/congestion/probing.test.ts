import { describe, expect, it } from 'vitest';
import { type ProbeCluster, ProbeController } from '../../src/congestion/gcc/probe-controller.ts';
import { ProbeEstimator } from '../../src/congestion/gcc/probe-estimator.ts';

function taken(probes: ProbeController): ProbeCluster[] {
  const clusters: ProbeCluster[] = [];
  for (let each = probes.poll(); each !== undefined; each = probes.poll()) clusters.push(each);
  return clusters;
}

const rates = (probes: ProbeController): number[] => taken(probes).map(({ bitrate }) => bitrate);
const CALM = Number.NEGATIVE_INFINITY;

describe('ProbeController', () => {
  it('begins at 3 and 6 times the start bitrate and doubles while that succeeds', () => {
    const probes = new ProbeController(100_000_000);
    probes.start(300_000, 0);
    const first = taken(probes);
    expect(first.map(({ bitrate }) => bitrate)).toEqual([900_000, 1_800_000]);
    expect(first[1]).toMatchObject({ id: 2, minPackets: 5, minBytes: 3375 });
    probes.setEstimate(900_000, 100);
    expect(rates(probes)).toEqual([]);
    probes.setEstimate(1_700_000, 150);
    expect(rates(probes)).toEqual([3_400_000]);
    expect(probes.isWaiting).toBe(true);
    probes.start(300_000, 200);
    expect(rates(probes)).toEqual([]);
  });

  it('stays below the maximum, and probes when that rises', () => {
    const probes = new ProbeController(1_000_000);
    probes.start(300_000, 0);
    expect(rates(probes)).toEqual([900_000, 1_000_000]);
    probes.setEstimate(1_000_000, 100);
    probes.setMax(4_000_000, 200);
    expect(rates(probes)).toEqual([4_000_000]);
  });

  it('goes on while the capacity was never reached, less often when it was too much', () => {
    const probes = new ProbeController(100_000_000);
    probes.start(300_000, 0);
    taken(probes);
    probes.process(undefined, CALM, false, 1001);
    expect(rates(probes)).toEqual([600_000]);
    probes.found(310_000);
    probes.found(310_000);
    probes.process(undefined, CALM, false, 2100);
    expect(rates(probes)).toEqual([]);
    probes.process(undefined, CALM, false, 3100);
    expect(rates(probes)).toEqual([600_000]);
    probes.process(undefined, CALM, true, 9000);
    expect(rates(probes)).toEqual([]);
  });

  it('probes every 5 s while the application is the limit, up to twice its demand', () => {
    const probes = new ProbeController(100_000_000);
    probes.start(300_000, 0);
    taken(probes);
    probes.setEstimate(1_000_000, 100);
    probes.process(undefined, CALM, true, 1200);
    probes.process(1500, CALM, true, 6000);
    expect(rates(probes)).toEqual([]);
    probes.process(1500, CALM, true, 6500);
    expect(rates(probes)).toEqual([2_000_000]);
    probes.process(1500, CALM, true, 8000);
    probes.setDemand(600_000, true, 8000);
    probes.process(1500, CALM, true, 11_500);
    expect(rates(probes)).toEqual([1_200_000]);
    probes.setEstimate(1_200_000, 11_600);
    probes.process(1500, CALM, true, 17_000);
    expect(rates(probes)).toEqual([]);
    probes.setDemand(3_000_000, true, 17_000);
    expect(rates(probes)).toEqual([3_000_000]);
  });

  it('tries to come back after a large drop, but only when it is calm, and less and less often', () => {
    const probes = new ProbeController(100_000_000);
    probes.start(5_000_000, 0);
    taken(probes);
    probes.process(undefined, CALM, true, 2000);
    probes.setEstimate(5_000_000, 5000);
    probes.setEstimate(2_000_000, 6000);
    probes.process(undefined, Number.POSITIVE_INFINITY, true, 9500);
    expect(rates(probes)).toEqual([]);
    probes.process(undefined, 7000, true, 9500);
    expect(rates(probes)).toEqual([]);
    probes.process(undefined, 7000, true, 10_000);
    expect(rates(probes)).toEqual([4_000_000]);
    probes.process(undefined, 7000, true, 14_000);
    expect(rates(probes)).toEqual([]);
    probes.process(undefined, 7000, true, 16_000);
    expect(rates(probes)).toEqual([4_000_000]);
  });

  it('sends more packets where some get lost anyway', () => {
    const probes = new ProbeController(100_000_000);
    probes.setInherentLoss(0.2);
    probes.start(300_000, 0);
    expect(taken(probes)[0]!.minPackets).toBe(9);
  });

  it('begins anew on a new path', () => {
    const probes = new ProbeController(100_000_000);
    probes.start(300_000, 0);
    probes.restart(500_000, 5000);
    expect(rates(probes)).toEqual([1_500_000, 3_000_000]);
  });
});

describe('ProbeEstimator', () => {
  /** Packets of 1000 bytes sent every `sending` ms that arrive every `arriving` ms; gives the last answer. */
  function probe(sending: number, arriving: number, count = 5, inherentLoss = 0): number | undefined {
    const estimator = new ProbeEstimator();
    estimator.begin(7, 5000, 5);
    let found: number | undefined;
    for (let i = 0; i < count; i++) found = estimator.add(7, 1000, i * sending, 500 + i * arriving, inherentLoss);
    return found;
  }

  it('is the rate at which the packets were sent when they arrive as fast', () => {
    expect(probe(2, 2)).toBe(4_000_000);
    expect(probe(2, 1.9)).toBe(4_000_000);
  });

  it('is 95 % of the rate at which they arrive when that is slower', () => {
    expect(probe(2, 4)).toBe(0.95 * 2_000_000);
  });

  it('needs 80 % of the packets, and no lumps', () => {
    expect(probe(2, 2, 3)).toBeUndefined();
    expect(probe(2, 2, 4)).toBe(4_000_000);
    expect(probe(2, 0.5)).toBeUndefined();
    expect(probe(0, 1)).toBeUndefined();
    expect(probe(300, 300)).toBeUndefined();
  });

  it('does not hold inherent loss against the link', () => {
    expect(probe(2, 2, 3, 0.2)).toBe(5_000_000);
  });

  it('knows nothing of other packets, and keeps the last few probes only', () => {
    const estimator = new ProbeEstimator();
    expect(estimator.add(1, 1000, 0, 0, 0)).toBeUndefined();
    for (let id = 1; id <= 20; id++) estimator.begin(id, 1000, 3);
    for (let i = 0; i < 5; i++) expect(estimator.add(1, 1000, 2 * i, 2 * i, 0)).toBeUndefined();
    let found: number | undefined;
    for (let i = 0; i < 5; i++) found = estimator.add(20, 1000, 2 * i, 2 * i, 0);
    expect(found).toBe(4_000_000);
  });
});
