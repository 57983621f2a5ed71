import { describe, expect, it } from 'vitest';
import { statistics } from '../src/index.ts';
import { audio, packet, video } from './helpers.ts';

const info = video({ fec: { scheme: 'flexfec-03', payloadType: 98, ssrc: 0x4444 } });

describe('statistics', () => {
  it('counts what is sent, retransmissions apart and in the sums', () => {
    const stage = statistics();
    stage.bindLocalStream!(info, 0);
    stage.handleOutgoingRtp!(packet(1), 10);
    stage.handleOutgoingRtp!(packet(2, { marker: true, paddingLength: 4 }), 20);
    // Plain, then RTX, then a probe of padding alone, then repair.
    stage.handleOutgoingRtp!(packet(1), 30);
    stage.handleOutgoingRtp!(packet(7, { ssrc: 0x3333, payloadType: 97 }), 40);
    stage.handleOutgoingRtp!(
      packet(8, { ssrc: 0x3333, payloadType: 97, payload: new Uint8Array(0), paddingLength: 100 }),
      50,
    );
    stage.handleOutgoingRtp!(packet(1, { ssrc: 0x4444, payloadType: 98 }), 60);
    stage.handleOutgoingRtp!(packet(1, { ssrc: 9 }), 70);
    expect(stage.outbound(0x2222)).toEqual({
      packetsSent: 5,
      bytesSent: 400,
      headerBytesSent: 5 * 12 + 4 + 100,
      retransmittedPacketsSent: 2,
      retransmittedBytesSent: 200,
      markersSent: 1,
      nackCount: 0,
      pliCount: 0,
      firCount: 0,
      lastPacketSentTimestamp: 50,
    });
    expect(stage.transport).toMatchObject({ packetsSent: 7, bytesSent: 5 * 12 + 504 + 2 * 112 });
    expect(stage.outbound(0x3333)).toBeUndefined();
  });

  it('goes on counting when a stream that is sent was unbound in between, as by a hold', () => {
    const stage = statistics();
    stage.bindLocalStream!(info, 0);
    for (const sequence of [1, 2]) stage.handleOutgoingRtp!(packet(sequence), 10);
    stage.unbindLocalStream!(0x2222, 20);
    expect(stage.outbound(0x2222)).toBeUndefined();
    expect(stage.localStreams).toEqual([]);
    stage.bindLocalStream!(info, 30);
    stage.handleOutgoingRtp!(packet(3), 40);
    stage.handleOutgoingRtp!(packet(3), 50);
    expect(stage.outbound(0x2222)).toMatchObject({ packetsSent: 4, retransmittedPacketsSent: 1 });
    expect(stage.localStreams).toEqual([info]);
  });

  it('counts what comes, with its ECN marks', () => {
    const stage = statistics();
    stage.bindRemoteStream!(info, 0);
    stage.handleIncomingRtp!(packet(1), 10, 1);
    stage.handleIncomingRtp!(packet(2, { marker: true }), 20, 3);
    stage.handleIncomingRtp!(packet(3), 30, 0);
    stage.handleIncomingRtp!(packet(7, { ssrc: 0x3333, payloadType: 97 }), 40, 2);
    stage.handleIncomingRtp!(packet(1, { ssrc: 9 }), 50, 0);
    expect(stage.inbound(0x2222)).toEqual({
      packetsReceived: 4,
      bytesReceived: 400,
      headerBytesReceived: 48,
      retransmittedPacketsReceived: 1,
      retransmittedBytesReceived: 100,
      markersReceived: 1,
      nackCount: 0,
      pliCount: 0,
      firCount: 0,
      packetsReceivedWithEct1: 1,
      packetsReceivedWithCe: 1,
      lastPacketReceivedTimestamp: 40,
    });
    expect(stage.transport).toMatchObject({ packetsReceived: 5, unknownPacketsReceived: 1 });
  });

  it('counts requests on the side that they concern', () => {
    const stage = statistics();
    stage.bindLocalStream!(video({ ssrc: 1, rtxSsrc: 11 }), 0);
    stage.bindRemoteStream!(video({ ssrc: 2, rtxSsrc: 12 }), 0);
    const requests = (mediaSsrc: number): never[] =>
      [
        { type: 'nack', senderSsrc: 0, mediaSsrc, lost: [1] },
        { type: 'pli', senderSsrc: 0, mediaSsrc },
        { type: 'fir', senderSsrc: 0, entries: [{ ssrc: mediaSsrc, sequenceNumber: 0 }] },
      ] as never[];
    stage.handleIncomingRtcp!(requests(1), 0);
    stage.handleIncomingRtcp!(requests(2), 0);
    stage.handleOutgoingRtcp!(requests(2), 0);
    expect(stage.outbound(1)).toMatchObject({ nackCount: 1, pliCount: 1, firCount: 1 });
    expect(stage.inbound(2)).toMatchObject({ nackCount: 1, pliCount: 1, firCount: 1 });
  });

  it('keeps counting when a stream is bound again, and forgets it when it is unbound', () => {
    const stage = statistics();
    stage.bindLocalStream!(info, 0);
    stage.bindLocalStream!(audio(), 0);
    stage.handleOutgoingRtp!(packet(1), 10);
    stage.bindLocalStream!(video({ rtxSsrc: 0x5555 }), 20);
    stage.handleOutgoingRtp!(packet(9, { ssrc: 0x5555 }), 30);
    stage.handleOutgoingRtp!(packet(9, { ssrc: 0x3333 }), 30);
    expect(stage.outbound(0x2222)!.packetsSent).toBe(2);
    expect(stage.localStreams.map(({ ssrc }) => ssrc)).toEqual([0x2222, 0x1111]);
    expect(stage.remoteStreams).toEqual([]);
    stage.unbindLocalStream!(0x2222, 40);
    expect(stage.outbound(0x2222)).toBeUndefined();
    expect(stage.localStreams).toHaveLength(1);
  });

  it('gives copies', () => {
    const stage = statistics();
    stage.bindLocalStream!(info, 0);
    const before = stage.outbound(0x2222)!;
    stage.handleOutgoingRtp!(packet(1), 10);
    expect(before.packetsSent).toBe(0);
  });
});
