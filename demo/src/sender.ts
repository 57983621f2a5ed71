/** The sending peer of the first act; the receiving one is started as a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RTCPeerConnection } from '@kaon/webrtc';
import { Presets, SingleBar } from 'cli-progress';
import { WebSocket } from 'ws';
import { FILE_PROTOCOL, type FileResult, opened, sendFile } from './file-transfer.ts';
import { type LocalFile, readLocalFile, sha256 } from './files.ts';
import { CONTROL_LABEL, control, type PeerStats, readControl, readStats } from './protocol.ts';
import { negotiate } from './signaling.ts';

/** What the first act measured. Times in ms. */
export interface Measurements {
  readonly file: FileResult;
  /** From the start of the negotiation to an open channel, signaling included. */
  readonly connectTime: number;
  readonly roundTripP50: number;
  readonly roundTripP99: number;
  readonly stats: PeerStats;
}

/** Sends `file` from this process to another one, which writes it into `directory`. */
export async function sendInOwnProcesses(url: string, file: LocalFile, directory: string): Promise<Measurements> {
  const receiver = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)), [url, directory]);
  const exited = once(receiver, 'exit') as Promise<[number | null]>;
  const lost = exited.then(([code]) => {
    throw new Error(`the receiving process ended early (exit code ${code})`);
  });
  const connection = new RTCPeerConnection({ iceServers: [] });
  const socket = new WebSocket(new URL('relay', url.replace('http', 'ws')));
  try {
    const measurements = await Promise.race([transfer(connection, socket, file), lost]);
    connection.close();
    const [code] = await exited;
    if (code !== 0) throw new Error(`the receiving process reported a failure (exit code ${code})`);
    return measurements;
  } finally {
    connection.close();
    socket.close();
    receiver.kill();
    lost.catch(() => undefined);
  }
}

async function transfer(connection: RTCPeerConnection, socket: WebSocket, file: LocalFile): Promise<Measurements> {
  const failed = new Promise<never>((_, reject) => {
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed') reject(new Error('the connection failed'));
    });
    socket.on('error', reject);
    negotiate(connection, socket as never, false, reject);
  });
  return Promise.race([failed, measure(connection, socket, file)]);
}

async function measure(connection: RTCPeerConnection, socket: WebSocket, file: LocalFile): Promise<Measurements> {
  // The relay says `ready` once both peers are there.
  await once(socket, 'message');
  const start = performance.now();
  const channel = connection.createDataChannel(CONTROL_LABEL);
  await opened(channel);
  const connectTime = performance.now() - start;

  const roundTrips = await pings(channel, 200);
  const bar = new SingleBar(
    { format: `  ${file.name} [{bar}] {percentage}% | {value}/{total} MB | {speed} MB/s`, hideCursor: true },
    Presets.rect,
  );
  const mb = (bytes: number): number => Math.round(bytes / 1e6);
  bar.start(mb(file.size), 0, { speed: 0 });
  const began = performance.now();
  const result = await sendFile(
    connection.createDataChannel(`file:${file.name}`, { protocol: FILE_PROTOCOL }),
    file,
    readLocalFile(file),
    sha256(),
    (received) => bar.update(mb(received), { speed: (received / 1e3 / (performance.now() - began)).toFixed(1) }),
  );
  bar.stop();
  return {
    file: result,
    connectTime,
    roundTripP50: roundTrips[Math.floor(roundTrips.length * 0.5)] as number,
    roundTripP99: roundTrips[Math.floor(roundTrips.length * 0.99)] as number,
    stats: await readStats(connection as never),
  };
}

/** Round-trip times of `count` pings one after the other, sorted, in ms. */
async function pings(channel: RTCDataChannel, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let id = 0; id < count; id++) {
    const start = performance.now();
    const answered = new Promise<void>((resolve) => {
      channel.onmessage = ({ data }) => {
        const message = readControl(data);
        if (message?.type === 'pong' && message.id === id) resolve();
      };
    });
    channel.send(control({ type: 'ping', id }));
    await answered;
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}
