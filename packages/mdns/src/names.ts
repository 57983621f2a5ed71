import type { RandomSource } from '@kaon/interface/crypto/v1';

/** A random UUID (RFC 9562 §5.4) under `.local`, as the draft wants it (draft-ietf-mmusic-mdns-ice-candidates §3.1.1). */
export function randomName(random: RandomSource): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}.local`;
}

/** The name in lower case and without a dot at its end, when it is one to ask a link for; else undefined. */
export function checkedName(name: string, anyName: boolean): string | undefined {
  if (name.length > MAX_NAME) return undefined;
  const normal = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
  return (anyName ? ANY_NAME : UUID_NAME).test(normal) ? normal : undefined;
}

/** Of DNS (RFC 1035 §2.3.4), less what its encoding adds. */
const MAX_NAME = 253;
const UUID_NAME = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.local$/;
const ANY_NAME = /^(?:[a-z0-9_-]{1,63}\.)+local$/;
