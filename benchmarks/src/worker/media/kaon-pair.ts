import { RTCPeerConnection, type RTCRtpReceiver, RtpSource } from '@kaon/webrtc';
import type { Answers } from '../protocol.ts';
import { flood, type PacketLine, stream, Vp8Packet } from './flood.ts';
import type { MediaLibrary } from './media-library.ts';

const VIDEO = { mimeType: 'video/VP8', clockRate: 90_000 };

export const media: MediaLibrary = {
  packetLine: async () => {
    const [a, b] = [connection(), connection()];
    const source = new RtpSource({ kind: 'video', codec: VIDEO });
    let received = 0;
    onReceiver(b, (receiver) => {
      receiver.onrtp = () => received++;
    });
    a.addTrack(source.track);
    await a.setLocalDescription();
    await a.setRemoteDescription({ type: 'answer', sdp: await answer(b, await gathered(a)) });
    await connected(a);
    return { send: sender(source), received: () => received, receivers: 1 };
  },
  publisher: (offer) => {
    const pc = connection();
    onReceiver(pc, ({ track }) => {
      published = track;
    });
    return answer(pc, offer);
  },
  viewer: (offer) => {
    if (published === undefined) throw new Error('nothing is published');
    const pc = connection();
    pc.addTrack(published);
    return answer(pc, offer);
  },
};

/** The track that a relay passes on. */
let published: RtpSource['track'] | undefined;
/** Kept, or they would be closed as garbage. */
const connections: RTCPeerConnection[] = [];

/** The peers of a relay: a publisher and its viewers, of whom one at a time is offering. */
export class Party {
  readonly #source: RtpSource = new RtpSource({ kind: 'video', codec: VIDEO });
  #offering: RTCPeerConnection | undefined;
  #viewers = 0;
  #received = 0;

  async offer(role: 'publisher' | 'viewer'): Promise<string> {
    const pc = connection();
    this.#offering = pc;
    if (role === 'publisher') {
      pc.addTransceiver(this.#source.track, { direction: 'sendonly' });
    } else {
      this.#viewers++;
      const { receiver } = pc.addTransceiver('video', { direction: 'recvonly' });
      receiver.onrtp = () => this.#received++;
    }
    await pc.setLocalDescription();
    return gathered(pc);
  }

  async accept(sdp: string): Promise<void> {
    const pc = this.#offering;
    if (pc === undefined) throw new Error('nobody is offering');
    await pc.setRemoteDescription({ type: 'answer', sdp });
    await connected(pc);
  }

  async run(bitrate: number, warmup: number, seconds: number): Promise<Answers['party-run']> {
    const line: PacketLine = {
      send: sender(this.#source),
      received: () => this.#received,
      receivers: this.#viewers,
    };
    return bitrate === 0 ? flood(line, warmup, seconds) : stream(line, bitrate, warmup, seconds);
  }
}

/** As the other libraries do by default: nothing is held back to be sent evenly, or to be given out in order. */
function connection(): RTCPeerConnection {
  const pc = new RTCPeerConnection({ kaon: { media: { congestionControl: false, jitterBuffer: 'off' } } });
  connections.push(pc);
  return pc;
}

function sender(source: RtpSource): (index: number) => void {
  const packet = new Vp8Packet();
  return (index) => {
    if (!source.write(packet.set(index))) throw new Error('not RTP');
  };
}

function onReceiver(pc: RTCPeerConnection, callback: (receiver: RTCRtpReceiver) => void): void {
  pc.addEventListener('track', (event) => callback((event as unknown as { receiver: RTCRtpReceiver }).receiver));
}

async function answer(pc: RTCPeerConnection, offer: string): Promise<string> {
  await pc.setRemoteDescription({ type: 'offer', sdp: offer });
  await pc.setLocalDescription();
  return gathered(pc);
}

async function gathered(pc: RTCPeerConnection): Promise<string> {
  while (pc.iceGatheringState !== 'complete') {
    await new Promise((resolve) => pc.addEventListener('icegatheringstatechange', resolve, { once: true }));
  }
  return pc.localDescription?.sdp ?? '';
}

async function connected(pc: RTCPeerConnection): Promise<void> {
  while (pc.connectionState !== 'connected') {
    await new Promise((resolve) => pc.addEventListener('connectionstatechange', resolve, { once: true }));
  }
}
