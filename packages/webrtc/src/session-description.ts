import { toEnum } from './idl.ts';

/** What a description is. */
export type RTCSdpType = 'offer' | 'pranswer' | 'answer' | 'rollback';

/** A description as a plain object. */
export interface RTCSessionDescriptionInit {
  type: RTCSdpType;
  sdp?: string;
}

/** A description for `setLocalDescription`, where the type may be left out. */
export interface RTCLocalSessionDescriptionInit {
  type?: RTCSdpType;
  sdp?: string;
}

/** A session description (W3C WebRTC §4.6.2). */
export class RTCSessionDescription {
  readonly type: RTCSdpType;
  readonly sdp: string;

  /** Throws TypeError when `type` is missing or none of the four. */
  constructor(init: RTCSessionDescriptionInit) {
    this.type = toSdpType(init?.type);
    this.sdp = String(init.sdp ?? '');
  }

  /** Both members as a plain object. */
  toJSON(): { type: RTCSdpType; sdp: string } {
    return { type: this.type, sdp: this.sdp };
  }
}

/** A type of description; throws TypeError on anything else. */
export function toSdpType(value: unknown): RTCSdpType {
  return toEnum('RTCSdpType', value, ['offer', 'pranswer', 'answer', 'rollback']);
}
