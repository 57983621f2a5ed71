/** werift's media behind the control protocol: files are sent as RTP, and what comes is counted and sent back. */
import { createPacketizer, type Packetizer } from '@kaon/rtp/payload';
import {
  dePacketizeRtpPackets,
  MediaStreamTrack,
  type RTCPeerConnection,
  type RTCRtpSender,
  RtpHeader,
  RtpPacket,
} from 'werift';
import type { MediaCommand, MediaFacts, MediaFile, MediaKind, Result, StreamFacts } from '../src/agent/protocol.ts';
import type { MediaSide } from '../src/agent/w3c.ts';
import { readFrames } from '../src/frames.ts';

interface Incoming {
  readonly kind: MediaKind;
  readonly ssrc: number;
  readonly rid: string | undefined;
  readonly codec: string | undefined;
  packets: number;
  bytes: number;
  frames: number;
  /** Of the frame that is being put together. */
  parts: RtpPacket[];
}

interface Outgoing {
  readonly track: MediaStreamTrack;
  readonly sender: RTCRtpSender;
  readonly file: MediaFile;
  readonly timer: NodeJS.Timeout;
  packets: number;
  plis: number;
  nacks: number;
}

export class WeriftMedia implements MediaSide {
  readonly #pc: RTCPeerConnection;
  readonly #in: Map<string, Incoming> = new Map();
  readonly #out: Map<string, Outgoing> = new Map();
  #echoes = false;

  constructor(pc: RTCPeerConnection) {
    this.#pc = pc;
    pc.onRemoteTransceiverAdded.subscribe((transceiver) => {
      transceiver.onTrack.subscribe((track) => {
        this.#listen(track);
        if (track.kind === 'video') setTimeout(() => void transceiver.receiver.sendRtcpPLI(track.ssrc ?? 0), 200);
        if (!this.#echoes) return;
        transceiver.setDirection('sendrecv');
        void transceiver.sender.replaceTrack(track);
      });
    });
    pc.onTransceiverAdded.subscribe((transceiver) => {
      transceiver.onTrack.subscribe((track) => this.#listen(track));
    });
  }

  async handle(command: MediaCommand): Promise<Result> {
    switch (command.cmd) {
      case 'media.send':
        if (command.file === undefined) throw new Error('werift sends files');
        this.#send(command.track, command.kind, command.file);
        return {};
      case 'media.receive':
        this.#pc.addTransceiver(command.kind, { direction: 'recvonly' });
        return {};
      case 'media.echo':
        this.#echoes = true;
        return {};
      case 'media.remove': {
        const out = this.#outgoing(command.track);
        clearInterval(out.timer);
        this.#pc.removeTrack(out.sender);
        this.#out.delete(command.track);
        return {};
      }
      case 'media.prefer':
        for (const transceiver of this.#pc.getTransceivers()) {
          const codecs = this.#pc.getConfiguration().codecs[transceiver.kind as MediaKind] ?? [];
          const chosen = codecs.filter(
            ({ mimeType }) => mimeType.toLowerCase() === command.codec.mimeType.toLowerCase(),
          );
          if (chosen.length > 0)
            transceiver.setCodecPreferences(command.only ? chosen : [...new Set([...chosen, ...codecs])]);
        }
        return {};
      case 'media.facts':
        return { media: this.#facts() };
      default:
        throw new Error(`no command ${command.cmd}`);
    }
  }

  close(): void {
    for (const { timer } of this.#out.values()) clearInterval(timer);
  }

  #listen(track: MediaStreamTrack): void {
    track.onReceiveRtp.subscribe((packet) => {
      const key = `${packet.header.ssrc}`;
      let incoming = this.#in.get(key);
      if (incoming === undefined) {
        const { kind, rid, codec } = track;
        const ssrc = packet.header.ssrc;
        incoming = {
          kind: kind as MediaKind,
          ssrc,
          rid,
          codec: codec?.mimeType,
          packets: 0,
          bytes: 0,
          frames: 0,
          parts: [],
        };
        this.#in.set(key, incoming);
      }
      incoming.packets++;
      incoming.bytes += packet.payload.length;
      if (incoming.kind === 'audio') return;
      incoming.parts.push(packet);
      if (!packet.header.marker) return;
      const name = incoming.codec?.split('/')[1]?.toUpperCase();
      const known = name === 'VP8' || name === 'VP9' || name === 'AV1' ? name : 'MPEG4/ISO/AVC';
      if (dePacketizeRtpPackets(known, incoming.parts).data.length > 0) incoming.frames++;
      incoming.parts = [];
    });
  }

  #send(name: string, kind: MediaKind, file: MediaFile): void {
    const track = new MediaStreamTrack({ kind });
    const sender = this.#pc.addTrack(track);
    const { frames, interval, mimeType } = readFrames(file);
    const packetizer = createPacketizer(mimeType, { pictureId: 1 }) as Packetizer;
    const step = (CLOCK_RATES[mimeType] ?? (kind === 'video' ? 90_000 : 48_000)) * (interval / 1000);
    const buffer = new Uint8Array(1200);
    let [next, sequenceNumber, timestamp] = [0, 0, 0];
    const timer = setInterval(() => {
      const frame = frames[next++ % frames.length]!;
      packetizer.start({ ...frame, timestamp: 0, keyFrame: frame.keyFrame } as never, 1100);
      for (let length = packetizer.next(buffer, 0); length > 0; length = packetizer.next(buffer, 0)) {
        const marker = kind === 'video' && packetizer.isLast;
        const header = new RtpHeader({
          sequenceNumber: sequenceNumber++ & 0xffff,
          timestamp: timestamp >>> 0,
          payloadType: 96,
          marker,
        });
        track.writeRtp(new RtpPacket(header, Buffer.from(buffer.subarray(0, length))));
        out.packets++;
      }
      timestamp += step;
    }, interval);
    const out: Outgoing = { track, sender, file, timer, packets: 0, plis: 0, nacks: 0 };
    sender.onPictureLossIndication.subscribe(() => {
      out.plis++;
      next = 0;
    });
    sender.onGenericNack.subscribe(() => void out.nacks++);
    this.#out.set(name, out);
  }

  #outgoing(name: string): Outgoing {
    const out = this.#out.get(name);
    if (out === undefined) throw new Error(`no track ${name}`);
    return out;
  }

  #facts(): MediaFacts {
    const inbound = [...this.#in.values()].map(
      ({ kind, ssrc, rid, codec, packets, bytes, frames }): StreamFacts => ({
        kind,
        ssrc,
        ...(rid !== undefined && { rid }),
        ...(codec !== undefined && { codec }),
        packets,
        bytes,
        ...(kind === 'video' ? { framesDecoded: frames } : { totalSamplesReceived: packets * 960 }),
      }),
    );
    const outbound = [...this.#out.values()].map(
      ({ track, sender, file, packets, plis, nacks }): StreamFacts => ({
        kind: track.kind as MediaKind,
        ssrc: sender.ssrc,
        codec: file.mimeType,
        packets,
        bytes: 0,
        pliCount: plis,
        nackCount: nacks,
      }),
    );
    const transceivers = this.#pc.getTransceivers().map(({ mid, kind, direction, currentDirection }) => ({
      mid,
      kind: kind as MediaKind,
      direction,
      currentDirection: currentDirection ?? null,
    }));
    return { inbound, outbound, remoteTracks: [], transceivers, colours: [] };
  }
}

const CLOCK_RATES: Readonly<Record<string, number>> = { 'audio/PCMU': 8000, 'audio/PCMA': 8000, 'audio/G722': 8000 };
