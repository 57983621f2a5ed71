import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import { EXTENSION_URI } from '@kaon/rtp';
import { nodeCrypto } from '@kaon/runtime/node';
import type { SrtpCrypto } from '@kaon/srtp';
import { type NetemOptions, Pair, type PairEnd, seededRandom } from '@kaon/testing';
import type { MediaHost } from '../../src/media/host.ts';
import type {
  CodecParameters,
  ExtensionParameters,
  LayerParameters,
  ReceiveAgreement,
  SendAgreement,
} from '../../src/media/negotiated.ts';
import type { MediaOptions } from '../../src/media/options.ts';
import type { RTCRtpEncodingParameters } from '../../src/media/parameters/types.ts';
import { FORWARDING_HEADROOM, MediaTransport } from '../../src/media/pipeline/media-transport.ts';
import { type RTCRtpReceiver, receiverInternals } from '../../src/media/receiver.ts';
import { type RTCRtpSender, senderInternals } from '../../src/media/sender.ts';
import type { MediaStreamTrack } from '../../src/media/track.ts';
import { RTCStatsReport } from '../../src/stats/report.ts';

const VIDEO_FEEDBACK: CodecParameters['rtcpFeedback'] = [
  { type: 'nack' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'transport-cc' },
];

export const OPUS: CodecParameters = {
  payloadType: 111,
  mimeType: 'audio/opus',
  clockRate: 48_000,
  channels: 2,
  sdpFmtpLine: 'minptime=10;useinbandfec=1',
  rtcpFeedback: [{ type: 'transport-cc' }],
};
export const PCMU: CodecParameters = { payloadType: 0, mimeType: 'audio/PCMU', clockRate: 8000, rtcpFeedback: [] };
export const TONES: CodecParameters = {
  payloadType: 126,
  mimeType: 'audio/telephone-event',
  clockRate: 8000,
  sdpFmtpLine: '0-15',
  rtcpFeedback: [],
};
export const TONES_48: CodecParameters = { ...TONES, payloadType: 110, clockRate: 48_000 };
export const VP8: CodecParameters = {
  payloadType: 96,
  mimeType: 'video/VP8',
  clockRate: 90_000,
  rtcpFeedback: VIDEO_FEEDBACK,
};
export const RTX: CodecParameters = {
  payloadType: 97,
  mimeType: 'video/rtx',
  clockRate: 90_000,
  sdpFmtpLine: 'apt=96',
  rtcpFeedback: [],
};
export const H264: CodecParameters = {
  payloadType: 102,
  mimeType: 'video/H264',
  clockRate: 90_000,
  sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  rtcpFeedback: VIDEO_FEEDBACK,
};

export const MID_ID = 4;
export const RID_ID = 10;
export const REPAIRED_RID_ID = 11;
export const AUDIO_LEVEL_ID = 1;
export const ORIENTATION_ID = 13;

export const EXTENSIONS: readonly ExtensionParameters[] = [
  { id: AUDIO_LEVEL_ID, uri: EXTENSION_URI.audioLevel },
  { id: 2, uri: EXTENSION_URI.absSendTime },
  { id: 3, uri: EXTENSION_URI.transportSequenceNumber },
  { id: MID_ID, uri: EXTENSION_URI.mid },
  { id: RID_ID, uri: EXTENSION_URI.rid },
  { id: REPAIRED_RID_ID, uri: EXTENSION_URI.repairedRid },
  { id: ORIENTATION_ID, uri: EXTENSION_URI.videoOrientation },
].map((one) => ({ ...one, encrypted: false }));

/** What both sides agreed on for a section of this kind. */
export function agreed<T extends Partial<ReceiveAgreement & SendAgreement>>(
  kind: 'audio' | 'video',
  changes: T = {} as T,
): ReceiveAgreement & SendAgreement {
  return {
    mid: kind === 'audio' ? '0' : '1',
    kind,
    codecs: kind === 'audio' ? [OPUS, PCMU, TONES, TONES_48] : [VP8, RTX, H264],
    headerExtensions: EXTENSIONS,
    extmapAllowMixed: true,
    reducedSize: true,
    layers: [],
    ssrcs: [],
    ssrcGroups: [],
    ...changes,
  };
}

/** Layers of a simulcast. */
export function layers(...rids: string[]): LayerParameters[] {
  return rids.map((rid) => ({ rid, paused: false, restrictions: {} }));
}

/** A transport with the objects of a connection around it, on the clock of a `Pair`. */
export class MediaSide {
  readonly transport: MediaTransport;
  readonly host: MediaHost & { closed: boolean };
  readonly end: PairEnd;
  readonly senders: RTCRtpSender[] = [];
  readonly receivers: RTCRtpReceiver[] = [];
  negotiationNeeded = 0;
  /** Set by `MediaPair`. */
  clock: () => Instant = () => 1000;
  readonly #timers = new Set<{ at: Instant; callback: () => void }>();

  constructor(
    seed: number,
    media: MediaOptions = {},
    {
      mtu,
      portable = false,
      crypto = nodeCrypto,
    }: { mtu?: number | undefined; portable?: boolean | undefined; crypto?: SrtpCrypto | undefined } = {},
  ) {
    const random = seededRandom(seed);
    this.transport = new MediaTransport({
      crypto: portable ? undefined : crypto,
      mtu,
      random,
      wallClock: () => 1_700_000_000_000 + this.clock(),
      cname: `side${seed}`,
      media,
    });
    this.host = {
      random,
      cname: `side${seed}`,
      closed: false,
      now: () => this.clock(),
      wallClock: () => 1_700_000_000_000 + this.clock(),
      defer: (task) => this.#at(this.clock(), task),
      timer: (callback) => {
        const entry = { at: Number.POSITIVE_INFINITY, callback };
        this.#timers.add(entry);
        return {
          reset: (at) => {
            entry.at = at;
          },
          cancel: () => {
            entry.at = Number.POSITIVE_INFINITY;
          },
        };
      },
      updateNegotiationNeeded: () => {
        this.negotiationNeeded++;
      },
      getStats: async () => new RTCStatsReport(),
    };
    this.end = {
      core: {
        handleTimeout: (now) => this.#timeout(now),
        pollTimeout: () => Math.min(this.transport.pollTimeout(), ...[...this.#timers].map(({ at }) => at)),
        pollTransmit: (slot: TransmitSlot, now) => this.transport.pollTransmit(slot, now),
        pollEvent: () => undefined,
      },
      receive: (bytes, _path, now, ecn) => this.transport.handleDatagram(bytes, now, ecn),
    };
  }

  sender(
    agreement: SendAgreement,
    track: MediaStreamTrack | null,
    sendEncodings: readonly RTCRtpEncodingParameters[] = [],
  ): RTCRtpSender {
    const { kind } = agreement;
    const sender = senderInternals.create({ kind, track, streamIds: [], sendEncodings, host: this.host });
    senderInternals.agree(sender, agreement, this.transport, null);
    this.senders.push(sender);
    return sender;
  }

  receiver(agreement: ReceiveAgreement): RTCRtpReceiver {
    const receiver = receiverInternals.create({ kind: agreement.kind, host: this.host });
    receiverInternals.agree(receiver, agreement, this.transport, null);
    this.receivers.push(receiver);
    return receiver;
  }

  key(role: 'client' | 'server', profile = 7): void {
    this.transport.keys(profile, (_label, length) => seededRandom(7).bytes(length), role, this.clock());
  }

  /** Runs `callback` at each `interval` ms, `count` times. */
  every(interval: number, count: number, callback: (index: number) => void): void {
    const start = this.clock();
    for (let index = 0; index < count; index++) this.#at(start + index * interval, () => callback(index));
  }

  #at(at: Instant, callback: () => void): void {
    const entry = {
      at,
      callback: () => {
        this.#timers.delete(entry);
        callback();
      },
    };
    this.#timers.add(entry);
  }

  #timeout(now: Instant): void {
    for (const entry of [...this.#timers]) {
      if (entry.at > now) continue;
      entry.at = Number.POSITIVE_INFINITY;
      entry.callback();
    }
    this.transport.handleTimeout(now);
  }
}

/** Two transports with keys, joined by a line. */
export class MediaPair {
  readonly a: MediaSide;
  readonly b: MediaSide;
  readonly line: Pair<PairEnd, PairEnd>;

  constructor(
    netem: NetemOptions = { delay: 5 },
    options: {
      a?: MediaOptions;
      b?: MediaOptions;
      keys?: boolean;
      profile?: number;
      seed?: number;
      mtu?: number;
      portable?: boolean;
      /** Ciphers of side `a`. */
      crypto?: SrtpCrypto;
    } = {},
  ) {
    this.a = new MediaSide(1, options.a, options);
    this.b = new MediaSide(2, options.b, { ...options, crypto: undefined });
    this.line = new Pair<PairEnd, PairEnd>(this.a.end, this.b.end, {
      netem,
      mtu: 1200 + FORWARDING_HEADROOM,
      seed: options.seed,
    });
    this.a.clock = () => this.line.now;
    this.b.clock = () => this.line.now;
    if (options.keys !== false) this.key(options.profile);
  }

  key(profile?: number): void {
    this.a.key('client', profile);
    this.b.key('server', profile);
  }
}

/** A VP8 frame of this many bytes (RFC 6386 §9.1): only its first bytes mean anything. */
export function vp8Frame(keyFrame: boolean, size = 3000, seed = 1): Uint8Array {
  const data = seededRandom(seed).bytes(Math.max(10, size));
  const length = Math.min(size - 10, 0x7ffff);
  data[0] = ((length & 7) << 5) | 0x10 | (keyFrame ? 0 : 1);
  data[1] = (length >> 3) & 0xff;
  data[2] = (length >> 11) & 0xff;
  if (keyFrame) data.set([0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00], 3);
  return data;
}

/** An Opus packet of 20 ms: one frame of fullband CELT (RFC 6716 §3.1). */
export function opusFrame(size = 80, seed = 1): Uint8Array {
  const data = seededRandom(seed).bytes(size);
  data[0] = 0xf8;
  return data;
}
