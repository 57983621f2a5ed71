/** Records everybody who opens the page, each to a file of their own. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { RTCPeerConnection } from '@kaon/webrtc';
import type { Answered } from './answer.ts';
import { record } from './record.ts';

const [folder = '.', port = '8080'] = process.argv.slice(2);
const LARGEST_OFFER = 200_000;
const TRACKS = [
  { kind: 'video', mimeType: 'video/VP8' },
  { kind: 'audio', mimeType: 'audio/opus' },
] as const;

const recordings = new Map<string, Answered>();
let count = 0;

const server = createServer(async (request, response) => {
  const path = request.url ?? '';
  try {
    if (request.method === 'GET' && path === '/') {
      const page = readFileSync(new URL('../browser/index.html', import.meta.url));
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    } else if (request.method === 'POST' && path === '/record') {
      const location = `/recordings/${++count}`;
      const file = `${folder}/recording-${count}.webm`;
      const recording = await record(new RTCPeerConnection(), file, await body(request), {
        format: 'webm',
        tracks: TRACKS,
        onend: (error) => {
          recordings.delete(location);
          console.log(error === undefined ? `${file} is complete` : String(error));
        },
      });
      recordings.set(location, recording);
      response.writeHead(201, { 'content-type': 'application/sdp', location }).end(recording.sdp);
    } else if (request.method === 'DELETE' && recordings.has(path)) {
      recordings.get(path)?.end();
      response.writeHead(200).end();
    } else response.writeHead(404).end();
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error));
  }
});

server.listen(Number(port), 'localhost', () => console.log(`http://localhost:${port}`));

process.once('SIGINT', () => {
  for (const recording of recordings.values()) recording.end();
  server.close();
  server.closeAllConnections();
});

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LARGEST_OFFER) throw new RangeError('the offer is too long');
  }
  return text;
}
