/** What all libraries are given to work on: the same bytes for each. */
import { readFileSync } from 'node:fs';
import { encodeRtp } from '@kaon/rtp';
import { createPacketizer } from '@kaon/rtp/payload';
import { encodeRtcp } from '@kaon/rtp/rtcp';
import { encodeMessage, METHOD } from '@kaon/stun';
import { codecFrames, filler } from './frames.ts';

/** By name, each a list in base64. */
export type Inputs = Readonly<Record<string, readonly string[]>>;

const SDP = new URL('../../../packages/sdp/test/vectors/', import.meta.url);
const HEADER = { payloadType: 96, sequenceNumber: 12_345, timestamp: 3_000_000, ssrc: 0x12345678, marker: true };
/** Of a payload. */
const MAX_SIZE = 1188;
const MIME_TYPES: Readonly<Record<string, string>> = {
  opus: 'audio/opus',
  vp8: 'video/VP8',
  vp9: 'video/VP9',
  h264: 'video/H264',
  h265: 'video/H265',
  av1: 'video/AV1',
};

export function makeInputs(): Inputs {
  const inputs: Record<string, readonly Uint8Array[]> = {
    rtp: [encodeRtp({ ...HEADER, payload: filler(1200, 1) })],
    'rtp-extensions': [
      encodeRtp({
        ...HEADER,
        extensions: [
          { id: 1, data: new Uint8Array([0x30]) },
          { id: 2, data: new Uint8Array([0x12, 0x34, 0x56]) },
          { id: 3, data: new Uint8Array([0x43, 0x21]) },
        ],
        payload: filler(1200, 1),
      }),
    ],
    'h264-single': [encodeRtp({ ...HEADER, payload: new Uint8Array([0x41, ...filler(499, 1)]) })],
    ...rtcp(),
    'sdp-short': [readFileSync(new URL('safari-av-data.sdp', SDP))],
    'sdp-long': [readFileSync(new URL('chromium-default-av-data.sdp', SDP))],
    stun: [
      encodeMessage({
        class: 'request',
        method: METHOD.Binding,
        transactionId: filler(12, 3),
        attributes: [
          { type: 'username', username: 'abcd1234:efgh5678' },
          { type: 'priority', priority: 2_130_706_431 },
          { type: 'ice-controlled', tieBreaker: 123_456_789n },
        ],
      }),
    ],
    'candidate-host': [text('1510613869 1 udp 2130706431 192.168.1.100 31102 typ host generation 0 ufrag b7l3')],
    'candidate-reflexive': [
      text(
        '842163049 1 udp 1694498815 203.0.113.50 54321 typ srflx raddr 192.168.1.100 rport 31102 generation 0 ufrag b7l3',
      ),
    ],
  };
  for (const [codec, frames] of Object.entries(codecFrames())) {
    inputs[`${codec}-frames`] = frames;
    inputs[`${codec}-packets`] = packets(MIME_TYPES[codec]!, frames);
  }
  return Object.fromEntries(
    Object.entries(inputs).map(([name, list]) => [name, list.map((bytes) => Buffer.from(bytes).toString('base64'))]),
  );
}

function text(line: string): Uint8Array {
  return new TextEncoder().encode(line);
}

/** Whole packets of the frames, the sequence numbers from 0 on. */
function packets(mimeType: string, frames: readonly Uint8Array[]): Uint8Array[] {
  const packetizer = createPacketizer(mimeType, { pictureId: 100 });
  if (packetizer === undefined) throw new Error(`no packetizer for ${mimeType}`);
  const made: Uint8Array[] = [];
  const buffer = new Uint8Array(MAX_SIZE);
  for (const [index, data] of frames.entries()) {
    packetizer.start({ data, timestamp: 3000 * index, keyFrame: index === 0 }, MAX_SIZE);
    for (let length = packetizer.next(buffer, 0); length > 0; length = packetizer.next(buffer, 0)) {
      const header = { ...HEADER, sequenceNumber: made.length, timestamp: 3000 * index, marker: packetizer.isLast };
      made.push(encodeRtp({ ...header, payload: buffer.subarray(0, length) }));
    }
  }
  return made;
}

function rtcp(): Record<string, Uint8Array[]> {
  const report = {
    ssrc: 0x22222222,
    fractionLost: 3,
    cumulativeLost: 1234,
    highestSequence: 0x1ffff,
    jitter: 77,
    lastSenderReport: 0x12345678,
    delaySinceLastSenderReport: 65_536,
  };
  return {
    'rtcp-report': [
      encodeRtcp([
        {
          type: 'sr',
          ssrc: 0x11111111,
          ntpSeconds: 3_900_000_000,
          ntpFraction: 0x80000000,
          rtpTimestamp: 3_000_000,
          packetCount: 1000,
          octetCount: 1_200_000,
          reports: [report],
        },
        { type: 'sdes', chunks: [{ ssrc: 0x11111111, items: [{ name: 'cname', text: 'abcdefghijklmnop' }] }] },
      ]),
    ],
    'rtcp-twcc': [
      encodeRtcp([
        {
          type: 'twcc',
          senderSsrc: 0x11111111,
          mediaSsrc: 0x22222222,
          baseSequence: 1000,
          feedbackCount: 7,
          referenceTime: 64_000,
          // One packet in twenty is lost.
          packets: Array.from({ length: 100 }, (_, index) => (index % 20 === 13 ? undefined : index * 0.5)),
        },
      ]),
    ],
    'rtcp-nack': [
      encodeRtcp([
        { type: 'nack', senderSsrc: 0x11111111, mediaSsrc: 0x22222222, lost: [100, 101, 105, 116, 200, 300] },
      ]),
    ],
  };
}
