import { RTCPeerConnection } from '@kaon/webrtc';
import { packageVersion } from '../package-version.ts';
import type { Library } from './library.ts';
import { W3cEnd } from './w3c.ts';

export const library: Library = {
  name: 'Kaon',
  version: packageVersion('@kaon/webrtc'),
  end: () => new W3cEnd(new RTCPeerConnection()),
};
