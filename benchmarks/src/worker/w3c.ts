import type { Candidate, Channel, End } from './library.ts';

/** Where a library differs from the W3C API. */
export interface Quirks {
  /** Called before a description is set. */
  prepare?(pc: RTCPeerConnection): void;
  /** Turns bytes into what `send()` takes. */
  binary?(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

/** An end made of a W3C RTCPeerConnection. */
export class W3cEnd implements End {
  onCandidate: (candidate: Candidate) => void = () => {};
  readonly open: Promise<Channel>;
  readonly #pc: RTCPeerConnection;
  readonly #quirks: Quirks;
  readonly #gathered: Promise<void>;
  #adopt: (channel: RTCDataChannel) => void = () => {};

  constructor(pc: RTCPeerConnection, quirks: Quirks = {}) {
    this.#pc = pc;
    this.#quirks = quirks;
    this.open = new Promise((resolve) => {
      this.#adopt = (channel) => {
        channel.binaryType = 'arraybuffer';
        const opened = (): void => resolve(wrap(channel, quirks));
        if (channel.readyState === 'open') opened();
        else channel.onopen = opened;
      };
    });
    this.#gathered = new Promise((resolve) => {
      pc.onicecandidate = ({ candidate }) => {
        if (!candidate) return resolve();
        if (candidate.candidate === '') return;
        this.onCandidate({ candidate: candidate.candidate, sdpMid: candidate.sdpMid ?? '0' });
      };
    });
    pc.ondatachannel = ({ channel }) => this.#adopt(channel);
  }

  async offer(unreliable = false): Promise<string> {
    const options = unreliable ? { ordered: false, maxRetransmits: 0 } : {};
    this.#adopt(this.#pc.createDataChannel('bench', options));
    return this.#describe(await this.#pc.createOffer());
  }

  async answer(offer: string): Promise<string> {
    await this.#pc.setRemoteDescription({ type: 'offer', sdp: offer });
    return this.#describe(await this.#pc.createAnswer());
  }

  accept(answer: string): Promise<void> {
    return this.#pc.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  async gathered(): Promise<string> {
    if (this.#pc.iceGatheringState !== 'complete') await this.#gathered;
    return this.#pc.localDescription?.sdp ?? '';
  }

  addCandidate(candidate: Candidate): void {
    void this.#pc.addIceCandidate(candidate);
  }

  async close(): Promise<void> {
    // Some libraries close in their own time.
    await (this.#pc.close() as unknown);
  }

  async #describe(description: RTCSessionDescriptionInit): Promise<string> {
    this.#quirks.prepare?.(this.#pc);
    const { type, sdp = '' } = description;
    // Not awaited: some libraries gather inside.
    void this.#pc.setLocalDescription({ type, sdp });
    return sdp;
  }
}

function wrap(channel: RTCDataChannel, quirks: Quirks): Channel {
  const { binary } = quirks;
  return {
    send: binary === undefined ? (bytes) => channel.send(bytes) : (bytes) => channel.send(binary(bytes)),
    bufferedAmount: () => channel.bufferedAmount,
    onLow: (threshold, callback) => {
      channel.bufferedAmountLowThreshold = threshold;
      channel.addEventListener('bufferedamountlow', callback);
    },
    onMessage: (callback) => {
      channel.onmessage = ({ data }: { data: ArrayBuffer }) => callback(data.byteLength, data);
    },
  };
}
