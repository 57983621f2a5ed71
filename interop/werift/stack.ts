import { RTCPeerConnection as WeriftPeerConnection } from 'werift';
import type { W3cStack } from '../src/agent/w3c.ts';
import { packageVersion } from '../src/package-version.ts';

export const configuration = {
  iceServers: [],
  // It announces 65536 otherwise.
  maxMessageSize: 262144,
  iceUseIpv6: false,
};

/** A connection that contacts nobody. */
export function createConnection(): RTCPeerConnection {
  const pc = new WeriftPeerConnection(configuration);
  const own = pc as unknown as RTCPeerConnection;
  // Transports come with the first description, so before each the server is taken away (see contactNobody).
  const describe = pc.setLocalDescription.bind(pc);
  own.setLocalDescription = async (description) => {
    contactNobody(own);
    await describe(description as Parameters<typeof describe>[0]);
  };
  return own;
}

export const weriftStack: W3cStack = {
  name: 'werift',
  version: packageVersion('werift'),
  configuration: configuration as RTCConfiguration,
  RTCPeerConnection: WeriftPeerConnection as unknown as W3cStack['RTCPeerConnection'],
  quirks: {
    prepare: contactNobody,
    // It takes a Buffer only.
    binary: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  },
};

/** Without a server in the configuration it asks a public one on the internet. */
function contactNobody(pc: RTCPeerConnection): void {
  for (const { connection } of (pc as unknown as WeriftPeerConnection).iceTransports) {
    Object.assign(connection, { stunServer: undefined });
  }
}
