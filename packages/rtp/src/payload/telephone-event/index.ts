import { AudioDepacketizer, type AudioMetadata, AudioPacketizer } from '../audio.ts';
import { TELEPHONE_EVENT_LENGTH } from './event.ts';

export type { AudioMetadata } from '../audio.ts';
export type { Depacketizer, DepacketizerCounters, EncodedFrame, Packetizer } from '../types.ts';
export {
  decodeTelephoneEvent,
  decodeTelephoneEvents,
  dtmfEvent,
  dtmfTone,
  TELEPHONE_EVENT_LENGTH,
  type TelephoneEvent,
  writeTelephoneEvent,
} from './event.ts';
export { type TelephoneEventPacket, TelephoneEventSender, type TelephoneEventSenderOptions } from './sender.ts';

/** How long the events in `bytes[start, end)` last together, in units of the RTP clock; -1 when they are none. */
export function telephoneEventDuration(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || (end - start) % TELEPHONE_EVENT_LENGTH !== 0) return -1;
  let duration = 0;
  for (let at = start; at < end; at += TELEPHONE_EVENT_LENGTH) duration += (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return duration;
}

/** Telephone events (RFC 4733) whose payloads were made elsewhere; `TelephoneEventSender` makes them. */
export function createTelephoneEventPacketizer(): AudioPacketizer {
  return new AudioPacketizer('telephone-event', telephoneEventDuration);
}

/** Telephone events (RFC 4733): each payload is a frame, to be read by `decodeTelephoneEvents`. */
export function createTelephoneEventDepacketizer(): AudioDepacketizer<AudioMetadata> {
  return new AudioDepacketizer(telephoneEventDuration, (_data, duration) => ({ duration }));
}
