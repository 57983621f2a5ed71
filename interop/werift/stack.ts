import {
  useAV1,
  useG722,
  useH264,
  useOPUS,
  usePCMA,
  usePCMU,
  useVP8,
  useVP9,
  RTCPeerConnection as WeriftPeerConnection,
} from 'werift';
import type { W3cStack } from '../src/agent/w3c.ts';
import { packageVersion } from '../src/package-version.ts';
import { WeriftMedia } from './media.ts';

const rtcpFeedback = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'goog-remb' }];

export const configuration = {
  iceServers: [],
  // It announces 65536 otherwise.
  maxMessageSize: 262144,
  iceUseIpv6: false,
  codecs: {
    audio: [useOPUS(), usePCMU(), usePCMA(), useG722()],
    video: [
      useVP8({ rtcpFeedback }),
      useVP9({ rtcpFeedback }),
      useH264({ rtcpFeedback, parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' }),
      useAV1({ rtcpFeedback }),
    ],
  },
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
  media: (connection) => new WeriftMedia(connection as unknown as WeriftPeerConnection),
  quirks: {
    prepare: contactNobody,
    // It takes a Buffer only.
    binary: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  },
};

/** Without a server in the configuration it asks a public one on the internet. */
function contactNobody(pc: RTCPeerConnection): void {
  // Those that the scenario names are asked.
  if ((pc as unknown as WeriftPeerConnection).config.iceServers.length > 0) return;
  for (const { connection } of (pc as unknown as WeriftPeerConnection).iceTransports) {
    Object.assign(connection, { stunServer: undefined });
  }
}
