import { encodeRtp, RtpPacket } from '@kaon/rtp';
import { expect, it } from 'vitest';
import type { ReceiveAgreement } from '../../src/media/negotiated.ts';
import type { ReceivePort, RemoteStream } from '../../src/media/pipeline/ports.ts';
import { Router } from '../../src/media/pipeline/router.ts';
import { agreed, layers, MID_ID, OPUS, PCMU, REPAIRED_RID_ID, RID_ID, RTX, VP8 } from './helpers.ts';

function text(id: number, value: string): { id: number; data: Uint8Array } {
  return { id, data: Buffer.from(value) };
}

function packet(
  ssrc: number,
  payloadType: number,
  extensions: { id: number; data: Uint8Array }[] = [],
  sequenceNumber = 1,
): RtpPacket {
  const payload = Uint8Array.of(1, 2, 3);
  return new RtpPacket(encodeRtp({ ssrc, payloadType, sequenceNumber, timestamp: 0, payload, extensions }));
}

function port(agreement: ReceiveAgreement): ReceivePort {
  return { agreement, streamAdded: () => {}, streamRemoved: () => {}, packet: () => {} };
}

/** A router and what it said. */
function router(maxStreams = 256): { router: Router; log: string[] } {
  const log: string[] = [];
  const say = (what: string, { info, rid }: RemoteStream): void => {
    log.push(`${what} ${info.ssrc} ${rid ?? '-'} rtx ${info.rtxSsrc ?? '-'}`);
  };
  const made = new Router(
    { bind: (stream, isNew) => say(isNew ? 'bind' : 'change', stream), unbind: (stream) => say('unbind', stream) },
    maxStreams,
  );
  return { router: made, log };
}

it('goes by MID, then by SSRC alone', () => {
  const { router: it, log } = router();
  const audio = port(agreed('audio'));
  const video = port(agreed('video'));
  it.setPort(audio, 0);
  it.setPort(video, 0);
  expect(it.route(packet(5, 96, [text(MID_ID, '1')]), 0)?.port).toBe(video);
  expect(it.route(packet(5, 96), 1)?.port).toBe(video);
  expect(it.route(packet(6, 111, [text(MID_ID, '0')]), 2)?.port).toBe(audio);
  expect(log).toEqual(['bind 5 - rtx -', 'bind 6 - rtx -']);
});

it('follows an SSRC to the section that its MID names', () => {
  const { router: it, log } = router();
  const first = port(agreed('video', { mid: 'a' }));
  const second = port(agreed('video', { mid: 'b' }));
  it.setPort(first, 0);
  it.setPort(second, 0);
  it.route(packet(5, 96, [text(MID_ID, 'a')]), 0);
  expect(it.route(packet(5, 96, [text(MID_ID, 'b')]), 1)?.port).toBe(second);
  expect(it.route(packet(5, 96), 2)?.port).toBe(second);
  expect(log).toEqual(['bind 5 - rtx -', 'unbind 5 - rtx -', 'bind 5 - rtx -']);
});

it('knows announced SSRCs and their groups', () => {
  const { router: it, log } = router();
  const first = port(agreed('video', { mid: 'a' }));
  const second = port(
    agreed('video', { mid: 'b', ssrcs: [{ ssrc: 7 }, { ssrc: 8 }], ssrcGroups: [{ semantics: 'FID', ssrcs: [7, 8] }] }),
  );
  it.setPort(first, 0);
  it.setPort(second, 0);
  // Both sections have the payload types: only the announcement tells.
  expect(it.route(packet(9, 96), 0)).toBeUndefined();
  expect(it.route(packet(7, 96), 0)?.port).toBe(second);
  expect(it.route(packet(8, RTX.payloadType), 0)?.info.ssrc).toBe(7);
  expect(log).toEqual(['bind 7 - rtx 8']);
  expect(it.counters.unknownStream).toBe(1);
});

it('goes by the payload type when only one section has it', () => {
  const { router: it } = router();
  const audio = port(agreed('audio'));
  const video = port(agreed('video'));
  it.setPort(audio, 0);
  it.setPort(video, 0);
  expect(it.route(packet(1, OPUS.payloadType), 0)?.port).toBe(audio);
  expect(it.route(packet(2, VP8.payloadType), 0)?.port).toBe(video);
});

it('tells layers apart by RID and their retransmissions by repaired RID', () => {
  const { router: it, log } = router();
  it.setPort(port(agreed('video', { layers: layers('q', 'h', 'f') })), 0);
  const mid = text(MID_ID, '1');
  expect(it.route(packet(1, 96, [mid, text(RID_ID, 'h')]), 0)?.rid).toBe('h');
  expect(it.route(packet(2, 96, [mid, text(RID_ID, 'f')]), 0)?.rid).toBe('f');
  expect(it.route(packet(3, 97, [mid, text(REPAIRED_RID_ID, 'f')]), 0)?.info.ssrc).toBe(2);
  expect(it.route(packet(3, 97), 0)?.rid).toBe('f');
  expect(log).toEqual(['bind 1 h rtx -', 'bind 2 f rtx -', 'change 2 f rtx 3']);
  // A layer without its RID, a RID that is none of ours, repair of a layer that did not come yet.
  expect(it.route(packet(4, 96, [mid]), 0)).toBeUndefined();
  expect(it.route(packet(5, 96, [mid, text(RID_ID, 'x')]), 0)).toBeUndefined();
  expect(it.route(packet(6, 97, [mid, text(REPAIRED_RID_ID, 'q')]), 0)).toBeUndefined();
  expect(it.counters).toMatchObject({ unknownStream: 1, unknownSection: 1, orphanedRepair: 1 });
});

it('takes a layer over to another SSRC', () => {
  const { router: it, log } = router();
  it.setPort(port(agreed('video', { layers: layers('h') })), 0);
  const names = [text(MID_ID, '1'), text(RID_ID, 'h')];
  it.route(packet(1, 96, names), 0);
  it.route(packet(2, 96, names), 0);
  expect(it.route(packet(1, 96), 0)).toBeUndefined();
  expect(log).toEqual(['bind 1 h rtx -', 'unbind 1 h rtx -', 'bind 2 h rtx -']);
});

it('drops and counts what was not negotiated', () => {
  const { router: it, log } = router();
  it.setPort(port(agreed('audio', { codecs: [OPUS] })), 0);
  expect(it.route(packet(1, PCMU.payloadType, [text(MID_ID, '0')]), 0)).toBeUndefined();
  expect(it.route(packet(1, OPUS.payloadType, [text(MID_ID, '0')]), 0)).toBeDefined();
  expect(it.route(packet(1, PCMU.payloadType), 0)).toBeUndefined();
  expect(it.route(packet(2, OPUS.payloadType, [text(MID_ID, 'zz')]), 0)).toBeUndefined();
  expect(it.counters).toMatchObject({ unknownPayloadType: 2, unknownSection: 1 });
  expect(log).toEqual(['bind 1 - rtx -']);
});

it('keeps no more streams than it may, and gives up the one that was silent longest', () => {
  const { router: it, log } = router(4);
  it.setPort(port(agreed('audio')), 0);
  for (let ssrc = 1; ssrc <= 4; ssrc++) it.route(packet(ssrc, 111), ssrc);
  it.route(packet(1, 111), 10);
  it.route(packet(5, 111), 11);
  expect(it.streams).toHaveLength(4);
  expect(log.at(-2)).toBe('unbind 2 - rtx -');
  expect(it.counters.evicted).toBe(1);
  for (let ssrc = 100; ssrc < 1000; ssrc++) it.route(packet(ssrc, 111), ssrc);
  expect(it.streams).toHaveLength(4);
});

it('forgets the streams of a receiver that left, and those that said BYE', () => {
  const { router: it, log } = router();
  const audio = port(agreed('audio'));
  it.setPort(audio, 0);
  it.route(packet(1, 111), 0);
  it.route(packet(2, 111), 0);
  it.bye(1, 1);
  it.removePort(audio, 2);
  expect(it.route(packet(2, 111), 3)).toBeUndefined();
  expect(log.slice(2)).toEqual(['unbind 1 - rtx -', 'unbind 2 - rtx -']);
});

it('keeps what it learned over a changed agreement', () => {
  const { router: it, log } = router();
  const video = { ...port(agreed('video', { layers: layers('h', 'f') })) };
  const names = (rid: number, value: string) => [text(MID_ID, '1'), text(rid, value)];
  it.setPort(video, 0);
  it.route(packet(1, 96, names(RID_ID, 'h')), 0);
  it.route(packet(2, 96, names(RID_ID, 'f')), 0);
  it.route(packet(3, 97, names(REPAIRED_RID_ID, 'f')), 0);
  it.setPort(Object.assign(video, { agreement: agreed('video', { layers: layers('f') }) }), 1);
  expect(log.slice(3)).toEqual(['unbind 1 h rtx -', 'change 2 f rtx 3']);
  expect(it.route(packet(2, 96), 2)?.rid).toBe('f');
  expect(it.route(packet(3, 97), 2)?.rid).toBe('f');
  expect(it.route(packet(1, 96), 2)).toBeUndefined();
});

it('counts header extensions that were not negotiated', () => {
  const { router: it } = router();
  it.setPort(port(agreed('video')), 0);
  const unknown = [text(14, 'abc'), text(12, 'x')];
  it.route(packet(5, 96, [text(MID_ID, '1'), ...unknown]), 0);
  expect(it.counters.unknownExtension).toBe(2);
  it.route(packet(5, 96, [text(MID_ID, '1')], 2), 1);
  it.route(packet(5, 96, [text(200, 'abc')], 3), 2);
  expect(it.counters.unknownExtension).toBe(3);
});
