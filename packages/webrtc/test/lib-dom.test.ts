import { expect, it } from 'vitest';
import * as kaon from '../src/index.ts';

/** Compiles only when our object can stand where one of lib.dom is wanted; `tsc -p tsconfig.tests.json` is the test. */
function fits<T>(_value: T): void {}

it('fits the types of lib.dom', () => {
  const connection: RTCPeerConnection = new kaon.RTCPeerConnection();
  connection.close();
  fits<RTCPeerConnection>({} as kaon.RTCPeerConnection);
  fits<RTCDataChannel>({} as kaon.RTCDataChannel);
  fits<RTCIceTransport>({} as kaon.RTCIceTransport);
  fits<RTCDtlsTransport>({} as kaon.RTCDtlsTransport);
  fits<RTCSctpTransport>({} as kaon.RTCSctpTransport);
  fits<RTCIceCandidate>({} as kaon.RTCIceCandidate);
  fits<RTCSessionDescription>({} as kaon.RTCSessionDescription);
  fits<RTCCertificate>({} as kaon.RTCCertificate);
  fits<RTCError>({} as kaon.RTCError);
  fits<RTCErrorEvent>({} as kaon.RTCErrorEvent);
  fits<RTCDataChannelEvent>({} as kaon.RTCDataChannelEvent);
  fits<RTCPeerConnectionIceEvent>({} as kaon.RTCPeerConnectionIceEvent);
  fits<RTCPeerConnectionIceErrorEvent>({} as kaon.RTCPeerConnectionIceErrorEvent);
  fits<RTCStatsReport>({} as kaon.RTCStatsReport);
  fits<MediaStreamTrack>({} as kaon.MediaStreamTrack);
  fits<MediaStream>({} as kaon.MediaStream);
  fits<MediaStreamTrackEvent>({} as kaon.MediaStreamTrackEvent);
  fits<RTCRtpSender>({} as kaon.RTCRtpSender);
  fits<RTCRtpReceiver>({} as kaon.RTCRtpReceiver);
  fits<RTCRtpTransceiver>({} as kaon.RTCRtpTransceiver);
  fits<RTCTrackEvent>({} as kaon.RTCTrackEvent);
  fits<RTCDTMFSender>({} as kaon.RTCDTMFSender);
  fits<EventTarget>({} as kaon.RTCPeerConnection);
  expect(connection.signalingState).toBe('closed');
});

it('has constructors as lib.dom has them', () => {
  fits<typeof RTCPeerConnection>(kaon.RTCPeerConnection);
  fits<typeof RTCDataChannel>(kaon.RTCDataChannel);
  fits<typeof RTCIceCandidate>(kaon.RTCIceCandidate);
  fits<typeof RTCSessionDescription>(kaon.RTCSessionDescription);
  fits<typeof RTCError>(kaon.RTCError);
  fits<typeof RTCStatsReport>(kaon.RTCStatsReport);
  const { prototype } = kaon.RTCPeerConnection;
  expect(kaon.RTCPeerConnection.length).toBe(0);
  // Callers look at it to tell the promise from the callbacks of old.
  expect(prototype.getStats.length).toBe(0);
  expect([prototype.createOffer.length, prototype.createAnswer.length, prototype.setLocalDescription.length]).toEqual([
    0, 0, 0,
  ]);
  expect([prototype.setRemoteDescription.length, prototype.createDataChannel.length]).toEqual([1, 1]);
});

it('takes the dictionaries of lib.dom', async () => {
  const configuration: RTCConfiguration = { iceServers: [{ urls: 'stun:192.0.2.1' }] };
  const connection = new kaon.RTCPeerConnection(configuration);
  const init: RTCDataChannelInit = { ordered: false, maxRetransmits: 0 };
  const channel = connection.createDataChannel('x', init);
  channel.onmessage = function (event) {
    // The handler's `this` and event have their types.
    fits<kaon.RTCDataChannel>(this);
    fits<MessageEvent>(event);
  };
  connection.addEventListener('datachannel', (event) => fits<kaon.RTCDataChannel>(event.channel));
  const offer: RTCSessionDescriptionInit = await connection.createOffer();
  expect(offer.type).toBe('offer');
  connection.close();
});
