import { RTCPeerConnection } from '@kaon/webrtc';
import { FILE_PROTOCOL } from '../../src/file-transfer.ts';
import { negotiate } from '../../src/signaling.ts';

/** Two connected channels of two peers in this process, over loopback. */
export interface ChannelPair {
  readonly sending: RTCDataChannel;
  readonly receiving: RTCDataChannel;
  close(): void;
}

/** Opens a channel for a file. */
export async function channelPair(): Promise<ChannelPair> {
  const [a, b] = [connection(), connection()];
  const [left, right] = socketPair();
  const fail = (error: unknown): never => {
    throw error;
  };
  const incoming = new Promise<RTCDataChannel>((resolve) => {
    b.addEventListener('datachannel', ({ channel }) => resolve(channel as never));
  });
  const sending = a.createDataChannel('file:x', { protocol: FILE_PROTOCOL }) as never as RTCDataChannel;
  negotiate(a as never, left, false, fail);
  negotiate(b as never, right, true, fail);
  return {
    sending,
    receiving: await incoming,
    close: () => {
      a.close();
      b.close();
    },
  };
}

function connection(): RTCPeerConnection {
  return new RTCPeerConnection({ iceServers: [], kaon: { bindAddresses: ['127.0.0.1'] } });
}

type Listener = (event: { data: unknown }) => void;

function socketPair(): [Socket, Socket] {
  const [a, b] = [new Socket(), new Socket()];
  a.other = b;
  b.other = a;
  return [a, b];
}

class Socket {
  other: Socket | undefined;
  readonly #listeners: Listener[] = [];

  send(data: string): void {
    queueMicrotask(() => {
      for (const listener of this.other!.#listeners) listener({ data });
    });
  }

  addEventListener(_type: 'message', listener: Listener): void {
    this.#listeners.push(listener);
  }
}
