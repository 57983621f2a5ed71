/** The page's side of the demo: an ordinary RTCPeerConnection, as any web page would use it. */
import { FILE_PROTOCOL, receiveFile, sendFile } from '../file-transfer.ts';
import { CONTROL_LABEL, type ControlMessage, control, type PeerStats, readControl, readStats } from '../protocol.ts';
import { negotiate } from '../signaling.ts';
import { element, save, showChat, showFiles, showStats, TransferView } from './view.ts';

const connection = new RTCPeerConnection({ iceServers: [] });
const socket = new WebSocket(new URL('/page', location.href.replace('http', 'ws')));
let channel: RTCDataChannel | undefined;
let nodeStats: PeerStats | undefined;

negotiate(connection, socket, false, (error) => showChat(String(error), false));
connection.addEventListener('connectionstatechange', () => {
  element('state').textContent = connection.connectionState;
});
connection.addEventListener('datachannel', (event) => {
  if (event.channel.label === CONTROL_LABEL) {
    channel = event.channel;
    channel.addEventListener('message', ({ data }) => take(readControl(data)));
  } else if (event.channel.protocol === FILE_PROTOCOL) {
    receive(event.channel).catch((error: unknown) => showChat(String(error), false));
  }
});

element('chat').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = element<HTMLInputElement>('text');
  if (input.value === '' || !tell({ type: 'chat', text: input.value })) return;
  showChat(input.value, true);
  input.value = '';
});
element('upload').addEventListener('change', () => {
  for (const file of element<HTMLInputElement>('upload').files ?? []) {
    send(file).catch((error: unknown) => showChat(String(error), false));
  }
});
setInterval(() => {
  readStats(connection)
    .then((stats) => showStats(stats, nodeStats))
    .catch(() => undefined);
}, 1000);

function take(message: ControlMessage | undefined): void {
  if (message?.type === 'chat') showChat(message.text, false);
  else if (message?.type === 'files') showFiles(message.files, (name) => tell({ type: 'fetch', name }));
  else if (message?.type === 'ping') tell({ type: 'pong', id: message.id });
  else if (message?.type === 'stats') nodeStats = message.stats;
}

function tell(message: ControlMessage): boolean {
  if (channel?.readyState !== 'open') return false;
  channel.send(control(message));
  return true;
}

async function send(file: File): Promise<void> {
  const view = new TransferView(`Sending ${file.name}`);
  const result = await sendFile(
    connection.createDataChannel(`file:${file.name}`, { protocol: FILE_PROTOCOL }),
    { name: file.name, size: file.size },
    blobChunks(file),
    new BlobHasher(),
    (received) => view.update(received, file.name, file.size),
  );
  view.done(`Sent ${result.name}: sha256 ${result.sha256}`);
}

async function receive(incoming: RTCDataChannel): Promise<void> {
  const view = new TransferView(`Receiving ${incoming.label}`);
  const parts: BlobPart[] = [];
  const result = await receiveFile(
    incoming,
    () => ({ write: (chunk) => void parts.push(chunk as Uint8Array<ArrayBuffer>), close: () => undefined }),
    new BlobHasher(),
    (received, { name, size }) => view.update(received, name, size),
  );
  view.done(`Received ${result.name}: sha256 ${result.sha256}`);
  save(result.name, new Blob(parts));
}

async function* blobChunks(blob: Blob): AsyncIterable<Uint8Array> {
  const step = 1024 * 1024;
  for (let at = 0; at < blob.size; at += step) yield new Uint8Array(await blob.slice(at, at + step).arrayBuffer());
}

/** The browser has no running SHA-256; it hashes the whole at the end. */
class BlobHasher {
  readonly #parts: BlobPart[] = [];

  update(chunk: Uint8Array): void {
    this.#parts.push(chunk as Uint8Array<ArrayBuffer>);
  }

  async digest(): Promise<string> {
    const digest = await crypto.subtle.digest('SHA-256', await new Blob(this.#parts).arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}
