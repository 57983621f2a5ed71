import {
  Av1Packetizer,
  Candidate,
  type DepacketizerCodec,
  dePacketizeRtpPackets,
  H264Packetizer,
  H265Packetizer,
  OpusPacketizer,
  type PacketizerBaseOptions,
  parseMessage,
  RTP_EXTENSION_URI,
  RtcpPacketConverter,
  RtpHeader,
  RtpPacket,
  rtpHeaderExtensionsParser,
  SessionDescription,
  SrtpSession,
  serializeAbsSendTime,
  serializeSdesMid,
  serializeTransportWideCC,
  TransportWideCC,
  Vp8Packetizer,
  Vp9Packetizer,
} from 'werift';
import type { Inputs } from '../../media/inputs.ts';
import { bytesOf, firstOf, keep, type Operation, type Operations, textOf, use } from './operation.ts';

const PROFILES: Readonly<Record<string, { id: 1 | 7; key: number; salt: number }>> = {
  AES_CM_128_HMAC_SHA1_80: { id: 1, key: 16, salt: 14 },
  AEAD_AES_128_GCM: { id: 7, key: 16, salt: 12 },
};
const SIZES = [200, 1200] as const;
const CODECS: Readonly<Record<string, DepacketizerCodec>> = {
  opus: 'OPUS',
  vp8: 'VP8',
  vp9: 'VP9',
  h264: 'MPEG4/ISO/AVC',
  h265: 'H265',
  av1: 'AV1',
};
const PACKETIZERS: Readonly<
  Record<string, new (options: PacketizerBaseOptions) => { packetize(data: Buffer, timestamp: number): RtpPacket[] }>
> = {
  opus: OpusPacketizer,
  vp8: Vp8Packetizer,
  vp9: Vp9Packetizer,
  h264: H264Packetizer,
  h265: H265Packetizer,
  av1: Av1Packetizer,
};
const EXTENSIONS = {
  1: RTP_EXTENSION_URI.sdesMid,
  2: RTP_EXTENSION_URI.absSendTime,
  3: RTP_EXTENSION_URI.transportWideCC,
};

export const operations: Operations = {
  'rtp-parse': (inputs) => {
    const bytes = buffer(inputs, 'rtp');
    return {
      run: () => {
        for (let i = 0; i < 500; i++) {
          const packet = RtpPacket.deSerialize(bytes);
          const { header } = packet;
          keep(packet);
          use(header.sequenceNumber + header.timestamp + header.ssrc + header.payloadType + header.payloadOffset);
        }
        return 500;
      },
    };
  },
  'rtp-serialize': (inputs) => {
    const packet = RtpPacket.deSerialize(buffer(inputs, 'rtp'));
    return {
      run: () => {
        for (let i = 0; i < 500; i++) keep(packet.serialize());
        return 500;
      },
    };
  },
  'extension-read': (inputs) => {
    const bytes = buffer(inputs, 'rtp-extensions');
    return {
      run: () => {
        for (let i = 0; i < 500; i++) {
          const { header } = RtpPacket.deSerialize(bytes);
          keep(rtpHeaderExtensionsParser(header.extensions, EXTENSIONS));
        }
        return 500;
      },
    };
  },
  'extension-write': (inputs) => {
    const { header, payload } = RtpPacket.deSerialize(buffer(inputs, 'rtp-extensions'));
    return {
      run: () => {
        for (let i = 0; i < 500; i++) {
          header.extensions = [
            { id: 1, payload: serializeSdesMid('0') },
            { id: 2, payload: serializeAbsSendTime(BigInt(i)) },
            { id: 3, payload: serializeTransportWideCC(i) },
          ];
          keep(new RtpPacket(header, payload).serialize());
        }
        return 500;
      },
    };
  },
  ...rtcp('report'),
  ...rtcp('twcc'),
  ...rtcp('nack'),
  ...Object.fromEntries(
    Object.entries(CODECS).flatMap(([codec, name]) => [
      [`depacketize-${codec}`, depacketize(name, `${codec}-packets`)],
      [`packetize-${codec}`, packetize(codec, `${codec}-frames`)],
    ]),
  ),
  'depacketize-h264-single': depacketize('MPEG4/ISO/AVC', 'h264-single'),
  ...Object.fromEntries(
    Object.keys(PROFILES).flatMap((profile) =>
      SIZES.flatMap((size) => [
        [`protect-${profile}-${size}`, () => protect(profile, size)],
        [`unprotect-${profile}-${size}`, () => unprotect(profile, size)],
      ]),
    ),
  ),
  'sdp-short': sdp('sdp-short'),
  'sdp-long': sdp('sdp-long'),
  'candidate-host': candidate('candidate-host'),
  'candidate-reflexive': candidate('candidate-reflexive'),
  stun: (inputs) => {
    const bytes = buffer(inputs, 'stun');
    return {
      run: () => {
        for (let i = 0; i < 500; i++) {
          const message = parseMessage(bytes);
          if (message === undefined) throw new Error('malformed');
          keep(message);
        }
        return 500;
      },
    };
  },
};

function buffer(inputs: Inputs, name: string): Buffer<ArrayBuffer> {
  return Buffer.from(firstOf(inputs, name).buffer);
}

function rtcp(name: string): Operations {
  return {
    [`${name}-decode`]: (inputs) => {
      const bytes = buffer(inputs, `rtcp-${name}`);
      return {
        run: () => {
          for (let i = 0; i < 100; i++) {
            const packets = RtcpPacketConverter.deSerialize(bytes);
            // Arrival times are what the feedback is read for.
            for (const packet of packets) {
              if ('feedback' in packet && packet.feedback instanceof TransportWideCC) {
                keep(packet.feedback.packetResults);
              }
            }
            keep(packets);
          }
          return 100;
        },
      };
    },
    [`${name}-encode`]: (inputs) => {
      const packets = RtcpPacketConverter.deSerialize(buffer(inputs, `rtcp-${name}`));
      return {
        run: () => {
          for (let i = 0; i < 100; i++) keep(Buffer.concat(packets.map((packet) => packet.serialize())));
          return 100;
        },
      };
    },
  };
}

function depacketize(codec: DepacketizerCodec, name: string): Operations[string] {
  return (inputs) => {
    const frames: RtpPacket[][] = [[]];
    let count = 0;
    for (const bytes of bytesOf(inputs, name)) {
      const packet = RtpPacket.deSerialize(Buffer.from(bytes.buffer));
      frames.at(-1)!.push(packet);
      if (packet.header.marker || codec === 'OPUS') frames.push([]);
      count++;
    }
    if (frames.at(-1)!.length === 0) frames.pop();
    return {
      run: () => {
        for (const packets of frames) keep(dePacketizeRtpPackets(codec, packets));
        return count;
      },
    };
  };
}

function packetize(codec: string, name: string): Operations[string] {
  return (inputs) => {
    const frames = bytesOf(inputs, name).map((bytes) => Buffer.from(bytes.buffer));
    const packetizer = new PACKETIZERS[codec]!({ maxPayloadSize: 1188 });
    return {
      run: () => {
        let count = 0;
        for (const frame of frames) count += packetizer.packetize(frame, 0).length;
        return count;
      },
    };
  };
}

function session(profile: string): SrtpSession {
  const { id, key, salt } = PROFILES[profile]!;
  const [masterKey, masterSalt] = [Buffer.alloc(key, 1), Buffer.alloc(salt, 2)];
  return new SrtpSession({
    keys: {
      localMasterKey: masterKey,
      localMasterSalt: masterSalt,
      remoteMasterKey: masterKey,
      remoteMasterSalt: masterSalt,
    },
    profile: id,
  });
}

function protect(profile: string, size: number): Operation {
  const sender = session(profile);
  const payload = Buffer.alloc(size - 12);
  const header = new RtpHeader({ payloadType: 96, sequenceNumber: 0, timestamp: 0, ssrc: 0 });
  return {
    run: () => {
      for (let i = 0; i < 100; i++) {
        header.sequenceNumber = (header.sequenceNumber + 1) & 0xffff;
        keep(sender.encrypt(payload, header));
      }
      return 100;
    },
  };
}

function unprotect(profile: string, size: number): Operation {
  const sender = session(profile);
  const receiver = session(profile);
  const payload = Buffer.alloc(size - 12);
  const header = new RtpHeader({ payloadType: 96, sequenceNumber: 0, timestamp: 0, ssrc: 0 });
  let packets: Buffer[] = [];
  return {
    prepare: () => {
      packets = Array.from({ length: 100 }, () => {
        header.sequenceNumber = (header.sequenceNumber + 1) & 0xffff;
        return sender.encrypt(payload, header);
      });
    },
    run: () => {
      for (const packet of packets) keep(receiver.decrypt(packet));
      return packets.length;
    },
  };
}

function sdp(name: string): Operations[string] {
  return (inputs) => {
    const text = textOf(inputs, name);
    return {
      run: () => {
        for (let i = 0; i < 10; i++) keep(SessionDescription.parse(text));
        return 10;
      },
    };
  };
}

function candidate(name: string): Operations[string] {
  return (inputs) => {
    const line = textOf(inputs, name);
    return {
      run: () => {
        for (let i = 0; i < 500; i++) keep(Candidate.fromSdp(line));
        return 500;
      },
    };
  };
}
