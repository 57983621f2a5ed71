import ndc, { type DataChannel, type PeerConnection } from 'node-datachannel';
import { packageVersion } from '../package-version.ts';
import type { Candidate, Channel, End, Library } from './library.ts';

ndc.preload();

export const library: Library = {
  name: 'node-datachannel',
  version: packageVersion('node-datachannel'),
  end: () => new NativeEnd(),
};

/** An end made of the native API, which is faster than the polyfill over it. */
class NativeEnd implements End {
  onCandidate: (candidate: Candidate) => void = () => {};
  readonly open: Promise<Channel>;
  readonly #pc: PeerConnection;
  readonly #gathered: Promise<void>;
  #adopt: (channel: DataChannel) => void = () => {};

  constructor() {
    const pc = new ndc.PeerConnection('bench', {
      iceServers: [],
      maxMessageSize: 262144,
      disableAutoNegotiation: true,
    });
    this.#pc = pc;
    this.open = new Promise((resolve) => {
      this.#adopt = (channel) => {
        if (channel.isOpen()) resolve(wrap(channel));
        else channel.onOpen(() => resolve(wrap(channel)));
      };
    });
    this.#gathered = new Promise((resolve) => {
      pc.onGatheringStateChange((state) => {
        if (state === 'complete') resolve();
      });
    });
    pc.onLocalCandidate((candidate, sdpMid) => this.onCandidate({ candidate, sdpMid }));
    pc.onDataChannel((channel) => this.#adopt(channel));
  }

  offer(unreliable = false): Promise<string> {
    const options = unreliable ? { unordered: true, maxRetransmits: 0 } : {};
    this.#adopt(this.#pc.createDataChannel('bench', options));
    return this.#describe('offer');
  }

  answer(offer: string): Promise<string> {
    this.#pc.setRemoteDescription(offer, 'offer');
    return this.#describe('answer');
  }

  async accept(answer: string): Promise<void> {
    this.#pc.setRemoteDescription(answer, 'answer');
  }

  async gathered(): Promise<string> {
    await this.#gathered;
    return this.#pc.localDescription()?.sdp ?? '';
  }

  addCandidate({ candidate, sdpMid }: Candidate): void {
    this.#pc.addRemoteCandidate(candidate, sdpMid);
  }

  async close(): Promise<void> {
    this.#pc.close();
  }

  #describe(type: 'offer' | 'answer'): Promise<string> {
    const described = new Promise<string>((resolve) => {
      this.#pc.onLocalDescription((sdp) => resolve(sdp));
    });
    this.#pc.setLocalDescription(type);
    return described;
  }
}

function wrap(channel: DataChannel): Channel {
  return {
    send: (bytes) => void channel.sendMessageBinary(bytes),
    bufferedAmount: () => channel.bufferedAmount(),
    onLow: (threshold, callback) => {
      channel.setBufferedAmountLowThreshold(threshold);
      channel.onBufferedAmountLow(callback);
    },
    onMessage: (callback) =>
      channel.onMessage((data) => callback((data as Buffer<ArrayBuffer>).length, data as Buffer<ArrayBuffer>)),
  };
}
