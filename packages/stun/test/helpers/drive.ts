import type { DatagramCore, Instant, Path } from '@kaon/interface/core/v1';
import { Slot } from '@kaon/wire';

/** All that a core wants to send now. */
export function sent(
  core: DatagramCore<{ type: string }>,
  now: Instant,
): { bytes: Uint8Array; path: Path | undefined }[] {
  const all: { bytes: Uint8Array; path: Path | undefined }[] = [];
  const slot = new Slot(1500);
  while (core.pollTransmit(slot, now)) {
    all.push({ bytes: slot.bytes.slice(), path: slot.path });
    slot.reset();
  }
  return all;
}

/** The one datagram that a core wants to send now. */
export function sentOne(core: DatagramCore<{ type: string }>, now: Instant): Uint8Array {
  const all = sent(core, now);
  if (all.length !== 1) throw new Error(`${all.length} datagrams instead of one`);
  return all[0]!.bytes;
}
