import type { Instant } from '@kaon/interface/core/v1';
import { concatBytes, equalConstantTime, MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';
import type { Settings } from '../options.ts';
import { sipHash } from '../packet/siphash.ts';

/** What a state cookie holds (RFC 9260 §5.1.3): all that it takes to set up the association when it comes back. */
export interface CookieState {
  readonly localTag: number;
  readonly peerTag: number;
  readonly localTsn: number;
  readonly peerTsn: number;
  readonly peerWindow: number;
  readonly outboundStreams: number;
  readonly inboundStreams: number;
  readonly forwardTsn: boolean;
  readonly reConfig: boolean;
  readonly interleaving: boolean;
  readonly zeroChecksum: boolean;
  readonly padding: boolean;
  /** Tags of the association that existed when the cookie was made (RFC 9260 §5.2.2); 0 for none. */
  readonly tieLocalTag: number;
  readonly tiePeerTag: number;
}

/** Makes and checks state cookies. The key is random and never leaves. */
export class CookieJar {
  readonly #sign: (body: Uint8Array) => Uint8Array;

  constructor(settings: Settings) {
    const key = new Uint8Array(settings.mac === undefined ? 16 : 32);
    settings.random(key);
    if (settings.mac === undefined) {
      this.#sign = (body) => sipHash(key, body);
    } else {
      const mac = settings.mac('SHA-256', key);
      this.#sign = (body) => {
        const tag = new Uint8Array(mac.length);
        mac.sign(tag, body);
        return tag;
      };
    }
  }

  seal(state: CookieState, now: Instant): Uint8Array {
    const writer = new Writer(BODY_SIZE);
    writer.u48(stamp(now)).u32(state.localTag).u32(state.peerTag).u32(state.localTsn).u32(state.peerTsn);
    writer.u32(state.peerWindow).u16(state.outboundStreams).u16(state.inboundStreams);
    writer.u8(
      (state.forwardTsn ? 1 : 0) |
        (state.reConfig ? 2 : 0) |
        (state.interleaving ? 4 : 0) |
        (state.zeroChecksum ? 8 : 0) |
        (state.padding ? 16 : 0),
    );
    writer.u32(state.tieLocalTag).u32(state.tiePeerTag);
    const body = writer.finish();
    return concatBytes(body, this.#sign(body));
  }

  /** The state and the cookie's age in ms, or Malformed when it is not ours. */
  open(cookie: Uint8Array, now: Instant): { readonly state: CookieState; readonly age: number } | Malformed {
    if (cookie.length <= BODY_SIZE) return MALFORMED;
    const body = cookie.subarray(0, BODY_SIZE);
    if (!equalConstantTime(cookie.subarray(BODY_SIZE), this.#sign(body))) return MALFORMED;
    const reader = new Reader(body);
    const made = reader.u48();
    const [localTag, peerTag, localTsn, peerTsn] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
    const peerWindow = reader.u32();
    const [outboundStreams, inboundStreams, features] = [reader.u16(), reader.u16(), reader.u8()];
    const [tieLocalTag, tiePeerTag] = [reader.u32(), reader.u32()];
    const state: CookieState = {
      localTag,
      peerTag,
      localTsn,
      peerTsn,
      peerWindow,
      outboundStreams,
      inboundStreams,
      forwardTsn: (features & 1) !== 0,
      reConfig: (features & 2) !== 0,
      interleaving: (features & 4) !== 0,
      zeroChecksum: (features & 8) !== 0,
      padding: (features & 16) !== 0,
      tieLocalTag,
      tiePeerTag,
    };
    return { state, age: stamp(now - made) };
  }
}

/** Bytes in front of the authenticator. */
const BODY_SIZE = 6 + 5 * 4 + 2 * 2 + 1 + 2 * 4;

/** Whole ms modulo 2^48; an instant may be negative or fractional. */
function stamp(now: Instant): number {
  return Math.floor(now - Math.floor(now / 2 ** 48) * 2 ** 48) % 2 ** 48;
}
