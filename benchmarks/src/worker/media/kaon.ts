import { decodeCandidate } from '@kaon/ice';
import {
  decodeRtp,
  ExtensionLayout,
  encodeRtp,
  RtpPacket,
  readAbsSendTime,
  readMid,
  readTransportSequenceNumber,
  writeAbsSendTime,
  writeMid,
  writeRtpHeader,
  writeTransportSequenceNumber,
} from '@kaon/rtp';
import { createDepacketizer, createPacketizer } from '@kaon/rtp/payload';
import { decodeRtcp, encodeRtcp } from '@kaon/rtp/rtcp';
import { nodeCrypto } from '@kaon/runtime/node';
import { decodeSdp } from '@kaon/sdp';
import { ReplayWindow, SRTP_PROFILES, type SrtpProfileName, SrtpSession } from '@kaon/srtp';
import { decodeMessage } from '@kaon/stun';
import { isMalformed } from '@kaon/wire';
import { bytesOf, firstOf, keep, type Operation, type Operations, textOf, use } from './operation.ts';

const PROFILES: readonly SrtpProfileName[] = ['AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM', 'AEAD_AES_256_GCM'];
const SIZES = [200, 1200] as const;
const CODECS: Readonly<Record<string, string>> = {
  opus: 'audio/opus',
  vp8: 'video/VP8',
  vp9: 'video/VP9',
  h264: 'video/H264',
  h265: 'video/H265',
  av1: 'video/AV1',
};

export const operations: Operations = {
  'rtp-parse': (inputs) => {
    const bytes = firstOf(inputs, 'rtp');
    return {
      run: () => {
        for (let i = 0; i < 1000; i++) {
          const packet = decodeRtp(bytes);
          if (isMalformed(packet)) throw new Error('malformed');
          use(packet.sequenceNumber + packet.timestamp + packet.ssrc + packet.payloadType + packet.payloadOffset);
          keep(packet);
        }
        return 1000;
      },
    };
  },
  'rtp-serialize': (inputs) => {
    const packet = read(firstOf(inputs, 'rtp'));
    const init = { ...headerOf(packet), payload: packet.payload };
    return {
      run: () => {
        for (let i = 0; i < 1000; i++) keep(encodeRtp(init));
        return 1000;
      },
    };
  },
  'rtp-write': (inputs) => {
    const packet = read(firstOf(inputs, 'rtp'));
    const header = headerOf(packet);
    const { payload } = packet;
    const buffer = new Uint8Array(1500);
    return {
      run: () => {
        for (let i = 0; i < 1000; i++) {
          const at = writeRtpHeader(buffer, 0, header);
          buffer.set(payload, at);
          use(at);
        }
        return 1000;
      },
    };
  },
  'extension-read': (inputs) => {
    const bytes = firstOf(inputs, 'rtp-extensions');
    return {
      run: () => {
        for (let i = 0; i < 1000; i++) {
          const packet = decodeRtp(bytes);
          if (isMalformed(packet)) throw new Error('malformed');
          const mid = readMid(bytes, packet.extensionOffset(1), packet.extensionLength(1));
          if (isMalformed(mid)) throw new Error('malformed');
          use(mid.length + readAbsSendTime(bytes, packet.extensionOffset(2), packet.extensionLength(2)));
          use(readTransportSequenceNumber(bytes, packet.extensionOffset(3), packet.extensionLength(3)));
          keep(packet);
        }
        return 1000;
      },
    };
  },
  'extension-write': (inputs) => {
    const packet = read(firstOf(inputs, 'rtp-extensions'));
    const layout = new ExtensionLayout([
      { id: 1, length: 1 },
      { id: 2, length: 3 },
      { id: 3, length: 2 },
    ]);
    const header = { ...headerOf(packet), layout };
    const { payload } = packet;
    const buffer = new Uint8Array(1500);
    return {
      run: () => {
        for (let i = 0; i < 1000; i++) {
          const at = writeRtpHeader(buffer, 0, header);
          const block = at - layout.length;
          writeMid(buffer, block + layout.offset(1), '0');
          writeAbsSendTime(buffer, block + layout.offset(2), i);
          writeTransportSequenceNumber(buffer, block + layout.offset(3), i);
          buffer.set(payload, at);
          use(at);
        }
        return 1000;
      },
    };
  },
  ...rtcp('report'),
  ...rtcp('twcc'),
  ...rtcp('nack'),
  ...Object.fromEntries(
    Object.entries(CODECS).flatMap(([codec, mimeType]) => [
      [`depacketize-${codec}`, depacketize(mimeType, `${codec}-packets`)],
      [`packetize-${codec}`, packetize(mimeType, `${codec}-frames`)],
    ]),
  ),
  'depacketize-h264-single': depacketize('video/H264', 'h264-single', 'h264-packets'),
  ...Object.fromEntries(
    PROFILES.flatMap((profile) =>
      SIZES.flatMap((size) => [
        [`protect-${profile}-${size}`, () => protect(profile, size)],
        [`unprotect-${profile}-${size}`, () => unprotect(profile, size)],
      ]),
    ),
  ),
  'replay-window': () => {
    const window = new ReplayWindow(1024);
    let index = 0;
    return {
      run: () => {
        for (let i = 0; i < 1000; i++) {
          index++;
          if (!window.isNew(index)) throw new Error('not new');
          window.accept(index);
        }
        return 1000;
      },
    };
  },
  'sdp-short': sdp('sdp-short'),
  'sdp-long': sdp('sdp-long'),
  'candidate-host': candidate('candidate-host'),
  'candidate-reflexive': candidate('candidate-reflexive'),
  stun: (inputs) => {
    const bytes = firstOf(inputs, 'stun');
    return {
      run: () => {
        for (let i = 0; i < 1000; i++) {
          const message = decodeMessage(bytes);
          if (isMalformed(message)) throw new Error('malformed');
          keep(message);
        }
        return 1000;
      },
    };
  },
};

function read(bytes: Uint8Array): RtpPacket {
  return new RtpPacket(bytes);
}

function headerOf(packet: RtpPacket): Omit<Parameters<typeof encodeRtp>[0], 'payload'> {
  const { marker, payloadType, sequenceNumber, timestamp, ssrc } = packet;
  return { marker, payloadType, sequenceNumber, timestamp, ssrc };
}

function rtcp(name: string): Operations {
  return {
    [`${name}-decode`]: (inputs) => {
      const bytes = firstOf(inputs, `rtcp-${name}`);
      return {
        run: () => {
          for (let i = 0; i < 200; i++) {
            const packets = decodeRtcp(bytes);
            if (isMalformed(packets)) throw new Error('malformed');
            keep(packets);
          }
          return 200;
        },
      };
    },
    [`${name}-encode`]: (inputs) => {
      const packets = decodeRtcp(firstOf(inputs, `rtcp-${name}`));
      if (isMalformed(packets)) throw new Error('malformed');
      return {
        run: () => {
          for (let i = 0; i < 200; i++) keep(encodeRtcp(packets));
          return 200;
        },
      };
    },
  };
}

/** `first` is what comes before: a stream begins with a key frame. */
function depacketize(mimeType: string, name: string, first?: string): Operations[string] {
  return (inputs) => {
    const packets = bytesOf(inputs, name).map(read);
    const depacketizer = createDepacketizer(mimeType)!;
    const before = first === undefined ? [] : bytesOf(inputs, first).map(read);
    for (const packet of before) depacketizer.push(packet);
    while (depacketizer.poll() !== undefined);
    let sequenceNumber = before.length;
    let timestamp = 1_000_000;
    return {
      run: () => {
        for (const packet of packets) {
          // Numbers that go on, as those of a stream.
          packet.sequenceNumber = sequenceNumber;
          packet.timestamp = timestamp;
          sequenceNumber = (sequenceNumber + 1) & 0xffff;
          if (packet.marker) timestamp = (timestamp + 3000) >>> 0;
          depacketizer.push(packet);
          for (let frame = depacketizer.poll(); frame !== undefined; frame = depacketizer.poll()) keep(frame);
        }
        if (depacketizer.counters.malformed + depacketizer.counters.incomplete > 0)
          throw new Error('frames are missing');
        return packets.length;
      },
    };
  };
}

function packetize(mimeType: string, name: string): Operations[string] {
  return (inputs) => {
    const frames = bytesOf(inputs, name).map((data, index) => ({ data, timestamp: 0, keyFrame: index === 0 }));
    const packetizer = createPacketizer(mimeType, { pictureId: 100 })!;
    const buffer = new Uint8Array(1200);
    return {
      run: () => {
        let count = 0;
        for (const frame of frames) {
          packetizer.start(frame, 1188);
          for (let length = packetizer.next(buffer, 12); length > 0; length = packetizer.next(buffer, 12)) {
            use(length);
            count++;
          }
        }
        return count;
      },
    };
  };
}

function session(name: SrtpProfileName): SrtpSession {
  const profile = SRTP_PROFILES[name];
  const key = new Uint8Array(profile.keyLength).fill(1);
  const salt = new Uint8Array(profile.saltLength).fill(2);
  return new SrtpSession({
    profile,
    localKey: key,
    localSalt: salt,
    remoteKey: key,
    remoteSalt: salt,
    crypto: nodeCrypto,
  });
}

function protect(profile: SrtpProfileName, size: number): Operation {
  const sender = session(profile);
  const packet = new Uint8Array(size + sender.overhead);
  packet[0] = 0x80;
  packet[1] = 96;
  let sequenceNumber = 0;
  return {
    run: () => {
      for (let i = 0; i < 200; i++) {
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
        packet[2] = sequenceNumber >>> 8;
        packet[3] = sequenceNumber;
        use(sender.protectRtp(packet, 0, size));
      }
      return 200;
    },
  };
}

function unprotect(profile: SrtpProfileName, size: number): Operation {
  const sender = session(profile);
  const receiver = session(profile);
  const packets = Array.from({ length: 200 }, () => new Uint8Array(size + sender.overhead));
  let sequenceNumber = 0;
  return {
    prepare: () => {
      for (const packet of packets) {
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
        packet.set([0x80, 96, sequenceNumber >>> 8, sequenceNumber & 0xff]);
        sender.protectRtp(packet, 0, size);
      }
    },
    run: () => {
      for (const packet of packets) {
        if (receiver.unprotectRtp(packet, 0, packet.length) !== size) throw new Error('not authentic');
      }
      return packets.length;
    },
  };
}

function sdp(name: string): Operations[string] {
  return (inputs) => {
    const text = textOf(inputs, name);
    return {
      run: () => {
        for (let i = 0; i < 20; i++) {
          const description = decodeSdp(text);
          if (isMalformed(description)) throw new Error('malformed');
          keep(description);
        }
        return 20;
      },
    };
  };
}

function candidate(name: string): Operations[string] {
  return (inputs) => {
    const line = `candidate:${textOf(inputs, name)}`;
    return {
      run: () => {
        for (let i = 0; i < 1000; i++) {
          const read = decodeCandidate(line);
          if (isMalformed(read)) throw new Error('malformed');
          keep(read);
        }
        return 1000;
      },
    };
  };
}
