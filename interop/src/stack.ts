/** How a scenario makes a connection of the stack under test. */
export interface Stack {
  readonly title: string;
  createConnection(): RTCPeerConnection;
}

/**
 * Kaon, or another stack in its place: a scenario that fails with it too says something about the peer.
 * Throws on a name it does not know.
 */
export async function loadStack(name: string): Promise<Stack> {
  switch (name) {
    case 'kaon': {
      const { RTCPeerConnection } = await import('@kaon/webrtc');
      return { title: 'Kaon', createConnection: () => new RTCPeerConnection() };
    }
    case 'werift': {
      const { createConnection } = await import('../werift/stack.ts');
      return { title: 'werift', createConnection };
    }
    case 'node-datachannel': {
      const { RTCPeerConnection } = await import('node-datachannel/polyfill');
      return { title: name, createConnection: () => new RTCPeerConnection({ iceServers: [] }) as RTCPeerConnection };
    }
    default:
      throw new Error(`--stack ${name}: kaon, werift or node-datachannel`);
  }
}
