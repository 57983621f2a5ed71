import { MALFORMED, type Malformed, readU16, writeU16 } from '@kaon/wire';
import { checkField } from '../../packet.ts';

/**
 * A named telephone event (RFC 4733 §2.3).
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     event     |E|R| volume    |          duration             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 */
export interface TelephoneEvent {
  /** 0 to 255; 0 to 15 are the digits, `*`, `#` and `A` to `D` (RFC 4733 §3.2). */
  readonly event: number;
  /** The E bit: this is how long it lasted. */
  readonly end: boolean;
  /** -dBm0: 0 is the loudest, 63 the softest. */
  readonly volume: number;
  /** Since the packet's timestamp, in its units: 0 to 65535; 0: until further notice. */
  readonly duration: number;
}

/** The first event in `bytes[start, end)`, which is all that DTMF sends; more of them may follow (RFC 4733 §2.5.1.6). */
export function decodeTelephoneEvent(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): TelephoneEvent | Malformed {
  if (end - start < TELEPHONE_EVENT_LENGTH) return MALFORMED;
  const flags = bytes[start + 1]!;
  return {
    event: bytes[start]!,
    end: flags >= 0x80,
    volume: flags & 0x3f,
    duration: readU16(bytes, start + 2),
  };
}

/** All events in `bytes[start, end)`: each but the first begins where the one before ends. At least one. */
export function decodeTelephoneEvents(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): readonly TelephoneEvent[] | Malformed {
  if (end <= start || (end - start) % TELEPHONE_EVENT_LENGTH !== 0) return MALFORMED;
  const events: TelephoneEvent[] = [];
  for (let at = start; at < end; at += TELEPHONE_EVENT_LENGTH)
    events.push(decodeTelephoneEvent(bytes, at, end) as TelephoneEvent);
  return events;
}

/** Writes the event at `buffer[offset...]` and returns 4. Throws RtpError (`RTP_BAD_FIELD`) for what does not fit. */
export function writeTelephoneEvent(buffer: Uint8Array, offset: number, event: TelephoneEvent): number {
  checkField('event', event.event, 255);
  checkField('volume', event.volume, 63);
  checkField('duration', event.duration, 0xffff);
  buffer[offset] = event.event;
  buffer[offset + 1] = (event.end ? 0x80 : 0) | event.volume;
  writeU16(buffer, offset + 2, event.duration);
  return TELEPHONE_EVENT_LENGTH;
}

/** The event of a DTMF tone: `0` to `9`, `*`, `#`, `A` to `D` in either case; -1 for other characters. */
export function dtmfEvent(tone: string): number {
  return tone.length === 1 ? TONES.indexOf(tone.toUpperCase()) : -1;
}

/** The DTMF tone of an event, undefined for events that are none. */
export function dtmfTone(event: number): string | undefined {
  return TONES[event];
}

/** Bytes of an event. */
export const TELEPHONE_EVENT_LENGTH = 4;

const TONES = '0123456789*#ABCD';
