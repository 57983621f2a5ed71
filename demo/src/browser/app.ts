/** The page's side of the demo: an ordinary RTCPeerConnection, as any web page would use it. */
import { FILE_PROTOCOL, receiveFile, type Sink, sendFile } from '../file-transfer.ts';
import { messageOf } from '../format.ts';
import { CONTROL_LABEL, type ControlMessage, control, readControl } from '../protocol.ts';
import { negotiate } from '../signaling.ts';
import { type PeerStats, readStats } from '../stats.ts';
import { Sha256 } from './sha256.ts';
import { TransferView } from './transfers.ts';
import { element, hideProblem, showChat, showFiles, showProblem, showState, showStats } from './view.ts';

const connection = new RTCPeerConnection({ iceServers: [] });
const socket = new WebSocket(new URL('/page', location.href.replace('http', 'ws')));
const pageStats: PeerStats[] = [];
const nodeStats: PeerStats[] = [];
const over = new AbortController();
let channel: RTCDataChannel | undefined;

negotiate(connection, socket, false, (error) => showChat(messageOf(error), 'problem'));
connection.addEventListener('connectionstatechange', () => {
  const state = connection.connectionState;
  showState(state, channel?.readyState === 'open');
  if (state === 'failed') {
    showProblem('No path between this page and the Node process works. Is a firewall or a VPN in the way?');
  }
});
socket.addEventListener('close', () => {
  // Closing a connection tells its own channels nothing (W3C WebRTC §4.4.2).
  connection.close();
  over.abort(new Error('the connection is closed'));
  clearTimeout(slow);
  showState('closed', false);
  showStats([], []);
  showProblem('The Node process has ended. Start it again, then');
});
connection.addEventListener('datachannel', ({ channel: incoming }) => {
  if (incoming.label === CONTROL_LABEL) useControl(incoming);
  else if (incoming.protocol === FILE_PROTOCOL) void receive(incoming);
});

// Without any network but loopback, Chromium gathers no candidates, and nothing ever fails.
const slow = setTimeout(() => {
  showProblem('Still no connection. Browsers use no loopback addresses for WebRTC: is this machine offline?');
}, 10_000);

element('again').addEventListener('click', () => location.reload());
element('chat').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = element<HTMLInputElement>('text');
  if (input.value === '' || !tell({ type: 'chat', text: input.value })) return;
  showChat(input.value, 'mine');
  input.value = '';
});
const upload = element<HTMLInputElement>('upload');
upload.addEventListener('change', () => {
  for (const file of [...(upload.files ?? [])]) void send(file);
  // Otherwise choosing the same file again would be no change.
  upload.value = '';
});
// A file that misses the box must not replace the page.
for (const type of ['dragover', 'drop']) document.addEventListener(type, (event) => event.preventDefault());
const drop = element('drop');
drop.addEventListener('dragover', () => drop.classList.add('over'));
drop.addEventListener('dragleave', () => drop.classList.remove('over'));
drop.addEventListener('drop', ({ dataTransfer }) => {
  drop.classList.remove('over');
  if (channel?.readyState === 'open') for (const file of [...(dataTransfer?.files ?? [])]) void send(file);
});
setInterval(() => {
  if (connection.connectionState === 'closed') return;
  readStats(connection)
    .then((stats) => {
      if (!over.signal.aborted) note(pageStats, stats);
    })
    .catch((error: unknown) => showChat(messageOf(error), 'problem'));
}, 1000);

function useControl(incoming: RTCDataChannel): void {
  channel = incoming;
  const update = (): void => showState(connection.connectionState, incoming.readyState === 'open');
  const connected = (): void => {
    update();
    clearTimeout(slow);
    hideProblem();
  };
  incoming.addEventListener('open', connected);
  incoming.addEventListener('close', update);
  incoming.addEventListener('message', ({ data }) => take(readControl(data)));
  if (incoming.readyState === 'open') connected();
}

function take(message: ControlMessage | undefined): void {
  if (message?.type === 'chat') showChat(message.text, 'theirs');
  else if (message?.type === 'files') showFiles(message.files, (name) => tell({ type: 'fetch', name }));
  else if (message?.type === 'ping') tell({ type: 'pong', id: message.id });
  else if (message?.type === 'stats') note(nodeStats, message.stats);
}

function tell(message: ControlMessage): boolean {
  if (channel?.readyState !== 'open') return false;
  channel.send(control(message));
  return true;
}

function note(side: PeerStats[], stats: PeerStats): void {
  side.push(stats);
  if (side.length > 2) side.shift();
  showStats(pageStats, nodeStats);
}

async function send(file: File): Promise<void> {
  const view = new TransferView('Sending', file.name, over.signal);
  try {
    const outgoing = connection.createDataChannel(`file:${file.name}`, { protocol: FILE_PROTOCOL });
    const result = await sendFile(outgoing, {
      header: { name: file.name, size: file.size },
      source: blobChunks(file),
      hash: new Sha256(),
      progress: (received) => view.update(received, file.name, file.size),
      signal: view.signal,
    });
    view.done('Sent', result);
  } catch (error) {
    view.failed(error);
  }
}

async function receive(incoming: RTCDataChannel): Promise<void> {
  const view = new TransferView('Receiving', incoming.label.replace(/^file:/, ''), over.signal);
  const content = new BlobSink();
  try {
    const result = await receiveFile(incoming, {
      open: () => content,
      hash: new Sha256(),
      progress: (received, { name, size }) => view.update(received, name, size),
      signal: view.signal,
    });
    view.done('Received', result);
    save(result.name, content.blob());
  } catch (error) {
    view.failed(error);
  }
}

async function* blobChunks(blob: Blob): AsyncGenerator<Uint8Array> {
  const step = 1024 * 1024;
  for (let at = 0; at < blob.size; at += step) yield new Uint8Array(await blob.slice(at, at + step).arrayBuffer());
}

/** Gathers bytes into Blobs of some MiB, which browsers can move out of memory. */
class BlobSink implements Sink {
  readonly #blobs: Blob[] = [];
  #parts: BlobPart[] = [];
  #bytes = 0;

  write(chunk: Uint8Array): void {
    this.#parts.push(chunk as Uint8Array<ArrayBuffer>);
    this.#bytes += chunk.length;
    if (this.#bytes >= 8 * 1024 * 1024) this.close();
  }

  close(): void {
    this.#blobs.push(new Blob(this.#parts));
    this.discard();
  }

  discard(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  blob(): Blob {
    return new Blob(this.#blobs);
  }
}

/** Gives received bytes to the user as a download. */
function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
