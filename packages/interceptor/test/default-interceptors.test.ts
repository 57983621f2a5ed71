import { EXTENSION_URI } from '@kaon/rtp';
import { seededRandom } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { congestionControl, type DefaultInterceptorsOptions, defaultInterceptors } from '../src/index.ts';
import { audio, packet, video } from './helpers.ts';
import { Line } from './story/line.ts';

const make = (options: Partial<DefaultInterceptorsOptions> = {}): ReturnType<typeof defaultInterceptors> =>
  defaultInterceptors({ random: seededRandom(1), wallClock: () => 0, ...options });
const names = (options: Partial<DefaultInterceptorsOptions> = {}): string[] =>
  make(options).stages.map(({ name }) => name);

describe('defaultInterceptors', () => {
  it('stands in the order of the slots', () => {
    const write = (): void => undefined;
    expect(names({ dump: { write }, extra: congestionControl({ random: seededRandom(2) }).placed })).toEqual([
      'dump',
      'transport-feedback',
      'statistics',
      'pacer',
      'reports',
      'retransmission',
      'rtx',
      'fec-encoder',
      'fec-recovery',
      'nack',
      'jitter-buffer',
      'key-frames',
    ]);
  });

  it('leaves out what is false', () => {
    expect(names({ nack: false, retransmission: false, fec: false, jitterBuffer: false })).toEqual([
      'statistics',
      'reports',
      'rtx',
      'key-frames',
    ]);
  });

  it('hands options on to the stages', () => {
    const bad = expect.objectContaining({ code: 'INTERCEPTOR_BAD_OPTION' });
    const wrong: Partial<DefaultInterceptorsOptions>[] = [
      { nack: { maxTries: 0 } },
      { retransmission: { maxAge: -1 } },
      { fec: { rate: 2 } },
      { jitterBuffer: { minDelay: -1 } },
      { keyFrames: { minInterval: 0 } },
      { reports: { audioInterval: 0 } },
    ];
    for (const options of wrong) expect(() => make(options)).toThrow(bad);
    const { jitterBuffer, keyFrames } = make({ jitterBuffer: { minDelay: 70 }, ssrc: 9 });
    jitterBuffer!.bindRemoteStream!(video(), 0);
    expect(jitterBuffer!.targetDelay(0x2222)).toBe(70);
    keyFrames.bindRemoteStream!(video(), 0);
    keyFrames.requestKeyFrame(0x2222, 0);
    expect(keyFrames.pollOutgoingRtcp!(0)).toMatchObject({ senderSsrc: 9 });
  });

  it('tells all that is known of streams as plain objects', () => {
    const line = new Line(1);
    const info = video({ mid: 'v', rid: 'h' });
    line.a.chain.bindLocalStream(info, line.now);
    line.b.chain.bindRemoteStream(info, line.now);
    let sequence = 0;
    line.run(3000, (ms) => {
      if (ms % 10 === 0) line.a.chain.sendRtp(packet(sequence++, { timestamp: ms * 90 }), line.now);
    });
    line.b.parts.keyFrames.requestKeyFrame(0x2222, line.now);
    line.run(50);
    const sent = line.a.parts.statistics();
    const received = line.b.parts.statistics();
    expect(JSON.parse(JSON.stringify(sent)).outbound[0]).toMatchObject({
      ssrc: 0x2222,
      kind: 'video',
      mid: 'v',
      rid: 'h',
      rtxSsrc: 0x3333,
      packetsSent: 300,
      bytesSent: 30_000,
      pliCount: 1,
      remoteInbound: { packetsLost: 0, fractionLost: 0, jitter: 0 },
    });
    expect(received.inbound[0]).toMatchObject({
      ssrc: 0x2222,
      packetsReceived: 300,
      packetsLost: 0,
      jitter: 0,
      packetsDiscarded: 0,
      pliCount: 1,
      jitterBuffer: { framesComplete: 299 },
      remoteOutbound: { reportsSent: 3 },
    });
    expect(sent.roundTripTime).toBeCloseTo(0.04, 3);
    expect(sent.inbound).toEqual([]);
    expect(sent.transport.packetsSent).toBe(received.transport.packetsReceived);
  });

  it('without stages for repair, statistics have zeros in their place', () => {
    const { counters, reports: reporting, statistics } = make({ fec: false, nack: false, jitterBuffer: false });
    for (const stage of [counters, reporting]) {
      stage.bindLocalStream!(audio(), 0);
      stage.bindRemoteStream!(audio({ ssrc: 2 }), 0);
    }
    expect(statistics().outbound[0]).toMatchObject({ fecPacketsSent: 0 });
    expect(statistics().inbound[0]).toMatchObject({
      fecPacketsReceived: 0,
      packetsRecovered: 0,
      jitterBuffer: undefined,
    });
  });

  it('with congestion control, a paced stream over a line with loss is whole', () => {
    const extensions = [{ id: 5, uri: EXTENSION_URI.transportSequenceNumber }];
    const feedback = [...video().feedback, { type: 'transport-cc' }];
    const info = video({ extensions, feedback });
    const control = congestionControl({ random: seededRandom(3) });
    const line = new Line(1, {
      netem: { delay: 20, loss: 0.02 },
      back: { delay: 20 },
      a: { extra: control.placed },
      b: { extra: congestionControl({ random: seededRandom(4) }).placed },
    });
    line.a.chain.bindLocalStream(info, line.now);
    line.b.chain.bindRemoteStream(info, line.now);
    let sent = 0;
    line.run(4000, (ms) => {
      if (ms % 5 !== 0) return;
      const header = { timestamp: ms * 90, extensions: [{ id: 5, data: new Uint8Array(2) }] };
      line.a.chain.sendRtp(packet(sent++, header), line.now);
    });
    line.run(1500);
    expect(line.b.sequences).toEqual(Array.from({ length: 800 }, (_, i) => i));
    expect(line.b.rtcp.some(({ type }) => type === 'twcc')).toBe(true);
    expect(control.controller.targetBitrate).toBeGreaterThan(0);
  });
});
