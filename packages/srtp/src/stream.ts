import type { Aead, CounterMode } from '@kaon/interface/crypto/v1';
import { ReplayWindow } from './replay-window.ts';
import type { PacketKeys, SessionKeys } from './session-keys.ts';

/** What is known of the stream of one SSRC in one direction. */
export class Stream {
  readonly ssrc: number;
  /** Its newest index carries the rollover counter and the highest sequence number (RFC 3711 §3.3.1). */
  readonly window: ReplayWindow;
  readonly rtcpWindow: ReplayWindow;
  /** The index of the next SRTCP packet that is sent. */
  rtcpIndex = 0;
  /** The rollover counter of the first packet. */
  initialRollover = 0;
  /** When it was used last, counted in packets of the session. */
  lastUsed = 0;
  /** Salt and SSRC as they go into nonces (RFC 7714 §8.1) and counters (RFC 3711 §4.1.1), under `keys`. */
  readonly mask: Uint8Array = new Uint8Array(16);
  keys: SessionKeys | undefined = undefined;
  aead: Aead | undefined = undefined;
  counterMode: CounterMode | undefined = undefined;

  constructor(ssrc: number, replayWindow: number, rtcpReplayWindow: number) {
    this.ssrc = ssrc;
    this.window = new ReplayWindow(replayWindow);
    this.rtcpWindow = new ReplayWindow(rtcpReplayWindow);
  }

  /** Goes over to other keys. */
  use(keys: SessionKeys): void {
    this.dispose();
    this.keys = keys;
    const { rtp } = keys;
    writeMask(this.mask, rtp, this.ssrc);
    this.aead = rtp.aead?.sequence?.(this.mask.slice(0, 12)) ?? rtp.aead;
    this.counterMode = rtp.counterMode?.sequence?.(this.mask.slice()) ?? rtp.counterMode;
  }

  /** Gives up what the stream has for itself; the keys stay. */
  dispose(): void {
    const { keys } = this;
    if (keys === undefined) return;
    if (this.aead !== keys.rtp.aead) this.aead?.dispose?.();
    if (this.counterMode !== keys.rtp.counterMode) this.counterMode?.dispose?.();
    this.keys = undefined;
    this.aead = undefined;
    this.counterMode = undefined;
  }
}

/**
 * The index that a packet most likely has, from its sequence number and the newest one known (RFC 3711 §3.3.1). Negative
 * for a packet from before the first rollover counter. `newest` is -1 before the first packet, which takes `initialRollover`.
 */
export function estimateIndex(newest: number, sequenceNumber: number, initialRollover: number): number {
  if (newest < 0) return initialRollover * 65536 + sequenceNumber;
  const last = newest & 0xffff;
  let distance = sequenceNumber - last;
  if (last < 32768) {
    if (distance > 32768) distance -= 65536;
  } else if (distance < -32768) {
    distance += 65536;
  }
  return newest + distance;
}

/** Salt XOR SSRC: 12 bytes for an AEAD, 16 for AES-CM, in which the index is still missing. */
export function writeMask(mask: Uint8Array, { salt, aead }: PacketKeys, ssrc: number): void {
  mask.fill(0);
  mask.set(salt);
  const at = aead === undefined ? 4 : 2;
  mask[at]! ^= ssrc >>> 24;
  mask[at + 1]! ^= (ssrc >>> 16) & 0xff;
  mask[at + 2]! ^= (ssrc >>> 8) & 0xff;
  mask[at + 3]! ^= ssrc & 0xff;
}
