import { RTCPeerConnection } from 'werift';
import { packageVersion } from '../package-version.ts';
import type { Library } from './library.ts';
import { W3cEnd } from './w3c.ts';

export const library: Library = {
  name: 'werift',
  version: packageVersion('werift'),
  end: (route) => {
    const pc = new RTCPeerConnection({
      iceServers: (route?.servers ?? []).map((urls) =>
        route?.relayOnly ? { urls, username: route.username, credential: route.credential } : { urls },
      ),
      iceTransportPolicy: route?.relayOnly ? 'relay' : 'all',
      maxMessageSize: 262144,
      iceUseIpv6: false,
    });
    return new W3cEnd(pc as unknown as globalThis.RTCPeerConnection, {
      // Without a server in the configuration it asks a public one, which costs seconds where there is none.
      prepare: () => {
        if (route !== undefined && !route.relayOnly) return;
        for (const { connection } of pc.iceTransports) Object.assign(connection, { stunServer: undefined });
      },
      // A copy: it keeps what it is given until that is on the way.
      binary: (bytes) => Buffer.from(bytes),
    });
  },
};
