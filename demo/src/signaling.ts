/**
 * Signaling over one WebSocket, the same code in Node and in the browser: descriptions and candidates as JSON.
 * Follows the perfect negotiation pattern of the W3C specification (webrtc-pc §10.7).
 */

/** What travels over the WebSocket. */
export interface Signal {
  readonly description?: RTCSessionDescriptionInit | null;
  readonly candidate?: RTCIceCandidateInit | null;
}

/** The part of a WebSocket that signaling uses; the browser's and the `ws` package's both fit. */
export interface SignalingSocket {
  send(data: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

/**
 * Joins a connection to its signaling socket. The polite side gives way when both offer at once.
 * Errors of a negotiation step go to `failed`: a bad message from the other side must not end the program.
 */
export function negotiate(
  connection: RTCPeerConnection,
  socket: SignalingSocket,
  polite: boolean,
  failed: (error: unknown) => void,
): void {
  let makingOffer = false;
  let ignoreOffer = false;
  const send = (signal: Signal): void => socket.send(JSON.stringify(signal));

  connection.addEventListener('icecandidate', ({ candidate }) => send({ candidate: candidate?.toJSON() ?? null }));
  connection.addEventListener('negotiationneeded', () => {
    makingOffer = true;
    connection
      .setLocalDescription()
      .then(() => send({ description: connection.localDescription }))
      .catch(failed)
      .finally(() => {
        makingOffer = false;
      });
  });

  const take = async ({ description, candidate }: Signal): Promise<void> => {
    if (description) {
      const collision = description.type === 'offer' && (makingOffer || connection.signalingState !== 'stable');
      ignoreOffer = !polite && collision;
      if (ignoreOffer) return;
      await connection.setRemoteDescription(description);
      if (description.type === 'offer') {
        await connection.setLocalDescription();
        send({ description: connection.localDescription });
      }
    } else if (candidate !== undefined && !ignoreOffer) {
      await connection.addIceCandidate(candidate ?? undefined);
    }
  };
  let queue: Promise<void> = Promise.resolve();
  socket.addEventListener('message', ({ data }) => {
    queue = queue.then(() => take(JSON.parse(String(data)) as Signal)).catch(failed);
  });
}
