import type { RTCPeerConnection } from '@kaon/webrtc';

/** What a peer gets for its offer. */
export interface Answered {
  /** With all candidates in it. */
  readonly sdp: string;
  /** Ends the connection. */
  end(): void;
}

/** Answers an offer; `prepare` runs between hearing it and answering it, which is when tracks are put into its sections. */
export async function answer(
  connection: RTCPeerConnection,
  offer: string,
  prepare: () => Promise<void> | void = () => undefined,
): Promise<string> {
  await connection.setRemoteDescription({ type: 'offer', sdp: offer });
  await prepare();
  await connection.setLocalDescription();
  if (connection.iceGatheringState !== 'complete') {
    await new Promise<void>((resolve) => {
      connection.addEventListener('icegatheringstatechange', () => {
        if (connection.iceGatheringState === 'complete') resolve();
      });
    });
  }
  return connection.localDescription?.sdp ?? '';
}

/** Calls back once when the connection is over, whichever side ended it. */
export function onEnd(connection: RTCPeerConnection, callback: () => void): void {
  connection.addEventListener('connectionstatechange', () => {
    const { connectionState } = connection;
    if (connectionState === 'failed' || connectionState === 'disconnected') callback();
  });
}
