/** The receiving peer of the first act, a process of its own: `receiver.ts URL DIRECTORY`. */
import { RTCPeerConnection } from '@kaon/webrtc';
import { WebSocket } from 'ws';
import { answerPings } from './browser-peers.ts';
import { FILE_PROTOCOL, receiveFile } from './file-transfer.ts';
import { fileSink, sha256 } from './files.ts';
import { negotiate } from './signaling.ts';

const [url, directory] = process.argv.slice(2) as [string, string];
const connection = new RTCPeerConnection({ iceServers: [] });
const socket = new WebSocket(new URL('relay', url.replace('http', 'ws')));

function end(error?: unknown): void {
  if (error !== undefined) {
    process.stderr.write(`receiver: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
  connection.close();
  socket.close();
}

negotiate(connection, socket as never, true, end);
socket.on('error', end);
connection.addEventListener('connectionstatechange', () => {
  if (connection.connectionState === 'failed') end(new Error('the connection failed'));
});
connection.addEventListener('datachannel', ({ channel }) => {
  if (channel.protocol !== FILE_PROTOCOL) {
    answerPings(channel as never);
    // The sender closes the control channel with the connection: the end of a transfer.
    channel.addEventListener('close', () => end());
    return;
  }
  receiveFile(
    channel as never,
    (header) => fileSink(directory, header),
    sha256(),
    () => undefined,
  ).catch(end);
});
