/**
 * Connections without signalling, in the manner of libp2p's WebRTC Direct: the caller knows the server's address and the
 * fingerprint of its certificate. It makes up a username fragment that is the password as well, and the server learns it from the
 * first STUN request, which is the one that no connection knows.
 */
import { type KaonOptions, type RTCCertificate, RTCPeerConnection, type UdpMux, type UnknownEvent } from '@kaon/webrtc';

/** What the fragments of such callers begin with. */
export const DIRECT_PREFIX = 'libp2p+webrtc+v1/';

/** The address of a server and how to know it. */
export interface DirectAddress {
  readonly address: string;
  readonly port: number;
  readonly fingerprint: { readonly algorithm: string; readonly value: string };
}

/**
 * Makes a connection for each peer that comes by, and gives it to `accept`. Who the peer is has to be found out over the
 * connection: it has shown no certificate that anybody knows. At most `limit` are on their way at a time.
 */
export function acceptDirect(
  udpMux: UdpMux,
  certificate: RTCCertificate,
  accept: (connection: RTCPeerConnection) => void,
  { kaon = {}, limit = 64 }: { readonly kaon?: KaonOptions; readonly limit?: number } = {},
): void {
  let pending = 0;
  udpMux.onunknown = (event) => {
    // Nothing in this is authenticated: whoever can send a datagram can ask for a connection.
    if (!event.localUsernameFragment.startsWith(DIRECT_PREFIX) || pending >= limit) return;
    pending++;
    const connection = new RTCPeerConnection({
      certificates: [certificate],
      kaon: { ...kaon, udpMux, verifyFingerprints: false, tcpCandidates: [], patience: 10_000 },
    });
    connection.addEventListener('connectionstatechange', () => {
      const { connectionState } = connection;
      if (connectionState === 'connecting') return;
      if (connectionState === 'failed') connection.close();
      pending--;
    });
    accept(connection);
    answer(connection, event).catch(() => {
      pending--;
      connection.close();
    });
  };
}

/** Calls a server. The connection's own description is as it was made up. */
export async function dialDirect(
  connection: RTCPeerConnection,
  { address, port, fingerprint }: DirectAddress,
): Promise<void> {
  const fragment = DIRECT_PREFIX + crypto.randomUUID().replaceAll('-', '');
  const { sdp = '' } = await connection.createOffer();
  await connection.setLocalDescription({ type: 'offer', sdp: withCredentials(sdp, fragment) });
  await connection.setRemoteDescription({
    type: 'answer',
    sdp: description(fragment, 'passive', fingerprint, address, [`a=candidate:1 1 UDP 1 ${address} ${port} typ host`]),
  });
}

async function answer(connection: RTCPeerConnection, event: UnknownEvent): Promise<void> {
  const { localUsernameFragment: fragment, remote } = event;
  // The peer's offer, as far as it can be known. Its certificate will be any.
  const fingerprint = { algorithm: 'sha-256', value: Array(32).fill('00').join(':') };
  await connection.setRemoteDescription({
    type: 'offer',
    sdp: description(fragment, 'active', fingerprint, remote.address, []),
  });
  const { sdp = '' } = await connection.createAnswer();
  await connection.setLocalDescription({ type: 'answer', sdp: withCredentials(sdp, fragment) });
}

function withCredentials(sdp: string, fragment: string): string {
  return sdp
    .replaceAll(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${fragment}`)
    .replaceAll(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${fragment}`);
}

function description(
  fragment: string,
  setup: 'active' | 'passive',
  { algorithm, value }: DirectAddress['fingerprint'],
  address: string,
  candidates: readonly string[],
): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  return `${[
    'v=0',
    `o=- 0 0 IN ${family} ${address}`,
    's=-',
    't=0 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    `c=IN ${family} ${address}`,
    'a=mid:0',
    `a=ice-ufrag:${fragment}`,
    `a=ice-pwd:${fragment}`,
    `a=fingerprint:${algorithm} ${value}`,
    `a=setup:${setup}`,
    'a=sctp-port:5000',
    'a=max-message-size:16384',
    ...candidates,
  ].join('\r\n')}\r\n`;
}
