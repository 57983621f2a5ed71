import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { SRTP_PROFILES, type SrtpProfile, SrtpSession } from '@kaon/srtp';
import { type LayerResult, time } from './timing.ts';

const PROFILES = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
] as const;
/** Of whole packets: audio, and video that fills its datagram. */
const SIZES = [200, 1200] as const;
/** Packets of a stretch, all of one turn of the sequence number. */
const PACKETS = 2000;

/** Packets of one stream in order: protected in place, and unprotected from a copy as a socket would give it. */
export function measureSrtp(
  providers: readonly (readonly [name: string, crypto: CryptoProvider])[],
  quick: boolean,
): LayerResult[] {
  const results: LayerResult[] = [];
  for (const [name, crypto] of [['noble', undefined] as const, ...providers]) {
    for (const profile of PROFILES.map((each) => SRTP_PROFILES[each])) {
      for (const size of SIZES) {
        const sender = sessionOf(profile, crypto);
        const receiver = sessionOf(profile, crypto);
        const packet = new Uint8Array(size + sender.overhead);
        let sequenceNumber = 0;
        const protect = (): number => {
          sequenceNumber = (sequenceNumber + 1) & 0xffff;
          packet.set([0x80, 96, sequenceNumber >>> 8, sequenceNumber & 0xff]);
          return sender.protectRtp(packet, 0, size);
        };
        results.push(
          time('srtp', `protect ${size} bytes, ${profile.name}, ${name}`, PACKETS, repeat(protect), quick),
          time(
            'srtp',
            `protect and unprotect ${size} bytes, ${profile.name}, ${name}`,
            PACKETS,
            repeat(() => {
              const received = packet.slice(0, protect());
              if (receiver.unprotectRtp(received, 0, received.length) !== size) throw new Error('not authentic');
            }),
            quick,
          ),
        );
      }
    }
  }
  return results;
}

function sessionOf(profile: SrtpProfile, crypto: CryptoProvider | undefined): SrtpSession {
  const key = new Uint8Array(profile.keyLength).fill(1);
  const salt = new Uint8Array(profile.saltLength).fill(2);
  return new SrtpSession({ profile, localKey: key, localSalt: salt, remoteKey: key, remoteSalt: salt, crypto });
}

function repeat(operation: () => void): (count: number) => void {
  return (count) => {
    for (let i = 0; i < count; i++) operation();
  };
}
