/** What shares one UDP port in WebRTC. */
export type Protocol = 'stun' | 'dtls' | 'rtp' | 'turn-channel' | 'unknown';

/** Which protocol a datagram belongs to, by its first byte (RFC 7983 §7, updated by RFC 9443). */
export function protocolOf(bytes: Uint8Array): Protocol {
  const first = bytes[0];
  if (first === undefined) return 'unknown';
  if (first <= 3) return 'stun';
  if (first >= 20 && first <= 63) return 'dtls';
  if (first >= 128 && first <= 191) return 'rtp';
  return first >= 64 && first <= 79 ? 'turn-channel' : 'unknown';
}
