import { type MediaStreamTrack, RTCPeerConnection, MediaStreamTrack as Track } from 'werift';
import { Vp8Packet } from './flood.ts';
import type { MediaLibrary } from './media-library.ts';

export const media: MediaLibrary = {
  packetLine: async () => {
    const [a, b] = [connection(), connection()];
    let received = 0;
    b.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe(() => {
        received++;
      });
    });
    const track = new Track({ kind: 'video' });
    a.addTransceiver(track, { direction: 'sendonly' });
    prepare(a);
    await a.setLocalDescription(await a.createOffer());
    await a.setRemoteDescription({ type: 'answer', sdp: await answer(b, await gathered(a)) });
    await connected(a);
    const packet = new Vp8Packet();
    // A packet is changed in place on its way.
    return { send: (index) => track.writeRtp(Buffer.from(packet.set(index))), received: () => received, receivers: 1 };
  },
  publisher: (offer) => {
    const pc = connection();
    pc.onTrack.subscribe((track) => {
      published = track;
    });
    return answer(pc, offer);
  },
  viewer: (offer) => {
    if (published === undefined) throw new Error('nothing is published');
    const pc = connection();
    pc.addTransceiver(published, { direction: 'sendonly' });
    return answer(pc, offer);
  },
};

/** The track that a relay passes on. */
let published: MediaStreamTrack | undefined;
const connections: RTCPeerConnection[] = [];

function connection(): RTCPeerConnection {
  const pc = new RTCPeerConnection({ iceServers: [], iceUseIpv6: false });
  connections.push(pc);
  return pc;
}

/** Without a server in the configuration it asks a public one, which costs seconds where there is none. */
function prepare(pc: RTCPeerConnection): void {
  for (const { connection } of pc.iceTransports) Object.assign(connection, { stunServer: undefined });
}

async function answer(pc: RTCPeerConnection, sdp: string): Promise<string> {
  await pc.setRemoteDescription({ type: 'offer', sdp });
  prepare(pc);
  await pc.setLocalDescription(await pc.createAnswer());
  return gathered(pc);
}

async function gathered(pc: RTCPeerConnection): Promise<string> {
  if (pc.iceGatheringState !== 'complete') {
    await pc.iceGatheringStateChange.watch((state) => state === 'complete', 5000);
  }
  return pc.localDescription?.sdp ?? '';
}

async function connected(pc: RTCPeerConnection): Promise<void> {
  if (pc.connectionState !== 'connected') {
    await pc.connectionStateChange.watch((state) => state === 'connected', 5000);
  }
}
