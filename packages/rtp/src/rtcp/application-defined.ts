import { MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { RTCP_TYPE, writeHeader } from './header.ts';
import { checkRange, refuse } from './misuse.ts';

// RFC 3550 §6.7
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P| subtype |   PT=APP=204  |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                           SSRC/CSRC                           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                          name (ASCII)                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                   application-dependent data                ...

/** Application-defined packet (RFC 3550 §6.7). */
export interface ApplicationDefined {
  readonly type: 'app';
  /** 0 to 31. */
  readonly subtype: number;
  readonly ssrc: number;
  /** Four characters, one byte each. */
  readonly name: string;
  /** A multiple of four bytes; a packet that comes with padding may have less. */
  readonly data: Uint8Array;
}

export function decodeApplicationDefined(
  bytes: Uint8Array,
  at: number,
  end: number,
  subtype: number,
): ApplicationDefined | Malformed {
  if (at + FIXED_SIZE > end) return MALFORMED;
  const name = String.fromCharCode(...bytes.subarray(at + 8, at + 12));
  return { type: 'app', subtype, ssrc: readU32(bytes, at + 4), name, data: bytes.slice(at + FIXED_SIZE, end) };
}

export function applicationDefinedLength(packet: ApplicationDefined): number {
  checkRange('APP subtype', packet.subtype, 0, 31);
  if (packet.name.length !== 4) refuse(`APP name ${packet.name} has not four characters`);
  for (let i = 0; i < 4; i++) checkRange('character of an APP name', packet.name.charCodeAt(i), 0, 255);
  if (packet.data.length % 4 !== 0) refuse(`APP data of ${packet.data.length} bytes is not in whole words`);
  return FIXED_SIZE + packet.data.length;
}

export function writeApplicationDefined(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: ApplicationDefined,
): void {
  writeHeader(buffer, offset, packet.subtype, RTCP_TYPE.applicationDefined, length);
  writeU32(buffer, offset + 4, packet.ssrc);
  for (let i = 0; i < 4; i++) buffer[offset + 8 + i] = packet.name.charCodeAt(i);
  buffer.set(packet.data, offset + FIXED_SIZE);
}

const FIXED_SIZE = 12;
