import type { CounterMode } from '@kaon/interface/crypto/v1';
import { portableCrypto, SRTP_PROFILES, type SrtpCrypto, SrtpSession, type SrtpSessionOptions } from '../src/index.ts';

export function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The profiles by name. */
export const PROFILES = Object.values(SRTP_PROFILES);

/** Options whose keys are the same both ways, so that a session opens what it sealed. */
export function loopOptions(
  profile: SrtpSessionOptions['profile'],
  more: Partial<SrtpSessionOptions> = {},
): SrtpSessionOptions {
  const { keyLength, saltLength } = typeof profile === 'string' ? SRTP_PROFILES[profile] : profile;
  const key = Uint8Array.from({ length: keyLength }, (_, i) => i);
  const salt = Uint8Array.from({ length: saltLength }, (_, i) => 0xa0 + i);
  return { profile, localKey: key, localSalt: salt, remoteKey: key, remoteSalt: salt, ...more };
}

/** A session and another that opens what it sealed. */
export function pair(
  profile: SrtpSessionOptions['profile'],
  more: Partial<SrtpSessionOptions> = {},
): [sender: SrtpSession, receiver: SrtpSession] {
  return [new SrtpSession(loopOptions(profile, more)), new SrtpSession(loopOptions(profile, more))];
}

export interface PacketShape {
  readonly sequenceNumber?: number;
  readonly ssrc?: number;
  readonly payload?: Uint8Array;
  readonly csrcs?: number;
  /** Body of the header extension, whole words, and its profile. */
  readonly extension?: Uint8Array;
  readonly extensionProfile?: number;
}

/** A plain RTP packet. */
export function rtp(shape: PacketShape = {}): Uint8Array {
  const { sequenceNumber = 1, ssrc = 0xcafebabe, payload = new Uint8Array(20).fill(0xab), csrcs = 0 } = shape;
  const { extension, extensionProfile = 0xbede } = shape;
  const header = [0x80 | csrcs | (extension === undefined ? 0 : 0x10), 96, sequenceNumber >> 8, sequenceNumber & 255];
  header.push(0, 0, 0, 9, ssrc >>> 24, (ssrc >>> 16) & 255, (ssrc >>> 8) & 255, ssrc & 255);
  for (let i = 0; i < csrcs; i++) header.push(1, 2, 3, i);
  if (extension !== undefined) {
    header.push(extensionProfile >> 8, extensionProfile & 255, 0, extension.length / 4, ...extension);
  }
  return Uint8Array.from([...header, ...payload]);
}

/** A plain RTCP packet: a receiver report without blocks, and whatever follows. */
export function rtcp(ssrc = 0xcafebabe, more = 20): Uint8Array {
  const bytes = new Uint8Array(8 + more).fill(0x5a);
  bytes.set([0x80, 201, 0, 1 + more / 4, ssrc >>> 24, (ssrc >>> 16) & 255, (ssrc >>> 8) & 255, ssrc & 255]);
  return bytes;
}

/** The protected packet in an array of its own. */
export function protectRtp(session: SrtpSession, packet: Uint8Array, repeat = false): Uint8Array {
  const buffer = new Uint8Array(packet.length + session.overhead);
  buffer.set(packet);
  return buffer.slice(0, session.protectRtp(buffer, 0, packet.length, repeat));
}

export function protectRtcp(session: SrtpSession, packet: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(packet.length + session.rtcpOverhead);
  buffer.set(packet);
  return buffer.slice(0, session.protectRtcp(buffer, 0, packet.length));
}

/** The plain packet, or the negative number. Leaves its argument as it is. */
export function unprotectRtp(session: SrtpSession, packet: Uint8Array): Uint8Array | number {
  const buffer = packet.slice();
  const end = session.unprotectRtp(buffer, 0, buffer.length);
  return end < 0 ? end : buffer.slice(0, end);
}

export function unprotectRtcp(session: SrtpSession, packet: Uint8Array): Uint8Array | number {
  const buffer = packet.slice();
  const end = session.unprotectRtcp(buffer, 0, buffer.length);
  return end < 0 ? end : buffer.slice(0, end);
}

/** A crypto in which a derived key is the master key, and a derived salt the master salt: for vectors that begin behind the derivation. */
export function withoutDerivation(salt: Uint8Array): SrtpCrypto {
  return {
    ...portableCrypto,
    counterMode: (key: Uint8Array): CounterMode => ({
      apply(_counter, buffer, start, end) {
        buffer.set(end - start === salt.length ? salt : key.subarray(0, end - start), start);
      },
    }),
  };
}

export function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
