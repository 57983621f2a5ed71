/** One connection of the first act, seen from either process. */
import { RTCPeerConnection } from '@kaon/webrtc';
import { WebSocket } from 'ws';
import { negotiate } from './signaling.ts';

/** How many connections the two processes make: one while they are fresh, which carries the file, then some to measure. */
export const CONNECTIONS = 6;

/** A connection that signals over the relay. */
export interface Link {
  readonly connection: RTCPeerConnection;
  /** Resolves when the other process has joined the relay, too. */
  readonly ready: Promise<void>;
  /** Resolves when the other process has left the relay. */
  readonly ended: Promise<void>;
  /** Rejects when the connection or its signaling fails; never resolves. */
  readonly failed: Promise<never>;
  close(): void;
}

/** Joins the relay of the server at `url` with a new connection. */
export function joinRelay(url: string, polite: boolean): Link {
  const connection = new RTCPeerConnection({ iceServers: [] });
  const socket = new WebSocket(new URL('relay', url.replace('http', 'ws')));
  const failed = new Promise<never>((_, reject) => {
    socket.on('error', reject);
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed') reject(new Error('the connection failed'));
    });
    negotiate(connection as never, socket as never, polite, reject);
  });
  // Whoever waits for it hears of it; after the end nobody does.
  failed.catch(() => undefined);
  return {
    connection,
    // The relay says `ready` once both are there.
    ready: new Promise((resolve) => socket.once('message', () => resolve())),
    ended: new Promise((resolve) => socket.once('close', () => resolve())),
    failed,
    close: () => {
      connection.close();
      socket.close();
    },
  };
}
