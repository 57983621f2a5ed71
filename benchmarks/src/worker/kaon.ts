import { type RTCConfiguration, RTCPeerConnection } from '@kaon/webrtc';
import { packageVersion } from '../package-version.ts';
import type { Library } from './library.ts';
import type { Route } from './protocol.ts';
import { W3cEnd } from './w3c.ts';

export const library: Library = {
  name: 'Kaon',
  version: packageVersion('@kaon/webrtc'),
  end: (route) => new W3cEnd(new RTCPeerConnection(route === undefined ? {} : configuration(route))),
};

function configuration({ servers, username, credential, relayOnly, certificate }: Route): RTCConfiguration {
  return {
    iceServers: [{ urls: [...servers], ...(relayOnly ? { username, credential } : {}) }],
    iceTransportPolicy: relayOnly ? 'relay' : 'all',
    kaon: { relay: { tls: { trustedCertificates: [certificate] } } },
  };
}
